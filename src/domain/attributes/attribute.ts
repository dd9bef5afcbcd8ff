import { type RecordOf, text } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'
import { canonical } from '../../platform/validation.ts'

export const ATTRIBUTE_COLUMNS = {
  key: text('a.key'),
  keyKey: text('a.key_key'),
  value: text('a.value'),
  source: text('a.source'),
}
export interface AttributeRow extends RecordOf<typeof ATTRIBUTE_COLUMNS> {
  readonly ownerId: number
}

export interface StoredAttribute extends AttributeRow {
  readonly id: number
}

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
}
export type AttributeKeyPage = Page<AttributeKeyRecord>

export interface AttributeValueRecord {
  readonly value: string
  readonly userCount: number
  readonly groupCount: number
}
export type AttributeValuePage = Page<AttributeValueRecord>

type Value = Pick<AttributeRow, 'key' | 'keyKey' | 'value'>

/** `{key: [values]}` in stored order; the first spelling wins. */
export function authorizations(rows: readonly Value[]): Record<string, string[]> {
  const byKey = new Map<string, { key: string; values: Set<string> }>()
  for (const row of rows) {
    const entry = byKey.get(row.keyKey) ?? { key: row.key, values: new Set() }
    entry.values.add(row.value)
    byKey.set(row.keyKey, entry)
  }
  return Object.fromEntries([...byKey.values()].map(({ key, values }) => [key, [...values]]))
}

export const authorizationsOrNull = (rows: readonly AttributeRow[]): Record<string, string[]> | null =>
  rows.length === 0 ? null : authorizations(rows)

export const bimAuthorizations = (rows: readonly AttributeRow[]) => authorizationsOrNull(rows.filter(isLocal))

export const iamAuthorizations = (rows: readonly AttributeRow[]) => authorizationsOrNull(rows.filter(row => !isLocal(row)))

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

export interface Edit {
  readonly operation: 'ADD' | 'REMOVE'
  readonly key: string
  readonly value: string | null
}

export interface Change {
  readonly added: readonly Value[]
  readonly removed: readonly StoredAttribute[]
}

const isLocal = (row: AttributeRow): boolean => row.source === 'bim'

/** Later edits win. Rows of other sources give the spelling. */
export function applyEdit(rows: readonly StoredAttribute[], edits: readonly Edit[]): Change {
  const spellings = spellingsOf(rows)
  const held = new Map<string, Map<string, Value | StoredAttribute>>()
  const valuesOf = (keyKey: string) => held.get(keyKey) ?? held.set(keyKey, new Map()).get(keyKey)!
  const before = rows.filter(isLocal)
  const stored = new Map(before.map(row => [place(row), row]))
  for (const row of before) valuesOf(row.keyKey).set(row.value, row)
  for (const { operation, key, value } of edits) {
    const keyKey = canonical(key)
    const values = valuesOf(keyKey)
    if (operation === 'REMOVE' && value === null) values.clear()
    else if (operation === 'REMOVE') values.delete(value!)
    else if (!values.has(value!)) {
      const spelled = spellings.get(keyKey) ?? key
      spellings.set(keyKey, spelled)
      const kept = stored.get(place({ keyKey, value: value! }))
      values.set(value!, kept ?? { key: spelled, keyKey, value: value! })
    }
  }
  return {
    added: [...held.values()].flatMap(values => [...values.values()].filter(value => !('id' in value))),
    removed: before.filter(row => !held.get(row.keyKey)!.has(row.value)),
  }
}

/**
 * Replaces the rows that `owned` selects, by default local ones. Keys whose values keep their order are
 * untouched.
 */
export function replaceAll(
  rows: readonly StoredAttribute[],
  wanted: ReadonlyMap<string, readonly string[]>,
  owned: (row: AttributeRow) => boolean = isLocal,
): Change {
  const spellings = spellingsOf(rows)
  const before = Map.groupBy(rows.filter(owned), row => row.keyKey)
  const after = new Map<string, { key: string; values: string[] }>()
  for (const [key, values] of wanted) {
    const there = after.get(canonical(key))
    after.set(canonical(key), { key: there?.key ?? key, values: [...new Set([...(there?.values ?? []), ...values])] })
  }
  const stays = (keyKey: string) =>
    JSON.stringify(before.get(keyKey)?.map(row => row.value) ?? []) === JSON.stringify(after.get(keyKey)?.values ?? [])
  return {
    added: [...after]
      .filter(([keyKey]) => !stays(keyKey))
      .flatMap(([keyKey, { key, values }]) => values.map(value => ({ key: spellings.get(keyKey) ?? key, keyKey, value }))),
    removed: [...before].filter(([keyKey]) => !stays(keyKey)).flatMap(([, gone]) => gone),
  }
}

export function differenceOf(rows: readonly StoredAttribute[], { added, removed }: Change) {
  const touched = new Set([...added, ...removed].map(({ keyKey }) => keyKey))
  const before = rows.filter(row => isLocal(row) && touched.has(row.keyKey))
  const gone = new Set(removed.map(({ id }) => id))
  const after = [...before.filter(({ id }) => !gone.has(id)), ...added]
  const none = Object.fromEntries([...before, ...added].map(({ key }) => [key, null]))
  return { before: { ...none, ...authorizations(before) }, after: { ...none, ...authorizations(after) } }
}

const place = ({ keyKey, value }: { keyKey: string; value: string }): string => JSON.stringify([keyKey, value])

function spellingsOf(rows: readonly AttributeRow[]): Map<string, string> {
  const spellings = new Map<string, string>()
  for (const { key, keyKey } of rows) if (!spellings.has(keyKey)) spellings.set(keyKey, key)
  return spellings
}
