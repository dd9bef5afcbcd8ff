import { Counter, collectDefaultMetrics, Gauge, Histogram, type MetricConfiguration, Registry } from '@prometheus-io/client'

/** Seconds. */
const DURATIONS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

export type Metrics = ReturnType<typeof createMetrics>

/** Every metric, and its labels. Their values are names of ours, never of callers. */
export function createMetrics({ version, store }: { version: string; store: string }) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const of = <Label extends string>(name: string, help: string, ...labelNames: Label[]): MetricConfiguration<Label> => ({
    name: `roster_${name}`,
    help,
    labelNames,
    registers: [registry],
  })
  const build = new Gauge(
    of('build_info', 'Always 1: the version, of Node too, and the kind of database', 'version', 'node', 'store'),
  )
  build.set({ version, node: process.versions.node, store }, 1)
  return {
    registry,
    requests: new Counter(of('requests_total', 'Answered requests', 'api', 'operation', 'status')),
    durations: new Histogram({
      ...of('request_duration_seconds', 'From the headers of a request to its answer', 'api', 'operation'),
      buckets: DURATIONS,
    }),
    statements: new Counter(of('statements_total', 'Round trips to the database of requests', 'api', 'operation')),
    refusals: new Counter(of('refusals_total', 'Requests refused by a cap or for want of another system', 'status', 'reason')),
    logins: new Counter(of('logins_total', 'Log-ins by password or provider', 'source', 'outcome')),
    syncs: new Counter(of('syncs_total', 'Ended syncs', 'iam', 'outcome')),
    lastSyncs: new Gauge(of('sync_last_success_timestamp_seconds', 'End of the last good full or incremental sync', 'iam')),
    poolConnections: new Gauge(of('pool_connections', 'Connections to the database', 'state')),
    poolWaiting: new Gauge(of('pool_waiting', 'Statements and transactions that wait for a connection')),
    running: new Gauge(of('queue_running', 'Work that has a place', 'queue')),
    waiting: new Gauge(of('queue_waiting', 'Work that waits for a place', 'queue')),
    databaseUp: new Gauge(of('database_up', '1 if the database answered this scrape')),
    certificateDays: new Gauge(of('certificate_expires_days', 'Days until the certificate of TLS_CERT expires')),
    expiringKeys: new Gauge(of('keys_expiring', 'Keys that expire within so many days', 'kind', 'days')),
  }
}
