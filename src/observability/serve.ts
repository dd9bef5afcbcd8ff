import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { App } from '../authorization/context.ts'
import { type CommittedEvents, committed } from '../authorization/service.ts'
import { refusedAddress } from '../platform/http/address.ts'
import type { RequestLine } from '../platform/http/request-line.ts'
import { createHttp } from '../platform/http/server.ts'
import { observedRequest } from '../platform/observed-request.ts'
import { apiOf, statusClass } from './api-of.ts'
import { EventCounts } from './events.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { expiringKeys, iamStates, jobCounts } from './state.store.ts'

/** Milliseconds. */
const DEADLINE = 3_000
const DAY = 86_400_000
/** Milliseconds between looks at keys and the certificate. */
const SELDOM = 10 * 60_000

const queuesOf = ({ operations, passwordHasher, groupWrites, mediumResponses, largeResponses }: App) => ({
  operations,
  passwords: passwordHasher.queue,
  'group writes': groupWrites,
  'medium responses': mediumResponses,
  'large responses': largeResponses,
})

export interface MetricsServer {
  readonly port: number
  stop(): Promise<void>
}

/** What `createHttp` calls after each answer. */
export interface RequestCounts {
  readonly metrics: Metrics
  onAnswer(line: RequestLine): void
}

export function createRequestCounts(store: App['store']): RequestCounts {
  const metrics = createMetrics({ version, store: store.kind })
  store.onStatement((_, isJoined) => {
    const request = observedRequest()
    if (request && !isJoined) request.statements++
  })
  const { requests, durations, statements, refusals } = metrics
  const onAnswer = ({ route, operation, status, ms }: RequestLine): void => {
    const [api, request] = [apiOf(route), observedRequest()]
    requests.inc({ api, operation, status: statusClass(status) })
    durations.observe({ api, operation }, ms / 1000)
    if (request && request.statements > 0) statements.inc({ api, operation }, request.statements)
    const isRefused = status === 429 || status === 503
    if (isRefused || request?.refusal) refusals.inc({ status: String(status), reason: request?.refusal ?? 'other' })
  }
  return { metrics, onAnswer }
}

/** GET /metrics on a port of its own, without a credential. Throws if the port is taken. */
export async function serveMetrics(app: App, metrics: Metrics): Promise<MetricsServer> {
  const { config, log } = app
  const address = { ...config.metrics!, setting: 'METRICS_' }
  const counts = new EventCounts(metrics)
  const onEvents = (events: unknown) => counts.count(events as CommittedEvents)
  const collect = createCollect(app, metrics, counts)
  const http = createHttp({ log })
  http.route({
    method: 'GET',
    path: '/metrics',
    body: 'none',
    handler: async () => {
      await collect()
      return { status: 200, headers: { 'content-type': metrics.registry.contentType }, body: await metrics.registry.metrics() }
    },
  })
  const port = await http.listen(address).catch(error => refusedAddress(error, address))
  await app.outbound.listensAt(address.host, port)
  committed.subscribe(onEvents)
  log.info({ port, host: address.host }, 'metrics are served')
  return {
    port,
    async stop() {
      committed.unsubscribe(onEvents)
      await http.close()
    },
  }
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

function createCollect(app: App, metrics: Metrics, counts: EventCounts) {
  const queues = queuesOf(app)
  const seldom = everyLong(() => Promise.all([lookAtKeys(app, metrics), lookAtCertificate(app, metrics)]))
  const readStates = async () => {
    const { db } = app.store
    const [iams, jobs] = [await iamStates(db), await jobCounts(db)]
    metrics.lastSyncs.reset()
    for (const { id, syncedAt } of iams) if (syncedAt !== null) metrics.lastSyncs.set({ iam: id }, syncedAt)
    metrics.waiting.set({ queue: 'jobs' }, jobs.waiting)
    metrics.running.set({ queue: 'jobs' }, jobs.running)
    counts.resolve(iams.map(({ id }) => id))
    await seldom()
  }
  return async (): Promise<void> => {
    for (const [queue, { running, waiting }] of Object.entries(queues)) {
      metrics.running.set({ queue }, running)
      metrics.waiting.set({ queue }, waiting)
    }
    const { used, idle, waiting } = app.store.load()
    metrics.poolConnections.set({ state: 'used' }, used)
    metrics.poolConnections.set({ state: 'idle' }, idle)
    metrics.poolWaiting.set(waiting)
    const isUp = await inTime(readStates()).catch(error => {
      app.log.warn({ err: error }, 'metrics lack what the database knows')
      return false
    })
    metrics.databaseUp.set(isUp ? 1 : 0)
  }
}

async function lookAtKeys({ store }: App, { expiringKeys: gauge }: Metrics): Promise<void> {
  for (const { kind, days, count } of await expiringKeys(store.db, new Date())) gauge.set({ kind, days: String(days) }, count)
}

async function lookAtCertificate({ config: { certificate }, log }: App, { certificateDays }: Metrics): Promise<void> {
  if (certificate === null) return
  try {
    const { validTo } = new X509Certificate(await readFile(certificate.cert))
    certificateDays.set((Date.parse(validTo) - Date.now()) / DAY)
  } catch (error) {
    log.warn({ err: error }, 'the certificate could not be read for the metrics')
  }
}

function everyLong(work: () => Promise<unknown>): () => Promise<void> {
  let next = 0
  return async () => {
    if (Date.now() < next) return
    await work()
    next = Date.now() + SELDOM
  }
}

async function inTime(work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), DEADLINE)
  })
  try {
    await Promise.race([work, late])
    return true
  } finally {
    clearTimeout(timer)
  }
}
