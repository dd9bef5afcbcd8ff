/** What an attribute is, how values are gathered, and what a change comes to. Pure. */

import type { Page } from '../../platform/database/pagination.ts'
import { canonical } from '../../platform/validation.ts'

/** One value of one owner (a user or a group) from one source. */
export interface AttributeRow {
  readonly ownerId: number
  readonly key: string
  readonly keyKey: string
  readonly value: string
  readonly source: string
}

/** As it stands in the store. */
export interface StoredAttribute extends AttributeRow {
  readonly id: number
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

/** A value of a key with how many hold it. */
export interface AttributeValueRecord {
  readonly value: string
  readonly userCount: number
  readonly groupCount: number
}
export type AttributeValuePage = Page<AttributeValueRecord>

type Value = Pick<AttributeRow, 'key' | 'keyKey' | 'value'>

/** `{key: [values]}` on the wire. Values stand in the order they were given, each once; the key as first spelled. */
export function authorizations(rows: readonly Value[]): Record<string, string[]> {
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

/** Those of source `bim`. */
export const bimAuthorizations = (rows: readonly AttributeRow[]) => authorizationsOrNull(rows.filter(isLocal))

/** Those of every other source. */
export const iamAuthorizations = (rows: readonly AttributeRow[]) => authorizationsOrNull(rows.filter(row => !isLocal(row)))

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

/** One step of a change; REMOVE without a value removes all values of the key. */
export interface Edit {
  readonly operation: 'ADD' | 'REMOVE'
  readonly key: string
  readonly value: string | null
}

/** What a change of one owner's hand-set attributes comes to. */
export interface Change {
  readonly added: readonly Value[]
  readonly removed: readonly StoredAttribute[]
}

const isLocal = (row: AttributeRow): boolean => row.source === 'bim'

/** The edits in their order, a later one over an earlier one. `rows`: all of the owner's, in their order; other sources' only lend their spelling. */
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
      // Taken away and given again within one call: it was never away.
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
 * `wanted` in place of the rows that `owned` tells, which unless told are those set locally. A key whose values stay, in their order, is
 * left alone; the others are written anew.
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
    // Two spellings of one key are one: what stands under either stays.
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

/** The hand-set values of each key that a change touches, before and after it; null where there are none. */
export function differenceOf(rows: readonly StoredAttribute[], { added, removed }: Change) {
  const touched = new Set([...added, ...removed].map(({ keyKey }) => keyKey))
  const before = rows.filter(row => isLocal(row) && touched.has(row.keyKey))
  const gone = new Set(removed.map(({ id }) => id))
  const after = [...before.filter(({ id }) => !gone.has(id)), ...added]
  const none = Object.fromEntries([...before, ...added].map(({ key }) => [key, null]))
  return { before: { ...none, ...authorizations(before) }, after: { ...none, ...authorizations(after) } }
}

const place = ({ keyKey, value }: { keyKey: string; value: string }): string => JSON.stringify([keyKey, value])

/** The first spelling of each key on an owner stays. */
function spellingsOf(rows: readonly AttributeRow[]): Map<string, string> {
  const spellings = new Map<string, string>()
  for (const { key, keyKey } of rows) if (!spellings.has(keyKey)) spellings.set(keyKey, key)
  return spellings
}
