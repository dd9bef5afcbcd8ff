/**
 * `npm run bench`: how far Roster is from the limit. It fills a server PostgreSQL (BENCH_DATABASE_URL, else one from npm that lives as
 * long as the run) with fill.sql's people, then asks Roster and the bare server of raw.ts the same in turn, so that whatever else
 * the machine does hits both, and prints ratios. Then memory while 20 clients page through all users, the longest synchronous piece of awkward requests, and the time to be ready.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import pg from 'pg'
import { pieces } from './pieces.ts'

const here = (path: string) => new URL(path, import.meta.url).pathname
const ROSTER = { port: 4311, url: 'http://127.0.0.1:4311' }
const RAW = { port: 4312, url: 'http://127.0.0.1:4312' }
const ADMIN = { username: 'admin', password: 'bench password' }
const ROUNDS = Number(process.env.ROUNDS ?? 5)
const SECONDS = Number(process.env.SECONDS ?? 3)
const CONCURRENCY = 16

const ONE = `query One($userid: String!) { user(ref: { name: { userid: $userid } }) { id: databaseId iamid userid disabled createdAt
  profile { id: databaseId name email phone location organization preferences } permissions groups(first: 1000) { nodes { id: databaseId name description } } attributes { key values } } }`
const MANY = `query Many($name: String!) { users(first: 25, filter: { name: $name }) { nodes { id: databaseId userid profile { email } groups(first: 1000) { nodes { id: databaseId name } } attributes { key values } } } }`

interface Workload {
  name: string
  target: number
  request(people: string[], names: string[], n: number): { method: 'GET' | 'POST'; path: string; body?: string }
}
const graphql = (operationName: string, query: string, variables: object) =>
  ({ method: 'POST', path: '/graphql', body: JSON.stringify({ operationName, query, variables }) }) as const
const WORKLOADS: Workload[] = [
  {
    name: 'one user, profile, permissions, groups, attributes',
    target: 4.5,
    request: (people, _, n) => graphql('One', ONE, { userid: people[n % people.length] }),
  },
  {
    name: '25 users by partial name, groups, attributes',
    target: 2,
    request: (_, names, n) => graphql('Many', MANY, { name: names[n % names.length] }),
  },
  {
    name: 'the same user by its /bim path',
    target: 4.5,
    request: (people, _, n) => ({ method: 'GET', path: `/bim/iam/bim/user/${people[n % people.length]}` }),
  },
]

const children: ChildProcess[] = []
const start = (file: string, env: Record<string, string>): ChildProcess => {
  const flags = ['--max-old-space-size=1024', '--max-semi-space-size=16', '--import', here('delay.ts')]
  const child = spawn(process.execPath, [...flags, here(file)], {
    // As `npm start` has it.
    env: { ...process.env, NODE_COMPILE_CACHE: here('../node_modules/.cache/node'), ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}
const stop = async (child: ChildProcess) => {
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
}

async function ready(url: string): Promise<void> {
  for (;;) {
    if (
      await fetch(url).then(
        answer => answer.status < 500,
        () => false,
      )
    )
      return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function database(): Promise<string> {
  if (process.env.BENCH_DATABASE_URL) return process.env.BENCH_DATABASE_URL
  const server = start('../test/harness/postgres.ts', {})
  const [line] = await once(server.stdout!, 'data')
  return String(line).trim()
}

async function prepare(server: string): Promise<string> {
  const admin = new pg.Client(server)
  await admin.connect()
  await admin.query('DROP DATABASE IF EXISTS roster_bench WITH (FORCE)')
  await admin.query('CREATE DATABASE roster_bench')
  await admin.end()
  const url = new URL(server)
  url.pathname = '/roster_bench'
  return url.href
}

/** Requests per second of one slice; throws when an answer is not 200 or holds errors (pool exhaustion shows as 200 with errors). */
async function slice(server: { url: string }, requests: ReturnType<Workload['request']>[], token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const result = await autocannon({
    url: server.url,
    connections: CONCURRENCY,
    duration: SECONDS,
    headers,
    requests: requests as autocannon.Request[],
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${server.url}: ${result.non2xx} answers were not 2xx, ${result.errors} failed`)
  return result.requests.total / result.duration
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

async function compare(client: pg.Client, token: string): Promise<void> {
  const people = (
    await client.query(`SELECT userid FROM users WHERE NOT disabled AND userid <> 'admin' ORDER BY md5(userid) LIMIT 500`)
  ).rows.map(row => row.userid)
  const names = ['anna m', 'novak 1', 'boris', 'keller 9', 'zora', 'hoffman 77', 'tanaka 4', 'irene s', 'diego h', 'quinn 0']
  console.log(`\n${'operation'.padEnd(52)} roster/s    raw/s   slower   at most`)
  for (const { name, target, request } of WORKLOADS) {
    const requests = Array.from({ length: 500 }, (_, n) => request(people, names, n))
    const check = await fetch(ROSTER.url + requests[0]!.path, {
      method: requests[0]!.method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: requests[0]!.body ?? null,
    })
    const text = await check.text()
    if (check.status !== 200 || text.includes('"errors"')) throw new Error(`${name}: ${check.status} ${text.slice(0, 200)}`)
    const pairs: { roster: number; raw: number }[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = { raw: await slice(RAW, requests, token), roster: await slice(ROSTER, requests, token) }
      if (round > 0) pairs.push(pair)
    }
    const ratio = median(pairs.map(pair => pair.raw / pair.roster))
    console.log(
      `${name.padEnd(52)} ${median(pairs.map(pair => pair.roster))
        .toFixed(0)
        .padStart(8)} ${median(pairs.map(pair => pair.raw))
        .toFixed(0)
        .padStart(8)} ${ratio.toFixed(2).padStart(8)} ${target.toFixed(1).padStart(9)}`,
    )
  }
}

/** Bytes that the process holds, from the kernel (Linux). */
const resident = (child: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024

async function memory(roster: ChildProcess, token: string): Promise<void> {
  const query =
    'query($after: String) { users(first: 500, after: $after, filter: { includeDisabled: true }) { nodes { id: databaseId userid profile { name email } } pageInfo { hasNextPage endCursor } } }'
  let peak = 0
  const page = async () => {
    let after: string | null = null
    do {
      const answer = await fetch(`${ROSTER.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: { after } }),
      })
      const { data } = (await answer.json()) as { data: { users: { pageInfo: { hasNextPage: boolean; endCursor: string } } } }
      after = data.users.pageInfo.hasNextPage ? data.users.pageInfo.endCursor : null
      peak = Math.max(peak, resident(roster))
    } while (after !== null)
  }
  await Promise.all(Array.from({ length: 20 }, page))
  console.log(`\nresident while 20 clients page through all users: ${(peak / 2 ** 20).toFixed(0)} MB at most (limit 400)`)
}

async function readiness(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'roster-bench-'))
  for (const [what, limit] of [
    ['an empty', 6],
    ['an existing', 2],
  ] as const) {
    const began = performance.now()
    const roster = start('../src/main.ts', {
      PORT: String(ROSTER.port),
      DATA_DIR: dataDir,
      DATABASE_URL: '',
      ADMIN_PASSWORD: ADMIN.password,
      LOG_LEVEL: 'warn',
    })
    await ready(`${ROSTER.url}/health/ready`)
    console.log(`ready on ${what} embedded store after ${((performance.now() - began) / 1000).toFixed(1)} s (limit ${limit})`)
    await stop(roster)
  }
  rmSync(dataDir, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const url = await prepare(await database())
  const settings = {
    DATABASE_URL: url,
    SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  }
  const roster = start('../src/main.ts', { ...settings, PORT: String(ROSTER.port) })
  await ready(`${ROSTER.url}/health/ready`)
  const client = new pg.Client(url)
  await client.connect()
  console.log('filling 100,000 users, 5,000 groups, 1,000,000 memberships, 420,000 attributes …')
  await client.query(readFileSync(here('fill.sql'), 'utf8'))
  const raw = start('raw.ts', { DATABASE_URL: url, PORT: String(RAW.port) })
  await ready(`${RAW.url}/bim/iam/bim/user/nobody`)
  const entered = await fetch(`${ROSTER.url}/bim/iam/bim/user/authenticate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  })
  const { token } = (await entered.json()) as { token: string }
  await compare(client, token)
  await memory(roster, token)
  await pieces(roster, ROSTER.url, token)
  await client.end()
  await stop(raw)
  await stop(roster)
  await readiness()
}

main()
  .catch(error => {
    console.error(error)
    process.exitCode = 1
  })
  .finally(() => {
    for (const child of children) child.kill('SIGTERM')
  })
