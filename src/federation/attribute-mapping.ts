/** From what a source says, in its own words, to an Identity: by the `schema` of the IAM's configuration. Pure. */

import type { IamRecord } from '../domain/iams/iam.ts'
import { supports } from '../domain/iams/iam.ts'
import { profileColumns } from '../domain/users/profile.ts'
import { Invalid } from '../platform/errors.ts'
import { checkAttributeKey, checkAttributeValue, checkGroupName, checkText } from '../platform/validation.ts'
import { type ExternalGroup, type Identity, PROFILE_FIELDS } from './identity.ts'

/** The values that a source gives for a name of its own; undefined when it says nothing about it. */
export type AttributeReader = (name: string) => readonly string[] | undefined

export interface SourceRecord {
  readonly userid: string
  readonly values: AttributeReader
  /** Null when nothing was said of groups. */
  readonly groups:
    | readonly { readonly name: string; readonly entryId?: string | undefined; readonly values: AttributeReader }[]
    | null
}

/** An identity, and what of the source's words could not be taken: each names what and why. Such a field counts as not said. */
export interface Mapped {
  readonly identity: Identity
  readonly faults: readonly string[]
}

interface Schema {
  readonly profile?: Record<string, string>
  readonly externalUserIds?: Record<string, string>
  readonly authorizations?: Record<string, string>
  readonly group?: Record<string, string>
}

/** Characters of a name in another system. */
const MAX_EXTERNAL_ID = 1_024

export function identityOf({ config }: Pick<IamRecord, 'config'>, said: SourceRecord): Mapped {
  const faults: string[] = []
  const only = config.authenticationOnly === true
  const schema = (only ? {} : (config.schema ?? {})) as Schema
  const externalUserIds = mapped(schema.externalUserIds, said.values, ([value], name) =>
    value === undefined || accept(faults, () => checkText(`profile.externalUserIds.${name}`, value, MAX_EXTERNAL_ID))
      ? (value ?? null)
      : undefined,
  )
  const attributes = supports(config, 'syncAuthorizations') ? attributesOf(schema, said, faults) : undefined
  const groups = bringsGroups({ config }) ? groupsOf(schema, said.groups, faults) : undefined
  return {
    identity: {
      userid: said.userid,
      profile: profileOf(schema, said, faults),
      ...(externalUserIds && { externalUserIds }),
      ...(groups && { groups }),
      ...(attributes && { attributes }),
    },
    faults,
  }
}

function profileOf(schema: Schema, said: SourceRecord, faults: string[]): Identity['profile'] {
  const profile: Record<string, string | null> = {}
  for (const field of PROFILE_FIELDS) {
    const values = schema.profile?.[field] === undefined ? undefined : said.values(schema.profile[field])
    if (values === undefined) continue
    const value = values[0]?.trim() || null
    // A person always has a name: that none is given is no news of it.
    if (value === null && field === 'name') continue
    if (accept(faults, () => profileColumns({ [field]: value }))) profile[field] = value
  }
  return profile
}

function attributesOf(schema: Schema, said: SourceRecord, faults: string[]): Identity['attributes'] {
  return mapped(schema.authorizations, said.values, (values, name) =>
    accept(faults, () => checkAttributeKey(name)) ? acceptAll(faults, values, checkAttributeValue) : undefined,
  )
}

/** What a source may say of a group beside its name. */
export type GroupField = 'gid' | 'email' | 'description'

/** Whether the IAM's source says who is in which group. */
export const bringsGroups = ({ config }: Pick<IamRecord, 'config'>): boolean =>
  config.authenticationOnly !== true && supports(config, 'syncGroups')

/** Groups by themselves, whoever is in them; none where the IAM brings no groups. `fields`: which of theirs it speaks of. */
export function groupsFrom(
  { config }: Pick<IamRecord, 'config'>,
  given: NonNullable<SourceRecord['groups']>,
): { groups: ExternalGroup[]; fields: GroupField[]; faults: string[] } {
  const faults: string[] = []
  if (!bringsGroups({ config })) return { groups: [], fields: [], faults }
  const schema = (config.schema ?? {}) as Schema
  const fields = (['gid', 'email', 'description'] as const).filter(field => schema.group?.[field] !== undefined)
  return { groups: groupsOf(schema, given, faults) ?? [], fields, faults }
}

function groupsOf(schema: Schema, given: SourceRecord['groups'], faults: string[]): ExternalGroup[] | undefined {
  const { group = {} } = schema
  const groups = given?.flatMap(({ name, entryId, values }) => {
    const first = (field: string): string | null => (group[field] === undefined ? null : (values(group[field])?.[0] ?? null))
    const text = (field: string): string | null => {
      const value = first(field)
      return value !== null && accept(faults, () => checkText(`group.${field}`, value)) ? value : null
    }
    const found = {
      name: (first('name') ?? name).trim(),
      ...(entryId !== undefined && { entryId }),
      gid: text('gid'),
      email: text('email'),
      description: text('description'),
    }
    return accept(faults, () => checkGroupName(found.name)) ? [found] : []
  })
  return acceptedGroups(given ?? [], groups)
}

/** What the names of a mapping come to, without those of which nothing was said; undefined when there is no mapping. */
function mapped<Value>(
  names: Record<string, string> | undefined,
  values: AttributeReader,
  read: (found: readonly string[], name: string) => Value | undefined,
): Record<string, Value> | undefined {
  if (names === undefined) return undefined
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, theirs]) => {
      const found = values(theirs)
      const value = found && read(found, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** The values that a check lets pass; undefined where there are some and none does. */
export const acceptAll = (
  faults: string[],
  values: readonly string[],
  check: (value: string) => unknown,
): readonly string[] | undefined =>
  acceptedGroups(
    values,
    values.filter(value => accept(faults, () => check(value))),
  )

/** Words of which none can be taken are no word that there is nothing: they end nothing that is held. */
const acceptedGroups = <Good>(given: readonly unknown[], good: Good[] | undefined): Good[] | undefined =>
  given.length > 0 && good?.length === 0 ? undefined : good

/** Whether a check lets it pass; if not, its message is kept. A source's mistake must not keep the person out. */
export function accept(faults: string[], check: () => unknown): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    faults.push(error.message)
    return false
  }
}
