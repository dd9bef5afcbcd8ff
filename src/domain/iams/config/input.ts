import {
  groupPermissionWarnings,
  type PermissionWarning,
  permissionWarnings,
} from '../../../authorization/permission-warnings.ts'
import { Conflict, Invalid } from '../../../platform/errors.ts'
import { canonical, checkGroupName, checkIamid, checkList, checkName, checkPermissionName } from '../../../platform/validation.ts'
import type { GroupPermissionRow } from '../iam.ts'
import { configSchemas, type IamType } from './schema.ts'

export interface IamInput {
  readonly id?: string | null
  readonly displayName?: string | null
  readonly type?: string | null
  readonly defaultPermissions?: readonly string[] | null
  readonly groupPermissions?: unknown
  readonly config?: unknown
}

/** Fields of vendor configurations that belong beside `config`. */
const vendorConfigOf = {
  id: 'id',
  displayName: 'displayName',
  type: 'type',
  plugin: 'type',
  defaultPermissions: 'defaultPermissions',
  permissions: 'groupPermissions',
} as const

export function normalizeVendorConfig<Input extends IamInput>(input: Input): Input {
  const { config } = input
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return input
  const rest: Record<string, unknown> = { ...config }
  const whole: Record<string, unknown> = Object.fromEntries([...Object.entries(input), ['config', rest]])
  for (const [name, field] of Object.entries(vendorConfigOf)) {
    if (!Object.hasOwn(rest, name)) continue
    const value = rest[name]
    delete rest[name]
    if (value == null) continue
    if (whole[field] != null && JSON.stringify(whole[field]) !== JSON.stringify(value))
      throw new Invalid(`config.${name}`, `must be the same as ${field}, or left out`)
    whole[field] = value
  }
  return whole as unknown as Input
}

export const isCreatable = (type: IamType): boolean => type !== 'built-in' && type !== 'saml'

export function checkType(type: unknown): IamType {
  const types: string[] = (Object.keys(configSchemas) as IamType[]).filter(isCreatable)
  if (!types.includes(type as string)) throw new Invalid('type', `must be one of ${types.join(', ')}`)
  return type as IamType
}

/** `group` marks permissions through groups. */
export function checkNewId(id: unknown): string {
  const checked = checkIamid(id, 'id')
  if (checked === 'group') throw new Invalid('id', 'must not be group, which is a reserved word')
  return checked
}

export const checkDisplayName = (name: unknown): string => checkName('displayName', name)

export function checkPermissions(field: string, list: unknown): string[] {
  const permissions = checkList(field, list as readonly unknown[])
  return [...new Set(permissions.map((permission, index) => checkPermissionName(permission, `${field}[${index}]`)))]
}

export function checkGroupPermissions(iamid: string, input: unknown): GroupPermissionRow[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new Invalid('groupPermissions', 'must be an object of lists of permissions by group name')
  const rules = checkList('groupPermissions', Object.entries(input)).map(([name, permissions]) => {
    const groupName = checkGroupName(name, 'groupPermissions: a group name')
    const groupKey = canonical(groupName)
    return { groupName, groupKey, permissions: checkPermissions(`groupPermissions.${groupName}`, permissions) }
  })
  if (new Set(rules.map(rule => rule.groupKey)).size < rules.length)
    throw new Invalid('groupPermissions', 'must not name a group twice in different spellings')
  return rules.flatMap(({ groupName, groupKey, permissions }) =>
    permissions.map(permission => ({ iamid, groupName, groupKey, permission })),
  )
}

/** For input that was taken. */
export function warningsOf(input: IamInput): PermissionWarning[] {
  const { defaultPermissions, groupPermissions } = normalizeVendorConfig(input)
  return [
    ...permissionWarnings('defaultPermissions', defaultPermissions),
    ...groupPermissionWarnings('groupPermissions', (groupPermissions ?? {}) as Record<string, readonly string[]>),
  ]
}

export const changedPermissions = (before: readonly string[], after: readonly string[]): string[] => [
  ...before.filter(permission => !after.includes(permission)),
  ...after.filter(permission => !before.includes(permission)),
]

export function changedGroupPermissions(before: readonly GroupPermissionRow[], after: readonly GroupPermissionRow[]): string[] {
  const rules = (rows: readonly GroupPermissionRow[]) =>
    new Map(rows.map(row => [`${row.permission} ${row.groupKey}`, row.permission]))
  const [old, now] = [rules(before), rules(after)]
  return [...[...old].filter(([rule]) => !now.has(rule)), ...[...now].filter(([rule]) => !old.has(rule))].map(
    ([, permission]) => permission,
  )
}

export function assertNotBim(iamid: string, what: string): void {
  if (iamid === 'bim') throw new Conflict(`The IAM bim is built in: it ${what}`)
}
