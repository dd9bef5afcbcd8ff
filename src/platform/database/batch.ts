/** Puts the rows of one set-based statement back to the keys a DataLoader asked for. */

/** One row or null for each key, in the keys' order. */
export function groupOne<Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): (Row | null)[] {
  const found = new Map(rows.map(row => [keyOf(row), row]))
  return keys.map(key => found.get(key) ?? null)
}

/** The rows of each key, in the rows' order. */
export function groupMany<Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): Row[][] {
  const found = new Map<Key, Row[]>(keys.map(key => [key, []]))
  for (const row of rows) found.get(keyOf(row))?.push(row)
  return keys.map(key => found.get(key)!)
}
