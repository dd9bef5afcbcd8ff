/** By what a source knows somebody, whatever they are called. Pure. */
import type { Entry } from '../connectors/connector.ts'
import { entryIdOf, NO_ENTRY_ID } from '../connectors/ldap.ids.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { UserRecord } from '../domain/users/user.ts'

/** Each kind of source, and the column that keeps its id of a user. Only ids of one kind are compared. */
export const SOURCE_ID_COLUMNS = { directory: 'directoryId', openid: 'openidId', saml: 'samlId' } as const
export type SourceKind = keyof typeof SOURCE_ID_COLUMNS
export type SourceIdColumn = (typeof SOURCE_ID_COLUMNS)[SourceKind]
export const SOURCE_KINDS = Object.keys(SOURCE_ID_COLUMNS) as SourceKind[]

export interface SourceId {
  readonly source: SourceKind
  readonly id: string
}

type Configured = Pick<IamRecord, 'config'>

/** Whether the IAM is configured to know people by their userids alone. */
export const hasNoEntryIds = ({ config }: Configured): boolean => optionOf(config) === NO_ENTRY_ID

/** Whether a directory's entries have stable ids, as far as is known; null for an IAM without a directory. */
export function entryIdsOf(iam: Pick<IamRecord, 'type' | 'config' | 'idsMissingSince'>): 'OFF' | 'MISSING' | 'READ' | null {
  if (iam.type !== 'ldap' || iam.config.options === undefined) return null
  return hasNoEntryIds(iam) ? 'OFF' : iam.idsMissingSince === null ? 'READ' : 'MISSING'
}

/** The stable id of a directory's entry; null where it gives none. */
export function directoryIdOf({ config }: Configured, { attributes }: Pick<Entry, 'attributes'>): SourceId | null {
  const id = entryIdOf(attributes, optionOf(config))
  return id === null ? null : { source: 'directory', id }
}

const optionOf = (config: IamRecord['config']): string | undefined =>
  (config.options as { entryIdAttribute?: string } | undefined)?.entryIdAttribute

/** Characters of an issuer and a subject together; an index entry takes no more. `sub` has at most 255 (Core 2). */
const longestSubject = 600

/**
 * Issuer and `sub` of an OpenID provider, whatever the User ID claim is: an issuer has no fragment (Core 1.2), so that the first `#`
 * ends it. Null where one is missing or the two are too long.
 */
export function openidIdOf({ iss, sub }: Readonly<Record<string, unknown>>): SourceId | null {
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '' || iss.includes('#')) return null
  const id = `${iss}#${sub}`
  return id.length > longestSubject || id.includes('\0') || !id.isWellFormed() ? null : { source: 'openid', id }
}

/** The ids by which the sources of the user's IAM know them. */
export const sourceIdsOf = (user: Pick<UserRecord, SourceIdColumn>): SourceId[] =>
  SOURCE_KINDS.flatMap(source => {
    const id = user[SOURCE_ID_COLUMNS[source]]
    return id === null ? [] : [{ source, id }]
  })
