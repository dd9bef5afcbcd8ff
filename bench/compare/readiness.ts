/** How soon Roster is ready on its embedded store, and what it holds at most by then. */
import { peakResident } from '../lib/measure.ts'
import { stop } from '../lib/processes.ts'
import { met, table } from '../lib/report.ts'
import { graphql, logIn, startRoster } from '../lib/roster.ts'
import { temporaryFolder } from '../lib/run.ts'

const USERS = 1_056
const RESTARTS = 3

export async function readiness(): Promise<string> {
  const env = { DATA_DIR: temporaryFolder() }
  const empty = await startRoster(env)
  const rows = [row('an empty embedded store', empty.readyAfter, 2, peakResident(empty.pid))]
  const token = await logIn(empty.url)
  const create = 'mutation($input: CreateUserInput!) { createUser(input: $input) { user { databaseId } } }'
  for (let n = 1; n < USERS; n++)
    await graphql({ url: empty.url, token }, create, { input: { userid: `person${n}`, profile: { name: `Person ${n}` } } })
  await stop(empty.child)
  for (let n = 1; n <= RESTARTS; n++) {
    const restarted = await startRoster(env)
    rows.push(row(`restart ${n} with ${USERS} users`, restarted.readyAfter, 1, peakResident(restarted.pid)))
    await stop(restarted.child)
  }
  return table(['ready on', 'after s', 'goal', 'met', 'peak resident MB', 'goal', 'met'], rows)
}

const MEMORY = 550
const row = (what: string, ms: number, seconds: number, peak: number) => [
  what,
  ms / 1000,
  `≤ ${seconds}`,
  met(ms <= seconds * 1000),
  peak,
  `≤ ${MEMORY}`,
  met(peak <= MEMORY),
]
