import { afterAll, beforeAll, expect, test } from 'vitest'
import { Unavailable } from '../../src/platform/errors.ts'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp({ env: { METRICS_PORT: '0', HASHES_IN_FLIGHT: '2' } })
})
afterAll(() => app?.close())

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

async function scrape(): Promise<Sample[]> {
  const answer = await fetch(app.metricsUrl)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const lines = (await answer.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return lines.map(line => {
    const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!
    return {
      name,
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, a, b]) => [a!, b!])),
      value: Number(value),
    }
  })
}

async function sampled(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const found = (await scrape()).find(
    sample => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  return found?.value ?? 0
}

/** What `work` adds to a metric. */
async function added(work: () => Promise<unknown>, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const before = await sampled(name, labels)
  await work()
  return (await sampled(name, labels)) - before
}

const asAdmin = () => ({ authorization: `Bearer ${app.admin.token}` })
const logIn = (iamid: string, password: string, userid = 'nobody') =>
  app.graphql('mutation($input: LogInInput!) { logIn(input: $input) { token } }', { input: { iamid, userid, password } }, null)

test('requests are counted by API, operation and class of status', async () => {
  const rest = { api: 'rest', operation: 'GET /bim/rpc/user/current', status: '2xx' }
  const current = () => fetch(`${app.url}/bim/rpc/user/current`, { headers: asAdmin() })
  expect(await added(current, 'roster_requests_total', rest)).toBe(1)
  const graphql = { api: 'graphql', operation: 'users', status: '2xx' }
  const users = () => app.graphql('query Mine { people: users { totalCount } }')
  expect(await added(users, 'roster_requests_total', graphql)).toBe(1)
  expect(await added(users, 'roster_request_duration_seconds_count', { api: 'graphql', operation: 'users' })).toBe(1)
  expect(await added(users, 'roster_statements_total', { api: 'graphql', operation: 'users' })).toBeGreaterThanOrEqual(1)
  const scim = { api: 'scim', operation: 'GET /scim/v2/:iamid/Users/:id', status: '4xx' }
  expect(await added(() => fetch(`${app.url}/scim/v2/corp/Users/7`), 'roster_requests_total', scim)).toBe(1)
  const web = { api: 'web', operation: 'GET /login', status: '2xx' }
  expect(await added(() => fetch(`${app.url}/login`), 'roster_requests_total', web)).toBe(1)
})

test('log-ins are counted by source and outcome; an IAM that does not exist is unknown', async () => {
  const failed = { source: 'bim', outcome: 'failed' }
  expect(await added(() => logIn('bim', 'wrong'), 'roster_logins_total', failed)).toBe(1)
  const succeeded = { source: 'bim', outcome: 'succeeded' }
  const right = () => logIn('bim', app.admin.password, app.admin.userid)
  expect(await added(right, 'roster_logins_total', succeeded)).toBe(1)
  expect(await added(() => logIn('no-such-iam', 'wrong'), 'roster_logins_total', { source: 'unknown', outcome: 'failed' })).toBe(
    1,
  )
})

/** Of 21 names. */
const documentOf = (n: number): string => {
  const aliases = Array.from({ length: 20 }, (_, at) => `hostile${n}x${at}: viewer { user { userid } }`)
  return `query Hostile${n} { ${aliases.join(' ')} }`
}

test('a caller who sends 10,000 names adds no series for them', async () => {
  const before = (await scrape()).length
  const hostile = (n: number): [string, RequestInit?][] => [
    [`/hostile${n}?x=hostile`],
    [`/bim/iam/hostile${n}/user/hostile${n}/profile`],
    [`/scim/v2/hostile${n}/Hostile${n}`],
    [`/login/hostile${n}`],
    ['/graphql', { method: 'POST', body: JSON.stringify({ query: documentOf(n) }) }],
  ]
  for (let n = 0; n < 400; n += 10) {
    const batch = Array.from({ length: 10 }, (_, at) => hostile(n + at)).flat()
    await Promise.all(
      batch.map(async ([path, init]) => {
        const headers = { ...asAdmin(), 'content-type': 'application/json', 'x-request-id': `hostile${n}` }
        const answer = await fetch(app.url + path, { headers, ...init })
        await answer.arrayBuffer()
      }),
    )
  }
  const after = await scrape()
  expect(JSON.stringify(after)).not.toMatch(/hostile/i)
  // A handful of operations, each with its buckets.
  expect(after.length - before).toBeLessThan(100)
}, 120_000)

test('failed log-ins at many IAMs add one source', async () => {
  for (let n = 0; n < 3; n++) await logIn(`hostile-iam-${n}`, 'wrong', `hostile-${n}`)
  const sources = (await scrape()).filter(({ name }) => name === 'roster_logins_total').map(({ labels }) => labels.source)
  expect([...new Set(sources)].toSorted()).toEqual(['bim', 'unknown'])
})

test('a refusal has its reason', async () => {
  const ping = app.store.ping
  app.store.ping = () => Promise.reject(new Unavailable('away', { reason: 'database' }))
  const probe = () => fetch(`${app.url}/health/ready`)
  expect(await added(probe, 'roster_refusals_total', { status: '503', reason: 'database' })).toBe(1)
  app.store.ping = ping
})

test('queues, pool, keys and the build are there at each scrape', async () => {
  const samples = await scrape()
  const of = (name: string, label: string) => samples.filter(sample => sample.name === name).map(({ labels }) => labels[label])
  const queues = ['operations', 'passwords', 'group writes', 'medium responses', 'large responses', 'jobs']
  expect(of('roster_queue_waiting', 'queue').toSorted()).toEqual(queues.toSorted())
  expect(of('roster_queue_running', 'queue').toSorted()).toEqual(queues.toSorted())
  expect(of('roster_pool_connections', 'state')).toEqual(['used', 'idle'])
  expect(of('roster_keys_expiring', 'kind')).toEqual(['api', 'api', 'scim', 'scim'])
  expect(of('roster_build_info', 'node')).toEqual([process.versions.node])
  expect(await sampled('roster_database_up')).toBe(1)
  expect(of('nodejs_eventloop_lag_p99_seconds', 'x')).toHaveLength(1)
})

test('keys that expire soon are counted, those that were rotated are not', async () => {
  const make = (name: string, days: number) =>
    app.graphql('mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', {
      input: { name, expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() },
    })
  // Scrapes look at keys every ten minutes.
  const second = await bootApp({ env: { METRICS_PORT: '0' }, opens: async () => ({ ...app.store, close: async () => {} }) })
  try {
    for (const days of [3, 20, 90]) expect((await make(`in ${days}`, days)).errors).toBeUndefined()
    const text = await (await fetch(second.metricsUrl)).text()
    expect(text).toContain('roster_keys_expiring{kind="api",days="7"} 1\n')
    expect(text).toContain('roster_keys_expiring{kind="api",days="30"} 2\n')
  } finally {
    await second.close()
  }
})

test('the main port has no metrics, and the port of metrics nothing else', async () => {
  expect((await fetch(`${app.url}/metrics`, { headers: asAdmin() })).status).toBe(404)
  const other = await fetch(app.metricsUrl.replace('/metrics', '/graphql'))
  expect(other.status).toBe(404)
})
