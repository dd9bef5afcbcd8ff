import type { IamRecord } from '../domain/iams/iam.ts'
import { supports } from '../domain/iams/iam.ts'
import { profileColumns } from '../domain/users/profile.ts'
import { Invalid } from '../platform/errors.ts'
import { checkAttributeKey, checkAttributeValue, checkGroupName, checkText } from '../platform/validation.ts'
import { type ExternalGroup, type Identity, PROFILE_FIELDS } from './identity.ts'

export type AttributeReader = (name: string) => readonly string[] | undefined

export interface SourceRecord {
  readonly userid: string
  readonly values: AttributeReader
  readonly groups:
    | readonly { readonly name: string; readonly entryId?: string | undefined; readonly values: AttributeReader }[]
    | null
}

/** Rejected values are listed and count as omitted. */
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

const MAX_EXTERNAL_ID = 1_024

export function identityOf({ config }: Pick<IamRecord, 'config'>, record: SourceRecord): Mapped {
  const faults: string[] = []
  const only = config.authenticationOnly === true
  const schema = (only ? {} : (config.schema ?? {})) as Schema
  const externalUserIds = mapped(schema.externalUserIds, record.values, ([value], name) =>
    value === undefined || accept(faults, () => checkText(`profile.externalUserIds.${name}`, value, MAX_EXTERNAL_ID))
      ? (value ?? null)
      : undefined,
  )
  const attributes = supports(config, 'syncAuthorizations') ? attributesOf(schema, record, faults) : undefined
  const groups = bringsGroups({ config }) ? groupsOf(schema, record.groups, faults) : undefined
  return {
    identity: {
      userid: record.userid,
      profile: profileOf(schema, record, faults),
      ...(externalUserIds && { externalUserIds }),
      ...(groups && { groups }),
      ...(attributes && { attributes }),
    },
    faults,
  }
}

function profileOf(schema: Schema, record: SourceRecord, faults: string[]): Identity['profile'] {
  const profile: Record<string, string | null> = {}
  for (const field of PROFILE_FIELDS) {
    const values = schema.profile?.[field] === undefined ? undefined : record.values(schema.profile[field])
    if (values === undefined) continue
    const value = values[0]?.trim() || null
    // A missing name keeps the stored one.
    if (value === null && field === 'name') continue
    if (accept(faults, () => profileColumns({ [field]: value }))) profile[field] = value
  }
  return profile
}

function attributesOf(schema: Schema, record: SourceRecord, faults: string[]): Identity['attributes'] {
  return mapped(schema.authorizations, record.values, (values, name) =>
    accept(faults, () => checkAttributeKey(name)) ? acceptAll(faults, values, checkAttributeValue) : undefined,
  )
}

export type GroupField = 'gid' | 'email' | 'description'

export const bringsGroups = ({ config }: Pick<IamRecord, 'config'>): boolean =>
  config.authenticationOnly !== true && supports(config, 'syncGroups')

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

export const acceptAll = (
  faults: string[],
  values: readonly string[],
  check: (value: string) => unknown,
): readonly string[] | undefined =>
  acceptedGroups(
    values,
    values.filter(value => accept(faults, () => check(value))),
  )

/** If all values are invalid, nothing ends. */
const acceptedGroups = <Good>(given: readonly unknown[], good: Good[] | undefined): Good[] | undefined =>
  given.length > 0 && good?.length === 0 ? undefined : good

/** Collects the error: it must not lock the user out. */
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
