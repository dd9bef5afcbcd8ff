import type { Entry } from '../connectors/connector.ts'
import { entryIdOf, NO_ENTRY_ID } from '../connectors/ldap.ids.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { UserRecord } from '../domain/users/user.ts'

export const SOURCE_ID_COLUMNS = { directory: 'directoryId', openid: 'openidId', saml: 'samlId' } as const
export type SourceKind = keyof typeof SOURCE_ID_COLUMNS
export type SourceIdColumn = (typeof SOURCE_ID_COLUMNS)[SourceKind]
export const SOURCE_KINDS = Object.keys(SOURCE_ID_COLUMNS) as SourceKind[]

export interface SourceId {
  readonly source: SourceKind
  readonly id: string
}

type Configured = Pick<IamRecord, 'config'>

export const hasNoEntryIds = ({ config }: Configured): boolean => optionOf(config) === NO_ENTRY_ID

export function entryIdsOf(iam: Pick<IamRecord, 'type' | 'config' | 'idsMissingSince'>): 'OFF' | 'MISSING' | 'READ' | null {
  if (iam.type !== 'ldap' || iam.config.options === undefined) return null
  return hasNoEntryIds(iam) ? 'OFF' : iam.idsMissingSince === null ? 'READ' : 'MISSING'
}

export function directoryIdOf({ config }: Configured, { attributes }: Pick<Entry, 'attributes'>): SourceId | null {
  const id = entryIdOf(attributes, optionOf(config))
  return id === null ? null : { source: 'directory', id }
}

const optionOf = (config: IamRecord['config']): string | undefined =>
  (config.options as { entryIdAttribute?: string } | undefined)?.entryIdAttribute

/** Limited by index entries; `sub` has at most 255 (Core 2). */
const longestSubject = 600

/** `issuer#sub`: issuers have no fragment (Core 1.2). */
export function openidIdOf({ iss, sub }: Readonly<Record<string, unknown>>): SourceId | null {
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '' || iss.includes('#')) return null
  const id = `${iss}#${sub}`
  return id.length > longestSubject || id.includes('\0') || !id.isWellFormed() ? null : { source: 'openid', id }
}

export const sourceIdsOf = (user: Pick<UserRecord, SourceIdColumn>): SourceId[] =>
  SOURCE_KINDS.flatMap(source => {
    const id = user[SOURCE_ID_COLUMNS[source]]
    return id === null ? [] : [{ source, id }]
  })
