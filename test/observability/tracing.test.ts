// `--import src/observability/tracing.ts` in a real process, and a collector that takes OTLP over HTTP.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compiled } from '../harness/compiled.ts'

const at = (path: string) => new URL(`../../${path}`, import.meta.url).pathname
const PASSWORD = 'correct horse battery staple'
const TRACE = 'c'.repeat(32)
const PARENT = 'd'.repeat(16)
const PERSONAL = 'zoe.quicksilver'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  status: { code?: number }
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
}

let collector: Server
const received: { resourceSpans: { resource: { attributes: Span['attributes'] }; scopeSpans: { spans: Span[] }[] }[] }[] = []
let spans: Span[]
let log: Record<string, unknown>[]
let exitCode: number

const attributesOf = (of: Span['attributes']) =>
  Object.fromEntries(of.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))
const statementsOf = (span: Span) => spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)

beforeAll(async () => {
  collector = createServer(async (request, response) => {
    received.push((await json(request)) as (typeof received)[number])
    response.setHeader('content-type', 'application/json').end('{}')
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const env = {
    ...compiled,
    PORT: '0',
    DATA_DIR: 'memory://',
    ADMIN_PASSWORD: PASSWORD,
    LOG_FORMAT: 'json',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_SERVICE_NAME: 'roster-test',
  }
  const args = ['--import', at('src/observability/tracing.ts'), at('src/main.ts')]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let written = ''
  child.stdout.on('data', chunk => (written += chunk))
  const url = () => /GraphQL +(http:\S+)\/graphql/.exec(written)?.[1]
  while (url() === undefined && child.exitCode === null) await new Promise(resolve => setTimeout(resolve, 50))
  await use(url()!)
  child.kill('SIGTERM')
  exitCode = (await once(child, 'close'))[0]
  const lines = written.split('\n').filter(line => line.startsWith('{'))
  log = lines.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'request')
  spans = received.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(scope => scope.spans)),
  )
}, 120_000)
afterAll(() => void collector?.close())

async function use(url: string): Promise<void> {
  const post = async (path: string, body: object, headers: object = {}) => {
    const sent = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
    return (await fetch(url + path, sent)).json() as Promise<{ token: string }>
  }
  const { token } = await post('/bim/iam/bim/user/authenticate', { username: 'admin', password: PASSWORD })
  const authorization = `Bearer ${token}`
  const query = `query ${PERSONAL.replace('.', '_')}($name: String!) { users(filter: { name: $name }) { nodes { userid } } }`
  const traceparent = `00-${TRACE}-${PARENT}-01`
  await post('/graphql', { query, variables: { name: PERSONAL } }, { authorization, traceparent })
  await post('/graphql', { query: '{ me { userid } }' }, { authorization, traceparent: `00-${'e'.repeat(32)}-${PARENT}-00` })
  await fetch(`${url}/bim/iam/bim/user/${PERSONAL}`, { headers: { authorization } })
  await fetch(`${url}/health/ready`)
}

test('a request continues the trace of its caller, by the name of the operation', () => {
  const span = spans.find(({ traceId, kind }) => traceId === TRACE && kind === 2)!
  expect(span).toMatchObject({ name: 'users', parentSpanId: PARENT })
  expect(attributesOf(span.attributes)).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/graphql',
    'http.response.status_code': 200,
    'roster.api': 'graphql',
    'roster.operation': 'users',
  })
})

test('its statements are spans below it, as many as it counts round trips at least', () => {
  const span = spans.find(({ traceId, kind }) => traceId === TRACE && kind === 2)!
  const statements = statementsOf(span)
  expect(statements.map(({ name }) => name)).toContain('SELECT users')
  expect(statements.length).toBeGreaterThanOrEqual(attributesOf(span.attributes)['roster.statements'] as number)
  for (const statement of statements) {
    expect(statement).toMatchObject({ traceId: TRACE, kind: 3 })
    expect(Object.keys(attributesOf(statement.attributes))).toEqual(['db.system.name', 'db.query.summary'])
  }
})

test('each log line of a request has the id of its trace, also where the request began it', () => {
  const traced = spans.filter(({ kind }) => kind === 2)
  const named = log.filter(({ route }) => route !== '/health/ready')
  expect(named).toHaveLength(4)
  const unsampled = 'e'.repeat(32)
  const found = named.map(({ traceId }) => [traceId, traced.filter(span => span.traceId === traceId).length])
  expect(found.map(([traceId, count]) => (traceId === unsampled ? count === 0 : count === 1))).toEqual([true, true, true, true])
})

test('nothing personal is sent, and no probe', () => {
  const sent = JSON.stringify(received)
  for (const personal of ['quicksilver', 'admin', PASSWORD, '127.0.0.1']) expect(sent).not.toContain(personal)
  expect(sent).not.toContain('/health/')
  expect(attributesOf(received[0]!.resourceSpans[0]!.resource.attributes)).toMatchObject({ 'service.name': 'roster-test' })
})

test('SIGTERM sends what is left, and ends with 0', () => expect(exitCode).toBe(0))

test('without the packages the process names them and ends', async () => {
  const refuse = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/')) throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' })
      return next(name, context)
    } })`
  const hook = `data:text/javascript,${encodeURIComponent(refuse)}`
  const args = ['--import', hook, '--import', at('src/observability/tracing.ts'), at('src/main.ts')]
  const child = spawn(process.execPath, args, { env: compiled, stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  const { peerDependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  const packages = Object.entries(peerDependencies)
    .map(([name, version]) => `${name}@${version}`)
    .join(' ')
  expect([code, stderr]).toEqual([1, `Traces need packages that are not installed: npm install --no-save ${packages}\n`])
  for (const name of packages.split(' ')) expect(readFileSync(at('docs/operations/traces.md'), 'utf8')).toContain(name)
}, 60_000)
