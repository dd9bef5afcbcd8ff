/** What each row of an import changes: compares rows with what is stored. */
import { difference } from '../../authorization/audit-event.ts'
import { canonical, checkUserid } from '../../platform/validation.ts'
import { type Change, replaceAll, type StoredAttribute } from '../attributes/attribute.ts'
import { type CheckedRow, type Fault, type FaultyRow, faultOf, isFaulty, type NamedGroup } from './import.rows.ts'
import { nameColumns } from './profile.ts'
import type { UserRecord } from './user.ts'

export interface StoredUser {
  readonly user: UserRecord
  readonly hasPassword: boolean
  /** Local ones, in their order. */
  readonly permissions: readonly string[]
  /** From wherever they come. */
  readonly effective: readonly string[]
  readonly attributes: readonly StoredAttribute[]
  /** Keys of the groups with a local membership. */
  readonly groups: ReadonlySet<string>
}

export interface Known {
  /** By userid key. */
  readonly users: ReadonlyMap<string, StoredUser>
  /** Owners by e-mail key. */
  readonly emails: ReadonlyMap<string, number>
  /** Keys of the groups that exist. */
  readonly groups: ReadonlySet<string>
  /** Of the groups by key, whether they exist or not. */
  readonly groupPermissions: ReadonlyMap<string, readonly string[]>
  readonly defaultPermissions: readonly string[]
}

export interface ImportRules {
  readonly existing: 'UPDATE' | 'KEEP'
  readonly createGroups: boolean
  /** Administrative permissions that the actor lacks. */
  readonly lacks: (permissions: readonly string[]) => readonly string[]
  readonly isSelf: (id: number) => boolean
  /** Lines by e-mail key, of rows so far. */
  readonly claimed: Map<string, number>
}

export interface Creation {
  readonly kind: 'create'
  readonly row: CheckedRow
  readonly permissions: readonly string[]
}
export interface Update {
  readonly kind: 'change'
  readonly row: CheckedRow
  readonly stored: StoredUser
  readonly profile: ReturnType<typeof difference>
  readonly permissions: readonly string[]
  readonly attributes: Change
  readonly groups: readonly NamedGroup[]
  readonly disabled: boolean | null
  /** A password that the user has stays. */
  readonly passwordHash: string | null
}
export interface Kept {
  readonly kind: 'keep'
  readonly row: CheckedRow
  readonly stored: StoredUser
}
export interface RefusedRow {
  readonly kind: 'refuse'
  readonly row: Pick<FaultyRow, 'line' | 'userid'>
  readonly faults: readonly Fault[]
}
export type Planned = Creation | Update | Kept | RefusedRow

/** Rows before these may have claimed e-mail addresses (`rules.claimed`). */
export function planImport(rows: readonly (CheckedRow | FaultyRow)[], known: Known, rules: ImportRules): Planned[] {
  const { claimed } = rules
  return rows.map(row => {
    if (isFaulty(row)) return { kind: 'refuse', row, faults: row.faults }
    const stored = known.users.get(row.key)
    if (stored && rules.existing === 'KEEP') return { kind: 'keep', row, stored }
    const planned = stored ? planUpdate(row, stored) : planCreation(row, known)
    const faults = faultsOf(planned, known, rules)
    if (faults.length > 0) return { kind: 'refuse', row, faults }
    const { emailKey } = row.profile
    if (emailKey) claimed.set(emailKey, row.line)
    return planned.kind === 'change' && !changes(planned) ? { kind: 'keep', row, stored: planned.stored } : planned
  })
}

const planCreation = (row: CheckedRow, known: Known): Creation => ({
  kind: 'create',
  row,
  permissions: [...new Set([...known.defaultPermissions, ...row.permissions])],
})

function planUpdate(row: CheckedRow, stored: StoredUser): Update {
  const { user } = stored
  const wanted = row.attributes ?? new Map<string, readonly string[]>()
  const keys = new Set([...wanted.keys()].map(canonical))
  const isWanted = row.disabled !== null && (user.disabled !== row.disabled || (row.disabled && user.disabledBy !== 'bim'))
  return {
    kind: 'change',
    row,
    stored,
    profile: difference({ ...user }, { ...row.profile, nameKey: undefined, emailKey: undefined }),
    permissions: row.permissions.filter(permission => !stored.permissions.includes(permission)),
    attributes: replaceAll(stored.attributes, wanted, ({ source, keyKey }) => source === 'bim' && keys.has(keyKey)),
    groups: row.groups.filter(({ key }) => !stored.groups.has(key)),
    disabled: isWanted ? row.disabled : null,
    passwordHash: stored.hasPassword ? null : row.passwordHash,
  }
}

const changes = ({ profile, permissions, attributes, groups, disabled, passwordHash }: Update): boolean =>
  profile.changed ||
  disabled !== null ||
  passwordHash !== null ||
  permissions.length + groups.length + attributes.added.length + attributes.removed.length > 0

function faultsOf(planned: Creation | Update, known: Known, rules: ImportRules): Fault[] {
  const { row } = planned
  const id = planned.kind === 'change' ? planned.stored.user.id : null
  const groups = planned.kind === 'change' ? planned.groups : row.groups
  const faults: Fault[] = []
  const fault = (field: string, message: string) => faults.push({ field, message })
  if (planned.kind === 'create') faults.push(...nameFaults(row))
  else faults.push(...manageFaults(planned, rules))
  const { emailKey } = row.profile
  const line = rules.claimed.get(emailKey ?? '')
  if (line !== undefined) fault('profile.email', `profile.email repeats line ${line}: correct one of the two lines`)
  else if (emailKey && (known.emails.get(emailKey) ?? id) !== id)
    fault('profile.email', 'profile.email is already taken by another bim user')
  for (const { key, name } of groups)
    if (!known.groups.has(key) && !rules.createGroups)
      fault('groups', `groups names no group of bim: create ${name}, or let the import create groups`)
  const granted = rules.lacks(planned.permissions)
  if (granted.length > 0) fault('permissions', grantMessage(granted))
  const carried = rules.lacks(groups.flatMap(({ key }) => known.groupPermissions.get(key) ?? []))
  if (carried.length > 0) fault('groups', grantMessage(carried))
  return faults
}

const grantMessage = (missing: readonly string[]): string =>
  `You need ${missing.join(', ')} to grant or remove it: ask a user who holds it`

function nameFaults({ userid, profile }: CheckedRow): Fault[] {
  const faults: Fault[] = []
  const check = (work: () => unknown) => {
    try {
      work()
    } catch (error) {
      faults.push(faultOf(error))
    }
  }
  check(() => checkUserid(userid, { newBim: true }))
  if (profile.name === undefined) check(() => nameColumns(userid))
  return faults
}

/** Of users with permissions that the actor lacks: a way into the account, and names in other systems. */
const GUARDED = ['email', 'sqlUser', 'externalUserIds']

/** As the single mutations have them. */
function manageFaults({ stored: { user, effective }, profile, disabled, passwordHash }: Update, rules: ImportRules): Fault[] {
  if (user.kind === 'SERVICE')
    return [{ field: 'userid', message: 'userid names a service account: use updateServiceAccount, or another userid' }]
  if (disabled === true && rules.isSelf(user.id))
    return [{ field: 'disabled', message: 'You cannot disable yourself: ask another administrator' }]
  const fields = Object.keys(profile.after)
  const guarded = fields.filter(field => GUARDED.includes(field)).map(field => `profile.${field}`)
  if (disabled !== null) guarded.push('disabled')
  if (passwordHash !== null) guarded.push('passwordHash')
  const missing = guarded.length === 0 || rules.isSelf(user.id) ? [] : rules.lacks(effective)
  if (missing.length === 0) return []
  const message = `This user holds ${missing.join(', ')}, which you lack: ask a user who also holds it`
  return guarded.map(field => ({ field, message }))
}

/** As the answer names them. */
export function changedFields(planned: Planned): string[] {
  if (planned.kind === 'refuse' || planned.kind === 'keep') return []
  const { row, permissions } = planned
  if (planned.kind === 'create')
    return [
      'userid',
      ...Object.keys(row.profile)
        .filter(field => !field.endsWith('Key'))
        .map(field => `profile.${field}`),
      ...[...(row.attributes ?? [])].filter(([, values]) => values.length > 0).map(([key]) => `attributes.${key}`),
      ...named('groups', row.groups.length > 0),
      ...named('permissions', permissions.length > 0),
      ...named('disabled', row.disabled === true),
      ...named('passwordHash', row.passwordHash !== null),
    ]
  const touched = [...planned.attributes.added, ...planned.attributes.removed].map(({ key }) => `attributes.${key}`)
  return [
    ...Object.keys(planned.profile.after).map(field => `profile.${field}`),
    ...new Set(touched),
    ...named('groups', planned.groups.length > 0),
    ...named('permissions', permissions.length > 0),
    ...named('disabled', planned.disabled !== null),
    ...named('passwordHash', planned.passwordHash !== null),
  ]
}

const named = (field: string, changed: boolean): string[] => (changed ? [field] : [])
