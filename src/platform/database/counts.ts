/** Counts of lists, up to a bound or exact. */
import { Unavailable } from '../errors.ts'
import { TooExpensive } from './errors.ts'
import { type Candidates, narrowed } from './narrowing.ts'
import type { Db } from './store.ts'

export interface Counted {
  readonly from: string
  readonly countFrom?: string | undefined
  readonly where: readonly string[]
  readonly values: readonly unknown[]
  readonly id: string
  readonly narrowing?: readonly Candidates[] | undefined
}

/** Candidates that are counted by themselves: in the order of the list each row would cost a look-up. */
const COUNTED = 100_000

/** With a bound counting ends soon after it. */
export async function countRows(db: Db, list: Counted, bound?: number): Promise<number> {
  const from = list.countFrom ?? list.from
  const count = (condition: string) =>
    bound === undefined
      ? `SELECT count(*)::int AS count FROM ${from} ${condition}`
      : `SELECT count(*)::int AS count FROM (SELECT 1 FROM ${from} ${condition} LIMIT ${bound + 1}) counted`
  const { candidates, rows } = narrowed(list, list.where, { select: count, few: COUNTED })
  const text = candidates ? `${candidates} SELECT sum(c.count)::int AS count FROM (${rows}) c` : rows
  const [row] = await db.query<{ count: number }>(text, list.values, { fresh: candidates !== '' })
  return row?.count ?? 0
}

/** Remembered for a moment. Throws Unavailable at the deadline: a list that grows would be counted without end. */
export function exactCount(db: Db, list: Counted): Promise<number> {
  const read = () => countRows(db, list).catch(atDeadline)
  return db.counts ? db.counts.of(textOf(list), list.values, read) : read()
}

function textOf(list: Counted): string {
  const { candidates, rows } = narrowed(list, list.where, { select: String })
  return `${list.countFrom ?? list.from} ${candidates} ${rows}`
}

function atDeadline(error: unknown): never {
  if (error instanceof TooExpensive)
    throw new Unavailable('Counting this list took the store too long: use a narrower filter', { retryAfter: 30 })
  throw error
}

/** What the planner expects, by its statistics. Reads no row. */
export async function estimateRows(db: Db, list: Counted): Promise<number> {
  const select = (condition: string) => `SELECT 1 FROM ${list.countFrom ?? list.from} ${condition}`
  const { candidates, rows } = narrowed(list, list.where, { select })
  const [row] = await db.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) ${candidates} ${rows}`,
    list.values,
    { fresh: true },
  )
  return row!['QUERY PLAN'][0]!.Plan['Plan Rows']
}
