export function groupOne<Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): (Row | null)[] {
  const found = new Map(rows.map(row => [keyOf(row), row]))
  return keys.map(key => found.get(key) ?? null)
}

export function groupMany<Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): Row[][] {
  const found = new Map<Key, Row[]>(keys.map(key => [key, []]))
  for (const row of rows) found.get(keyOf(row))?.push(row)
  return keys.map(key => found.get(key)!)
}
