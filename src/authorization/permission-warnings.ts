import { closest } from '../platform/suggestions.ts'
import { DOMAIN_PERMISSIONS, knownPermissions } from './permissions.ts'

export interface PermissionWarning {
  readonly code: 'SIMILAR_PERMISSION'
  /** The input field, such as `permissions[2]`. */
  readonly field: string
  readonly message: string
}

type Given = readonly string[] | null | undefined

/** For names that were taken as custom ones. */
export const permissionWarnings = (field: string, given: Given): PermissionWarning[] =>
  (given ?? []).flatMap((permission, index) => similar(`${field}[${index}]`, permission, knownPermissions))

export const domainPermissionWarnings = (field: string, permission: string): PermissionWarning[] =>
  similar(field, permission, DOMAIN_PERMISSIONS)

export const groupPermissionWarnings = (field: string, rules: Readonly<Record<string, Given>>): PermissionWarning[] =>
  Object.entries(rules).flatMap(([group, permissions]) => permissionWarnings(`${field}.${group}`, permissions))

function similar(field: string, permission: string, known: readonly string[]): PermissionWarning[] {
  const close = known.includes(permission) ? null : closest(permission, known)
  if (close === null) return []
  return [
    { code: 'SIMILAR_PERMISSION', field, message: `${permission} was taken as a custom permission: did you mean ${close}?` },
  ]
}
