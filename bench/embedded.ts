/** `npm run bench:embedded`: W1 to W5 on the embedded store beside the same on a server, with 5,000 users and 50,000 memberships. */
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { type Workload, workloads } from './compare/workloads.ts'
import { createDatabase, type Database, fill, type Size } from './lib/database.ts'
import { answerOf, loadedBy, Requests, type Slice, slice, type Target } from './lib/load.ts'
import { median, peakResident } from './lib/measure.ts'
import { eventLoopDelay, stop } from './lib/processes.ts'
import { type Cells, met, number, report, table } from './lib/report.ts'
import { logIn, type Roster, startRoster } from './lib/roster.ts'
import { count, run, step, temporaryFolder } from './lib/run.ts'

const SIZE: Size = { users: 5_000, groups: 250, memberships: 50_000, auditEvents: 5_000 }
const ROUNDS = count('ROUNDS', 5)
const CONNECTIONS = 16
const GOAL = 3
/** Milliseconds. */
const LONGEST = 250

await run(async () => {
  const database = await createDatabase()
  const server = await filled(database)
  const embedded = await filled(null)
  const rows: Cells[] = []
  for (const workload of await workloads(database.client, server))
    rows.push(await compare(workload, { server, embedded, database }))
  report(
    'npm run bench:embedded',
    [`PostgreSQL ${database.version}`, `PGlite on the other side`, `load by ${loadedBy}`],
    [
      table(
        [
          '',
          'work',
          'server/s',
          'embedded/s',
          'times slower',
          'goal',
          'met',
          'longest ms of the event loop, embedded',
          'goal',
          'met',
        ],
        rows,
      ),
      `Peak resident MB: ${number(peakResident(embedded.pid))} embedded, ${number(peakResident(server.pid))} on the server.`,
    ],
  )
})

type Filled = Roster & Target

/** Null: the embedded store. */
async function filled(database: Database | null): Promise<Filled> {
  const folder = temporaryFolder()
  const env: Record<string, string> = database ? { DATABASE_URL: database.url } : { DATA_DIR: folder }
  await stop((await startRoster(env)).child)
  step(`Filling ${database ? 'the server' : 'the embedded store'}`)
  if (database) await fill(database.client, SIZE)
  else {
    const store = await PGlite.create({ dataDir: join(folder, 'postgres'), extensions: { pg_trgm } })
    await fill({ query: text => store.exec(text) }, SIZE)
    await store.close()
  }
  const roster = await startRoster(env)
  return { ...roster, token: await logIn(roster.url) }
}

/** W5 adds other members in each slice. */
async function compare(
  workload: Workload,
  { server, embedded, database }: { server: Filled; embedded: Filled; database: Database },
): Promise<Cells> {
  const requests = new Requests(workload.requests.Roster!)
  const one = async (target: Filled, round: number, skip: number): Promise<Slice> => {
    const seconds = round === 0 ? 3 : workload.seconds
    return slice(target, requests, { connections: CONNECTIONS, seconds, skip: workload.writes ? skip : 0 })
  }
  for (const target of [server, embedded]) await answerOf(target, requests.list.at(-1)!)
  const rounds: { server: number; embedded: number; longest: number }[] = []
  const used = { server: 0, embedded: 0 }
  for (let round = 0; round <= ROUNDS; round++) {
    const onServer = await one(server, round, used.server)
    await database.settle()
    await eventLoopDelay(embedded.child)
    const inside = await one(embedded, round, used.embedded)
    const { longest } = await eventLoopDelay(embedded.child)
    used.server += onServer.answered + CONNECTIONS
    used.embedded += inside.answered + CONNECTIONS
    if (round > 0) rounds.push({ server: onServer.rate, embedded: inside.rate, longest })
  }
  const slower = median(rounds.map(round => round.server / round.embedded))
  const longest = Math.max(...rounds.map(round => round.longest))
  step(`${workload.name}: ${slower.toFixed(2)} times slower`)
  return [
    workload.name,
    workload.title,
    median(rounds.map(round => round.server)),
    median(rounds.map(round => round.embedded)),
    slower,
    `≤ ${GOAL}`,
    met(slower <= GOAL),
    longest,
    `≤ ${LONGEST}`,
    met(longest <= LONGEST),
  ]
}
