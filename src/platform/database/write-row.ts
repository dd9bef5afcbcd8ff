import type { SelectList } from './columns.ts'
import { deletedMeanwhile } from './errors.ts'
import type { Db } from './store.ts'

const columnOf = (field: string): string => field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** `into`: table and alias. */
export async function insertRow<Row>(
  db: Db,
  { into: [table, alias], fields, returning }: { into: readonly [string, string]; fields: object; returning: SelectList<Row> },
): Promise<Row> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const columns = given.map(([field]) => columnOf(field)).join(', ')
  const places = given.map((_, at) => `$${at + 1}`).join(', ')
  const text = `INSERT INTO ${table} AS ${alias} (${columns}) VALUES (${places}) RETURNING ${returning}`
  const rows = await db.query<Row>(
    text,
    given.map(([, value]) => value),
  )
  return rows[0]!
}

/** `along`: further cells. Throws Conflict when the row is gone. */
export async function updateRow<Row>(
  db: Db,
  {
    of: [table, alias],
    id,
    fields,
    returning,
    along = '',
  }: { of: readonly [string, string]; id: number; fields: object; returning: SelectList<Row>; along?: string },
): Promise<Row> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const set = given.map(([field], at) => `${columnOf(field)} = $${at + 2}`).join(', ')
  const text = `UPDATE ${table} ${alias} SET ${set} WHERE ${alias}.id = $1 RETURNING ${returning}${along}`
  const [row] = await db.query<Row>(text, [id, ...given.map(([, value]) => value)])
  return row ?? deletedMeanwhile()
}
