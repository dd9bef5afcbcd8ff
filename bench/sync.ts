/**
 * `npm run bench:sync`: a whole sync of a directory (PEOPLE, TEAMS and MEMBERSHIPS; default: 100,000, 5,000 and 500,000) into a server
 * PostgreSQL, by a gateway of its own: how long, how large the process becomes, and that a second run writes no row of a user, a group,
 * a membership or an attribute. Needs slapd and openssl.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { configOf, dnOf, groupLdif, personLdif, startDirectory } from '../test/sync/organisation.ts'

const here = (path: string) => new URL(path, import.meta.url).pathname
const count = (name: string, usual: number) => Number(process.env[name] ?? usual)
const [PEOPLE, TEAMS, MEMBERSHIPS] = [count('PEOPLE', 100_000), count('TEAMS', 5_000), count('MEMBERSHIPS', 500_000)]
const PORT = 4313
const url = `http://127.0.0.1:${PORT}`
const password = 'bench password'
const started: ChildProcess[] = []

async function main(): Promise<void> {
  const size = MEMBERSHIPS / TEAMS
  const people = Array.from({ length: PEOPLE }, (_, at) => personLdif(`u${at}`, `title: Title ${at % 50}\n`))
  const teams = Array.from({ length: TEAMS }, (_, group) =>
    groupLdif(
      `team ${group}`,
      Array.from({ length: size }, (_, at) => dnOf(`u${(group * size + at * 7) % PEOPLE}`)),
    ),
  )
  say(`Filling a directory with ${PEOPLE} people in ${TEAMS} groups`)
  const slapd = await startDirectory([...people, ...teams])
  const database = await postgres()
  const gateway = run(here('../src/main.ts'), {
    PORT: String(PORT),
    DATABASE_URL: database,
    SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    ADMIN_PASSWORD: password,
    LOG_LEVEL: 'warn',
  })
  await ready()
  const { logIn } = await graphql('mutation { logIn(input: {userid: "admin", password: "bench password"}) { token } }')
  token = logIn.token
  const config = configOf(slapd, process.env.BY === 'memberOf' ? { options: { groupMembershipAttributes: ['memberOf'] } } : {})
  await graphql('mutation ($i: CreateIamInput!) { createIam(input: $i) { iam { id: iamid } } }', {
    i: { iamid: 'corp', displayName: 'Corp', type: 'LDAP', config },
  })
  const client = new pg.Client(database)
  await client.connect()
  const before = await sync(gateway, client, 'first run')
  const after = await sync(gateway, client, 'second run')
  say(before.rows === after.rows ? 'The second run wrote no row.' : `THE SECOND RUN WROTE ROWS: ${before.rows} -> ${after.rows}`)
  await client.end()
  for (const child of started) child.kill()
  await slapd.close()
}

let token = ''
async function sync(gateway: ChildProcess, client: pg.Client, name: string): Promise<{ rows: string }> {
  const begun = performance.now()
  const { syncIam } = await graphql('mutation { syncIam(input: {iamid: "corp"}) { runningInBackground run { id: databaseId } } }')
  say(`resident before: ${resident(gateway.pid!)} MB`)
  let peak = 0
  for (;;) {
    peak = Math.max(peak, resident(gateway.pid!))
    const { syncRun: at } = await graphql(
      `{ syncRun(ref: { databaseId: ${syncIam.run.id} }) { status reason total planned applied unchanged } }`,
    )
    if (process.stdout.isTTY)
      process.stdout.write(`\r${name}: ${at.status} ${at.total} read, ${at.applied} of ${at.planned} applied `)
    if (!['WAITING', 'READING', 'APPLYING'].includes(at.status)) {
      const seconds = (performance.now() - begun) / 1000
      say(
        `\n${name}: ${at.status} after ${seconds.toFixed(1)} s; ${at.total} read, ${at.applied} applied, ${at.unchanged} unchanged; resident at most ${peak} MB`,
      )
      break
    }
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  const { rows } = await client.query(
    `SELECT (SELECT max(xmin::text::bigint) FROM users) || ' ' || (SELECT max(xmin::text::bigint) FROM memberships) || ' ' ||
       (SELECT max(xmin::text::bigint) FROM user_attributes) || ' ' || (SELECT count(*) FROM memberships) AS rows`,
  )
  return rows[0]
}

/** As asked for, below. */
type Answered = {
  readonly logIn: { token: string }
  readonly syncIam: { run: { id: number } }
  readonly syncRun: { status: string; reason: string | null; total: number; planned: number; applied: number; unchanged: number }
}
async function graphql(query: string, variables: object = {}): Promise<Answered> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Answered; errors?: unknown[] }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

/** Megabytes. */
const resident = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024)

function run(script: string, env: Record<string, string>): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=1024', '--max-semi-space-size=16', ...(process.env.NODE_FLAGS?.split(' ') ?? []), script],
    {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  started.push(child)
  return child
}

async function postgres(): Promise<string> {
  if (process.env.BENCH_DATABASE_URL) return process.env.BENCH_DATABASE_URL
  const server = run(here('../test/harness/postgres.ts'), {})
  const [line] = await once(server.stdout!, 'data')
  return String(line).trim()
}

async function ready(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (
      await fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('The gateway is not ready')
}

const say = (text: string) => process.stdout.write(`${text}\n`)

await main().finally(() => {
  for (const child of started) child.kill()
})
