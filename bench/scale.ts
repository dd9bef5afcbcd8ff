/**
 * `npm run bench:scale`: what grows from 100,000 users, 1,000,000 memberships and 100,000 audit events to ten times as many users and
 * events and five times as many memberships. Each line is the median of single requests to Roster, one at a time.
 */
import type pg from 'pg'
import { createDatabase, fill, type Size, USUAL } from './lib/database.ts'
import { answerOf, type Sent, type Target } from './lib/load.ts'
import { median, peakResident } from './lib/measure.ts'
import { stop } from './lib/processes.ts'
import { met, number, report, table } from './lib/report.ts'
import { logIn, startRoster } from './lib/roster.ts'
import { count, run, step } from './lib/run.ts'
import { lines } from './scale/lines.ts'

const LARGE: Size = {
  users: count('USERS', 1_000_000),
  groups: USUAL.groups,
  memberships: count('MEMBERSHIPS', 5_000_000),
  auditEvents: count('AUDIT_EVENTS', 1_000_000),
}
const REPEATS = 7
/** Milliseconds for a line. */
const BUDGET_MS = 8_000
const GOAL = 1.3
/** Below that a factor is noise. */
const FAST_MS = 10

await run(async () => {
  const database = await createDatabase()
  await stop((await startRoster({ DATABASE_URL: database.url })).child)
  const small = await measured(database, USUAL)
  const large = await measured(database, LARGE, USUAL)
  const rows = [...small.times].map(([name, before]) => {
    const after = large.times.get(name)!
    const factor = after.ms / before.ms
    return [name, before.text, after.text, factor, met(factor <= GOAL || after.ms <= FAST_MS)]
  })
  const sizes = [USUAL, LARGE].map(({ users, memberships }) => `${number(users)} users, ${number(memberships)} memberships`)
  report(
    'npm run bench:scale',
    [`PostgreSQL ${database.version}`],
    [
      table(['ms of one request', ...sizes, 'factor', `≤ ${GOAL}, or ≤ ${FAST_MS} ms`], rows),
      `Filled in ${number(small.filling)} and ${number(large.filling)} s. Peak resident MB of Roster: ${number(small.peak)} and ${number(large.peak)}.`,
    ],
  )
})

interface Time {
  readonly ms: number
  readonly text: string
}

async function measured(database: { url: string; client: pg.Client }, size: Size, from?: Size) {
  step(`Filling ${size.users} users, ${size.memberships} memberships`)
  const began = performance.now()
  await fill(database.client, size, from)
  const filling = (performance.now() - began) / 1000
  const roster = await startRoster({ DATABASE_URL: database.url })
  const target = { url: roster.url, token: await logIn(roster.url) }
  const times = new Map<string, Time>()
  for (const { name, request, by } of await lines(database.client, target)) {
    times.set(name, await timeOf(by ?? target, request))
    step(`${name}: ${times.get(name)!.text}`)
  }
  const peak = peakResident(roster.pid)
  await stop(roster.child)
  return { times, filling, peak }
}

/** A refusal is a time too: the deadline ends it. */
async function timeOf(target: Target, request: (n: number) => Sent): Promise<Time> {
  const times: number[] = []
  let refusal = ''
  const until = performance.now() + BUDGET_MS
  for (let n = 0; n <= REPEATS && (n < 2 || performance.now() < until); n++) {
    const began = performance.now()
    await answerOf(target, request(n)).catch(error => {
      refusal = ` (refused: ${/"message":"([^"]{0,80})/.exec(String(error))?.[1] ?? error})`
    })
    if (n > 0) times.push(performance.now() - began)
  }
  return { ms: median(times), text: number(median(times)) + refusal }
}
