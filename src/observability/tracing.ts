// `node --import`: spans of requests and their statements, sent by OpenTelemetry (docs/operations/traces.md).
import { readFileSync } from 'node:fs'
import type { Span, SpanContext } from '@opentelemetry/api'
import { type SentStatement, statementSent, summaryOf } from '../platform/database/statement-sent.ts'
import { type RequestLine, requestAnswered } from '../platform/http/request-line.ts'
import { type ObservedRequest, observedRequest, requestBegins } from '../platform/observed-request.ts'
import { stopped } from '../platform/stop.ts'
import { apiOf } from './api-of.ts'

/** Of one request; further statements are counted alone. */
const STATEMENT_SPANS = 200
const SAMPLED = 1

interface TracedStatement {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly start: number
  end: number | null
  error: string | null
}

interface Traced {
  readonly span: Span
  readonly statements: TracedStatement[]
}

const { peerDependencies, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const { api, provider } = await load().catch(missing)
const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api
const tracer = provider.getTracer('roster', version)
const traced = new WeakMap<ObservedRequest, Traced>()

requestBegins.subscribe(message => {
  const request = message as ObservedRequest
  const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, contextOf(request))
  request.traceId = span.spanContext().traceId
  if (span.isRecording()) traced.set(request, { span, statements: [] })
})

statementSent.subscribe(message => {
  const { text, answer } = message as SentStatement
  const request = observedRequest()
  const of = request && traced.get(request)
  if (of === undefined || of.statements.length === STATEMENT_SPANS) return
  const statement: TracedStatement = { name: summaryOf(text), start: now(), end: null, error: null }
  of.statements.push(statement)
  const ended = () => {
    statement.end = now()
  }
  answer.then(ended, error => {
    ended()
    statement.error = typeof error?.code === 'string' ? error.code : 'error'
  })
})

requestAnswered.subscribe(message => {
  const line = message as RequestLine
  const request = observedRequest()
  const of = request && traced.get(request)
  if (of === undefined) return
  traced.delete(request!)
  const api = apiOf(line.route)
  if (api === 'health') return
  const { span, statements } = of
  const context = trace.setSpan(ROOT_CONTEXT, span)
  for (const statement of statements) traceStatement(statement, context)
  span.updateName(line.operation)
  span.setAttributes({
    'http.request.method': line.method,
    'http.route': line.route,
    'http.response.status_code': line.status,
    'roster.api': api,
    'roster.operation': line.operation,
    'roster.request_id': line.requestId,
    'roster.statements': request!.statements,
  })
  if (line.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
})

stopped.subscribe(waits => {
  const list = waits as Promise<unknown>[]
  list.push(provider.shutdown())
})

function traceStatement({ name, start, end, error }: TracedStatement, context: ReturnType<typeof trace.setSpan>): void {
  const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': name, ...(error && { 'error.type': error }) }
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: start, attributes }, context)
  if (error) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(end ?? now())
}

function contextOf({ parent }: ObservedRequest) {
  if (parent === null) return ROOT_CONTEXT
  const { traceId, spanId, flags } = parent
  const remote: SpanContext = { traceId, spanId, traceFlags: flags & SAMPLED, isRemote: true }
  return trace.setSpanContext(ROOT_CONTEXT, remote)
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

async function load() {
  const [api, { BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all(
    [
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ],
  )
  api.diag.setLogger(new api.DiagConsoleLogger(), api.DiagLogLevel.ERROR)
  const resource = resourceFromAttributes({
    'service.name': process.env.OTEL_SERVICE_NAME ?? 'roster',
    'service.version': version,
  })
  return {
    api,
    provider: new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] }),
  }
}

function missing(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  const packages = Object.entries(peerDependencies).map(([name, version]) => `${name}@${version}`)
  process.stderr.write(`Traces need packages that are not installed: npm install --no-save ${packages.join(' ')}\n`)
  process.exit(1)
}
