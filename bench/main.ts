/**
 * `npm run bench`: Roster beside a bare server and PostGraphile, then its memory, its longest synchronous pieces, and how soon it is
 * ready. `npm run bench -- W1 W5` runs these workloads only, and writes no RESULTS.md.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { memory } from './compare/memory.ts'
import { pieces } from './compare/pieces.ts'
import { type Cell, type Row, rates } from './compare/rates.ts'
import { readiness } from './compare/readiness.ts'
import { postGraphileVersion, type Server, startServers } from './compare/servers.ts'
import { statements } from './compare/statements.ts'
import { type Flavour, workloads } from './compare/workloads.ts'
import { createDatabase, fill, USUAL } from './lib/database.ts'
import { loadedBy } from './lib/load.ts'
import { path, stop } from './lib/processes.ts'
import type { Counts } from './lib/proxy.ts'
import { met, number, report, table } from './lib/report.ts'
import { startRoster } from './lib/roster.ts'
import { run, step } from './lib/run.ts'

const chosen = process.argv.slice(2)

await run(async () => {
  const database = await createDatabase()
  const migrating = await startRoster({ DATABASE_URL: database.url })
  await stop(migrating.child)
  step('Filling 100,000 users, 5,000 groups, 1,000,000 memberships, 400,000 attributes')
  await fill(database.client, USUAL)
  await database.client.query(readFileSync(path('bench/compare/extras.sql'), 'utf8'))
  step('Starting the servers')
  const servers = await startServers(database.url)
  const roster = servers.find(({ flavour }) => flavour === 'Roster')!
  const all = await workloads(database.client, roster)
  const asked = all.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
  step('Counting statements')
  const counts = await statements(database, asked)
  const rows: Row[] = []
  for (const workload of asked) rows.push(...(await rates(database, servers, workload)))
  const parts = [speeds(rows), ...faults(rows), costs(rows, counts)]
  if (chosen.length === 0) parts.push(await memory(roster), await pieces(roster), await ended(servers, readiness))
  const versions = [`PostgreSQL ${database.version}`, `PostGraphile ${await postGraphileVersion()}`, `load by ${loadedBy}`]
  report('npm run bench', versions, parts, chosen.length === 0)
})

async function ended<Result>(servers: readonly Server[], work: () => Promise<Result>): Promise<Result> {
  for (const server of servers) await server.stop()
  return work()
}

function speeds(rows: readonly Row[]): string {
  return table(
    [
      '',
      'work',
      'at once',
      'raw/s',
      'PostGraphile/s',
      'Roster/s',
      'Roster: times slower than raw',
      'least – most',
      'by CPU',
      'goal',
      'met',
      '× PostGraphile',
      'p99 ms: raw',
      'Roster',
    ],
    rows.map(({ workload, connections, cells }) => {
      const of = (flavour: Flavour) => cells.find(cell => cell.flavour === flavour)
      const [raw, other, own] = [of('raw')!, of('PostGraphile'), of('Roster')!]
      const { median, least, most } = own.slower
      return [
        workload.name,
        workload.title,
        String(connections),
        raw.rate,
        other?.rate ?? Number.NaN,
        own.rate,
        median,
        `${number(least)} – ${number(most)}`,
        bound(own) / bound(raw),
        `≤ ${workload.goal}`,
        met(median <= workload.goal),
        other ? other.slower.median / median : Number.NaN,
        raw.p99,
        own.p99,
      ]
    }),
  )
}

/** Answers that were not as raw's, and refusals under load. */
function faults(rows: readonly Row[]): string[] {
  const wrong = rows.flatMap(({ workload, faults }) =>
    [...faults].map(([flavour, fault]) => `${workload.name}, ${flavour}: ${fault.slice(0, 300)}`),
  )
  const refused = rows.flatMap(({ workload, connections, cells }) =>
    cells
      .filter(({ refused }) => refused > 0)
      .map(({ flavour, refused }) => `${workload.name} at ${connections}, ${flavour}: ${refused} answers were not 2xx`),
  )
  const all = [...new Set([...wrong, ...refused])]
  return all.length > 0 ? [all.map(line => `* ${line}`).join('\n')] : []
}

/** Milliseconds between two answers at best: by the server's one thread, or by all cores with PostgreSQL and the load. */
function bound({ cpu, backends, load }: Cell): number {
  return Math.max(cpu, (cpu + backends + load) / availableParallelism())
}

function costs(rows: readonly Row[], counts: ReadonlyMap<string, ReadonlyMap<Flavour, Counts>>): string {
  return `For each request:\n\n${table(
    [
      '',
      'at once',
      'server',
      'statements',
      'round trips',
      'CPU ms of the server',
      'of PostgreSQL',
      'of the load',
      'CPU of the server × raw',
    ],
    rows.flatMap(({ workload, connections, cells }) =>
      cells.map(({ flavour, cpu, backends, load }) => [
        workload.name,
        String(connections),
        flavour,
        counts.get(workload.name)!.get(flavour)?.statements ?? Number.NaN,
        counts.get(workload.name)!.get(flavour)?.trips ?? Number.NaN,
        cpu,
        backends,
        load,
        cpu / cells[0]!.cpu,
      ]),
    ),
  )}`
}
