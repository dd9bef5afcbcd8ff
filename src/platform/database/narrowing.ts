/**
 * A list with candidates that an index finds. Few are looked up and sorted; of many, a page is soon found in the order
 * of the list. The store decides as it runs: estimates are far off for patterns.
 */

const FEW = 2_000

export interface Candidates {
  /** A statement for ids that all of the list are among. */
  readonly ids: string
  /** What is asked of others instead of being among the ids. */
  readonly condition?: string
}

export interface Narrowed {
  /** The key that the candidates are. */
  readonly id: string
  readonly narrowing?: readonly Candidates[] | undefined
}

/** A WITH clause, and `select` for each case: all but one of them do nothing. */
export function narrowed(
  { id, narrowing = [] }: Narrowed,
  where: readonly string[],
  { select, few = FEW }: { select: (condition: string) => string; few?: number },
): { candidates: string; rows: string } {
  const joined = (all: readonly string[]) => (all.length > 0 ? `WHERE ${all.join(' AND ')}` : '')
  if (narrowing.length === 0) return { candidates: '', rows: select(joined(where)) }
  const count = (at: number) => `(SELECT count(*) FROM narrowed${at})`
  const tooMany = narrowing.map((_, at) => `${count(at)} > ${few}`)
  const asked = narrowing.map(({ condition }) => condition ?? [])
  const cases = narrowing.map((_, at) => [
    ...asked.toSpliced(at, 1),
    `${id} IN (SELECT n.id FROM narrowed${at} n)`,
    ...tooMany.slice(0, at),
    `${count(at)} <= ${few}`,
  ])
  return {
    candidates: `WITH ${narrowing.map(({ ids }, at) => `narrowed${at} AS MATERIALIZED (${ids} LIMIT ${few + 1})`).join(', ')}`,
    rows: [...cases, [...asked, ...tooMany]].map(found => `(${select(joined([...where, ...found.flat()]))})`).join(' UNION ALL '),
  }
}
