/**
 * `npm run bench:sync`: a whole sync of a directory (PEOPLE, TEAMS and MEMBERSHIPS; default: 100,000, 5,000 and 500,000), then a second
 * one, which writes no row of a user, a group, a membership or an attribute. Needs slapd and openssl.
 */
import type pg from 'pg'
import { slapdFolder } from '../test/harness/slapd.ts'
import { configOf, dnOf, groupLdif, personLdif, startDirectory } from '../test/sync/organisation.ts'
import { createDatabase } from './lib/database.ts'
import { cpuOf, peakResident, resident } from './lib/measure.ts'
import { met, report, table } from './lib/report.ts'
import { graphql, logIn, type Roster, startRoster } from './lib/roster.ts'
import { atEnd, count, pause, run, step } from './lib/run.ts'

const [PEOPLE, TEAMS, MEMBERSHIPS] = [count('PEOPLE', 100_000), count('TEAMS', 5_000), count('MEMBERSHIPS', 500_000)]
const TABLES = ['users', 'groups', 'memberships', 'user_attributes']

await run(async () => {
  if (slapdFolder === null) throw new Error("No slapd or no openssl found: install OpenLDAP's server (Debian: slapd, openssl)")
  step(`Filling a directory with ${PEOPLE} people in ${TEAMS} groups`)
  const slapd = await startDirectory([...people(), ...teams()])
  atEnd(() => slapd.close())
  const database = await createDatabase()
  const roster = await startRoster({ DATABASE_URL: database.url })
  const target = { url: roster.url, token: await logIn(roster.url) }
  const config = configOf(slapd, process.env.BY === 'memberOf' ? { options: { groupMembershipAttributes: ['memberOf'] } } : {})
  await graphql(target, 'mutation ($i: CreateIamInput!) { createIam(input: $i) { iam { iamid } } }', {
    i: { iamid: 'corp', displayName: 'Corp', type: 'LDAP', config },
  })
  const before = resident(roster.pid)
  const first = await sync(target, roster, 'first')
  const written = await writes(database.client)
  const second = await sync(target, roster, 'second')
  const rows = difference(written, await writes(database.client))
  report(
    'npm run bench:sync',
    [`PostgreSQL ${database.version}`],
    [
      table(
        ['sync', '', 'goal', 'met'],
        [
          [
            `s, the first of ${PEOPLE} people, ${TEAMS} groups, ${MEMBERSHIPS} memberships`,
            first.seconds,
            '< 45',
            met(first.seconds < 45),
          ],
          ['CPU s of Roster', first.cpu, '', ''],
          ['changes applied', first.applied, '', ''],
          ['s, the second', second.seconds, '< 10', met(second.seconds < 10)],
          ['CPU s of Roster', second.cpu, '', ''],
          ['rows that the second wrote', rows, '0', met(rows === 0)],
          ['resident MB before', before, '', ''],
          ['peak resident MB', peakResident(roster.pid), '', ''],
        ],
      ),
    ],
  )
})

function people(): string[] {
  return Array.from({ length: PEOPLE }, (_, n) => personLdif(`u${n}`, `title: Title ${n % 50}\n`))
}

function teams(): string[] {
  const size = MEMBERSHIPS / TEAMS
  return Array.from({ length: TEAMS }, (_, team) =>
    groupLdif(
      `team ${team}`,
      Array.from({ length: size }, (_, n) => dnOf(`u${(team * size + n * 7) % PEOPLE}`)),
    ),
  )
}

interface Sync {
  readonly status: string
  readonly reason: string | null
  readonly total: number
  readonly planned: number
  readonly applied: number
  readonly unchanged: number
}

async function sync(target: { url: string; token: string }, roster: Roster, name: string) {
  const [began, cpu] = [performance.now(), cpuOf(roster.pid)]
  const { syncIam } = await graphql<{ syncIam: { run: { id: number } } }>(
    target,
    'mutation { syncIam(input: { iamid: "corp" }) { run { id: databaseId } } }',
  )
  const query = `{ syncRun(ref: { databaseId: ${syncIam.run.id} }) { status reason total planned applied unchanged } }`
  for (;;) {
    const { syncRun } = await graphql<{ syncRun: Sync }>(target, query)
    if (!['WAITING', 'READING', 'APPLYING'].includes(syncRun.status)) {
      const seconds = (performance.now() - began) / 1000
      step(`${name}: ${JSON.stringify(syncRun)}`)
      if (syncRun.status !== 'FINISHED') throw new Error(`The sync ended ${syncRun.status}: ${syncRun.reason}`)
      return { seconds, applied: syncRun.applied, cpu: (cpuOf(roster.pid) - cpu) / 1000 }
    }
    await pause(250)
  }
}

/** Rows of each table that were ever inserted, changed or deleted. */
async function writes(client: pg.Client): Promise<number[]> {
  // Other sessions report theirs once a second.
  await pause(2000)
  const { rows } = await client.query(
    `SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int AS rows FROM pg_stat_user_tables WHERE relname = ANY($1) GROUP BY relname ORDER BY relname`,
    [TABLES],
  )
  return rows.map(row => row.rows)
}

function difference(before: readonly number[], after: readonly number[]): number {
  return after.reduce((sum, rows, n) => sum + rows - before[n]!, 0)
}
