/** What an attribute is, and how values are gathered. Pure. */
import type { Page } from '../store/page.ts'

/** One value of one owner (a user or a group) from one source. */
export interface AttributeRow {
  readonly ownerId: number
  readonly key: string
  readonly keyKey: string
  readonly value: string
  readonly source: string
}

/** The values of one key from one source. */
export interface AttributeRecord {
  readonly key: string
  readonly values: readonly string[]
  readonly source: string
}

export interface EffectiveAttributeRecord {
  readonly key: string
  readonly value: string
  readonly source: string
  readonly groupId: number | null
}

export interface AttributeKeyRecord {
  readonly key: string
  readonly keyKey: string
  readonly userCount: number
  readonly groupCount: number
}
export type AttributeKeyPage = Page<AttributeKeyRecord>

/** `{key: [values]}` on the wire. Values stand in the order they were given, each once; the key as first spelled. */
export function authorizations(rows: readonly AttributeRow[]): Record<string, string[]> {
  const byKey = new Map<string, { key: string; values: Set<string> }>()
  for (const row of rows) {
    const entry = byKey.get(row.keyKey) ?? { key: row.key, values: new Set() }
    entry.values.add(row.value)
    byKey.set(row.keyKey, entry)
  }
  return Object.fromEntries([...byKey.values()].map(({ key, values }) => [key, [...values]]))
}

/** As `authorizations`, but null when there are none. */
export const authorizationsOrNull = (rows: readonly AttributeRow[]): Record<string, string[]> | null =>
  rows.length === 0 ? null : authorizations(rows)

/** The values of each key and source. */
export function attributes(rows: readonly AttributeRow[]): AttributeRecord[] {
  const found = new Map<string, { key: string; source: string; values: string[] }>()
  for (const row of rows) {
    const place = JSON.stringify([row.keyKey, row.source])
    const entry = found.get(place) ?? { key: row.key, source: row.source, values: [] }
    entry.values.push(row.value)
    found.set(place, entry)
  }
  return [...found.values()]
}
