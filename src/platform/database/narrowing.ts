/**
 * A list with candidates that an index finds. Few are looked up and sorted; of many, a page is soon found in the order
 * of the list. The store decides as it runs: estimates are far off for patterns.
 */

const FEW = 2_000

export interface Narrowed {
  /** The key that the candidates are. */
  readonly id: string
  /** A statement for the ids of the candidates. */
  readonly narrowing?: string | null | undefined
}

/** A WITH clause, and `select` for both cases: one of them does nothing. */
export function narrowed(
  { id, narrowing }: Narrowed,
  where: readonly string[],
  select: (condition: string) => string,
): { candidates: string; rows: string } {
  const joined = (all: readonly string[]) => (all.length > 0 ? `WHERE ${all.join(' AND ')}` : '')
  if (!narrowing) return { candidates: '', rows: select(joined(where)) }
  const count = '(SELECT count(*) FROM narrowed)'
  const few = select(joined([...where, `${id} IN (SELECT n.id FROM narrowed n)`, `${count} <= ${FEW}`]))
  const many = select(joined([...where, `${count} > ${FEW}`]))
  return {
    candidates: `WITH narrowed AS MATERIALIZED (${narrowing} LIMIT ${FEW + 1})`,
    rows: `(${few}) UNION ALL (${many})`,
  }
}
