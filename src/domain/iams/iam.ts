/**
 * What an IAM is. Pure.
 * Flow of a configuration: input → input (what was pasted, names of permissions) → validate (one schema per type, every
 * fault at once; secrets taken out) → secrets (sealed under the instance's key) → iams.store. It comes back without its secrets:
 * of each only a fingerprint.
 */
import type { Page } from '../../platform/database/pagination.ts'

/** A row of `iams`, without its secrets. */
export interface IamRecord {
  readonly id: string
  readonly displayName: string
  readonly type: string
  readonly config: Record<string, unknown>
  /** Fingerprints of the secrets that are set, by the secret's path; never the secrets. */
  readonly secrets: Record<string, string>
  readonly defaultPermissions: readonly string[]
  /** Of the key that does not expire. */
  readonly scimKeyPrefix: string | null
  /** Since when its directory shows entries without a stable id; null where none was seen. */
  readonly idsMissingSince: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type IamPage = Page<IamRecord>

/** An IAM as the log-in page offers it: with a password, or elsewhere. */
export interface SignInOption {
  readonly id: string
  readonly displayName: string
  readonly byPassword: boolean
}

/** One permission that a rule gives to the members of a group of an IAM. The group need not exist yet. */
export interface GroupPermissionRow {
  readonly iamid: string
  readonly groupName: string
  readonly groupKey: string
  readonly permission: string
}

/** Whether the IAM may be used for an action; one that lists none (`supportedActions`) may be used for all. */
export const supports = ({ supportedActions: actions }: IamRecord['config'], action: string): boolean =>
  !Array.isArray(actions) || actions.includes(action)

/** Either of the vendor's two switches turns SCIM on. */
export function scimEnabled({ config }: Pick<IamRecord, 'config'>): boolean {
  return (
    config.scimEnabled === true || (Array.isArray(config.supportedActions) && config.supportedActions.includes('scimEnabled'))
  )
}

/** Where a provider finds us. An IAM's id needs no encoding. */
export const scimUrl = (publicUrl: string, iamid: string): string => `${publicUrl}/scim/v2/${iamid}`

/** `{group name: [permissions]}` of the rows of one IAM, in their order. */
export function groupPermissions(rows: readonly GroupPermissionRow[]): Record<string, string[]> {
  const byGroup = new Map<string, { name: string; permissions: string[] }>()
  for (const { groupKey, groupName, permission } of rows) {
    const entry = byGroup.get(groupKey) ?? { name: groupName, permissions: [] }
    entry.permissions.push(permission)
    byGroup.set(groupKey, entry)
  }
  return Object.fromEntries([...byGroup.values()].map(({ name, permissions }) => [name, permissions]))
}

/**
 * An id from a display name: `Jump Cloud LDAP` becomes `jumpCloudLDAP`. A name without a Latin letter gives `otherwise`.
 * Short enough to be followed by a number when it is taken.
 */
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

/** The same value with the names of its objects sorted: the store keeps them in an order of its own. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sortKeys(inner)]))
}

/** A SCIM key as it is shown; the key itself is not kept. */
export interface ScimKeyRecord {
  readonly id: number
  readonly iamid: string
  readonly prefix: string
  readonly createdAt: Date
  readonly lastUsed: Date | null
  /** When a replaced key ends; null for the one in force. */
  readonly expiresAt: Date | null
}
