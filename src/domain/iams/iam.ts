import { integer, json, orNull, type RecordOf, text, texts, time } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export const IAM_COLUMNS = {
  id: text('i.id'),
  displayName: text('i.display_name'),
  type: text('i.type'),
  config: json<Record<string, unknown>>('i.config'),
  defaultPermissions: texts('i.default_permissions'),
  /** Entries without a stable id were seen since; else null. */
  idsMissingSince: orNull(time('i.ids_missing_since')),
  createdAt: time('i.created_at'),
  updatedAt: time('i.updated_at'),
}

export interface IamRecord extends RecordOf<typeof IAM_COLUMNS> {
  readonly secrets: Record<string, string>
  readonly scimKeyPrefix: string | null
}
export type IamPage = Page<IamRecord>

export interface SignInOption {
  readonly id: string
  readonly displayName: string
  readonly byPassword: boolean
}

export const GROUP_PERMISSION_COLUMNS = {
  iamid: text('r.iamid'),
  groupName: text('r.group_name'),
  groupKey: text('r.group_key'),
  permission: text('r.permission'),
}
export interface GroupPermissionRow extends RecordOf<typeof GROUP_PERMISSION_COLUMNS> {}

/** An empty `supportedActions` allows all. */
export const supports = ({ supportedActions: actions }: { supportedActions?: unknown }, action: string): boolean =>
  !Array.isArray(actions) || actions.includes(action)

export function scimEnabled({ config }: Pick<IamRecord, 'config'>): boolean {
  return (
    config.scimEnabled === true || (Array.isArray(config.supportedActions) && config.supportedActions.includes('scimEnabled'))
  )
}

export const scimUrl = (publicUrl: string, iamid: string): string => `${publicUrl}/scim/v2/${iamid}`

export function groupPermissions(rows: readonly GroupPermissionRow[]): Record<string, string[]> {
  const byGroup = new Map<string, { name: string; permissions: string[] }>()
  for (const { groupKey, groupName, permission } of rows) {
    const entry = byGroup.get(groupKey) ?? { name: groupName, permissions: [] }
    entry.permissions.push(permission)
    byGroup.set(groupKey, entry)
  }
  return Object.fromEntries([...byGroup.values()].map(({ name, permissions }) => [name, permissions]))
}

export function idFrom(displayName: string, otherwise: string): string {
  const plain = displayName.normalize('NFKD').replace(/\p{M}/gu, '')
  const [first = '', ...rest] = plain
    .split(/[^A-Za-z0-9_-]+/)
    .join(' ')
    .replace(/^[^A-Za-z]+/, '')
    .split(' ')
  const start = first === first.toUpperCase() ? first.toLowerCase() : first.slice(0, 1).toLowerCase() + first.slice(1)
  const id = start + rest.map(word => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  return id.slice(0, 60) || otherwise
}

/** JSONB has its own key order. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sortKeys(inner)]))
}

export const SCIM_KEY_COLUMNS = {
  id: integer('k.id'),
  iamid: text('k.iamid'),
  prefix: text('k.prefix'),
  createdAt: time('k.created_at'),
  lastUsed: orNull(time('k.last_used')),
  expiresAt: orNull(time('k.expires_at')),
}
export interface ScimKeyRecord extends RecordOf<typeof SCIM_KEY_COLUMNS> {}
