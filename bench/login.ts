/** `npm run bench:login`: log-ins a second beside bare hashing with the same cost, and how long reads take meanwhile. */
import { hash, verify } from '@node-rs/argon2'
import { createDatabase, fill, USUAL } from './lib/database.ts'
import { loadedBy, Requests, type Sent, slice } from './lib/load.ts'
import { cpuOf, median } from './lib/measure.ts'
import { stop } from './lib/processes.ts'
import { latencies, readsWhile } from './lib/reads.ts'
import { met, report, table } from './lib/report.ts'
import { logIn, startRoster } from './lib/roster.ts'
import { count, pause, run, step } from './lib/run.ts'

const ROUNDS = count('ROUNDS', 5)
const SECONDS = 3
/** As many as libuv has threads. */
const IN_FLIGHT = 4
const CONNECTIONS = 16
const ACCOUNTS = 200
/** As in src/domain/credentials/password.ts. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const PASSWORD = 'a password of the bench'

await run(async () => {
  const database = await createDatabase()
  await stop((await startRoster({ DATABASE_URL: database.url })).child)
  await fill(database.client, { ...USUAL, users: 20_000, memberships: 200_000, auditEvents: 0 })
  const encoded = await hash(PASSWORD, COST)
  const people = await accounts(database.client, encoded)
  const roster = await startRoster({ DATABASE_URL: database.url })
  const target = { url: roster.url, token: await logIn(roster.url) }
  const reads = people.map<Sent>(userid => ({ method: 'GET', path: `/bim/iam/bim/user/${userid}` }))
  const logins = new Requests(
    people.map(username => ({
      method: 'POST',
      path: '/bim/iam/bim/user/authenticate',
      body: JSON.stringify({ username, password: PASSWORD }),
    })),
  )
  const rounds: { bare: number; rate: number; cpu: number; quiet: number[]; busy: number[] }[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const bare = await hashing(encoded)
    const { times: quiet } = await readsWhile(target, reads, () => pause(SECONDS * 1000))
    const before = cpuOf(roster.pid)
    const { result, times: busy } = await readsWhile(target, reads, () =>
      slice({ url: roster.url, token: '' }, logins, { connections: CONNECTIONS, seconds: SECONDS }),
    )
    if (result.refused > 0) throw new Error(`${result.refused} log-ins were refused`)
    const taken = { bare, rate: result.rate, cpu: (cpuOf(roster.pid) - before) / result.answered, quiet, busy }
    step(`bare ${bare.toFixed(0)}/s, log-ins ${result.rate.toFixed(0)}/s`)
    if (round > 0) rounds.push(taken)
  }
  const part = median(rounds.map(({ bare, rate }) => (100 * rate) / bare))
  const [quiet, busy] = [latencies(rounds.flatMap(round => round.quiet)), latencies(rounds.flatMap(round => round.busy))]
  report(
    'npm run bench:login',
    [`PostgreSQL ${database.version}`, `load by ${loadedBy}`],
    [
      table(
        ['argon2id, 19 MiB, t=2', '', 'goal', 'met'],
        [
          [`bare hashes a second, ${IN_FLIGHT} at once`, median(rounds.map(({ bare }) => bare)), '', ''],
          [`log-ins a second, ${CONNECTIONS} at once`, median(rounds.map(({ rate }) => rate)), '', ''],
          ['log-ins, % of bare hashing', part, '≥ 75', met(part >= 75)],
          ['CPU ms of a log-in, with the reads meanwhile', median(rounds.map(({ cpu }) => cpu)), '', ''],
          [`p99 ms of ${quiet.count} reads without log-ins`, quiet.p99, '', ''],
          [`p50 ms of ${busy.count} reads meanwhile`, busy.p50, '', ''],
          ['p99 ms of reads meanwhile', busy.p99, '< 50', met(busy.p99 < 50)],
        ],
      ),
    ],
  )
})

/** Hashes a second, while Roster has nothing to do. */
async function hashing(encoded: string): Promise<number> {
  let done = 0
  const began = performance.now()
  const isOver = () => performance.now() - began > SECONDS * 1000
  const one = async () => {
    for (; !isOver(); done++) await verify(encoded, PASSWORD)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, one))
  return done / ((performance.now() - began) / 1000)
}

async function accounts(
  client: { query(text: string, values: unknown[]): Promise<{ rows: { userid: string }[] }> },
  encoded: string,
) {
  const { rows } = await client.query(
    `WITH a AS (INSERT INTO authentications (user_id, password_hash, password_changed_at)
       SELECT id, $1, now() FROM users WHERE NOT disabled AND userid <> 'admin' ORDER BY id LIMIT ${ACCOUNTS} RETURNING id, user_id)
     UPDATE users u SET authentication_id = a.id FROM a WHERE u.id = a.user_id RETURNING u.userid`,
    [encoded],
  )
  return rows.map(({ userid }) => userid)
}
