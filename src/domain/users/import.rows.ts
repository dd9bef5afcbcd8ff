import type { ImportUserRow } from '../../generated/inputs.ts'
import { Invalid, RosterError } from '../../platform/errors.ts'
import {
  canonical,
  checkAttributeKey,
  checkAttributeValue,
  checkGroupName,
  checkList,
  checkPermissionName,
  checkUserid,
  isObject,
} from '../../platform/validation.ts'
import { parseImportedHash, storedForm } from '../credentials/imported-hash.ts'
import { type ProfileColumns, profileColumns } from './profile.ts'

export interface Fault {
  readonly field: string
  readonly message: string
}

export interface NamedGroup {
  readonly name: string
  readonly key: string
}

/** A row whose own values are valid. Null: not given. */
export interface CheckedRow {
  readonly line: number
  readonly userid: string
  readonly key: string
  readonly profile: Partial<ProfileColumns>
  /** By key, in the spelling of the row. */
  readonly attributes: ReadonlyMap<string, readonly string[]> | null
  readonly groups: readonly NamedGroup[]
  readonly permissions: readonly string[]
  readonly disabled: boolean | null
  /** As it is stored. */
  readonly passwordHash: string | null
}

export interface FaultyRow {
  readonly line: number
  readonly userid: string
  readonly faults: readonly Fault[]
}

export const isFaulty = (row: CheckedRow | FaultyRow): row is FaultyRow => 'faults' in row

/** Every row with all of its faults. The second row of a userid is one. */
export function checkRows(rows: readonly ImportUserRow[]): (CheckedRow | FaultyRow)[] {
  const lines = new Map<string, number>()
  return rows.map(row => {
    const checked = checkRow(row)
    if (isFaulty(checked)) return checked
    const before = lines.get(checked.key)
    if (before === undefined) lines.set(checked.key, row.line)
    else return faulty(row, [{ field: 'userid', message: `userid repeats line ${before}: keep one of the two lines` }])
    return checked
  })
}

function checkRow(row: ImportUserRow): CheckedRow | FaultyRow {
  const faults: Fault[] = []
  const tried = <Value>(work: () => Value): Value | undefined => {
    try {
      return work()
    } catch (error) {
      faults.push(faultOf(error))
      return undefined
    }
  }
  const userid = tried(() => checkUserid(row.userid, { newBim: false }))
  const profile: Partial<ProfileColumns> = {}
  for (const [field, value] of Object.entries(row.profile ?? {}))
    Object.assign(
      profile,
      tried(() => profileColumns({ [field]: value })),
    )
  const attributes = row.attributes == null ? null : checkAttributes(row.attributes, tried)
  const groups = tried(() => checkList('groups', row.groups ?? []).map(name => checkGroupName(name, 'groups')))
  const permissions = tried(() =>
    checkList('permissions', row.permissions ?? []).map(name => checkPermissionName(name, 'permissions')),
  )
  const passwordHash = tried(() => (row.passwordHash ? storedForm(parseImportedHash(row.passwordHash)) : null))
  if (faults.length > 0) return faulty(row, faults)
  return {
    line: row.line,
    userid: userid!,
    key: canonical(userid!),
    profile,
    attributes,
    groups: distinct(groups!),
    permissions: [...new Set(permissions)],
    disabled: row.disabled ?? null,
    passwordHash: passwordHash!,
  }
}

/** Of an error that concerns one row; throws others. */
export function faultOf(error: unknown, field = 'userid'): Fault {
  if (error instanceof RosterError) return { field: error.field ?? field, message: error.message }
  throw error
}

const faulty = ({ line, userid }: ImportUserRow, faults: readonly Fault[]): FaultyRow => ({ line, userid, faults })

function distinct(names: readonly string[]): NamedGroup[] {
  const groups = new Map(names.map(name => [canonical(name), name]))
  return [...groups].map(([key, name]) => ({ key, name }))
}

function checkAttributes(
  sent: unknown,
  tried: <Value>(work: () => Value) => Value | undefined,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const seen = new Set<string>()
  const entries = tried(() => {
    if (!isObject(sent)) throw new Invalid('attributes', 'must be an object of lists of strings')
    return checkList('attributes', Object.entries(sent))
  })
  for (const [index, [key, values]] of (entries ?? []).entries())
    tried(() => {
      checkAttributeKey(key, `attributes: key ${index + 1}`)
      const field = `attributes.${key}`
      if (seen.has(canonical(key))) throw new Invalid(field, 'is repeated in another case or normal form')
      seen.add(canonical(key))
      found.set(
        key,
        checkList(field, values as readonly unknown[]).map(value => checkAttributeValue(value, field)),
      )
    })
  return found
}
