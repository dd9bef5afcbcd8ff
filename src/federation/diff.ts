import { difference } from '../authorization/audit-event.ts'
import { type Change, replaceAll, type StoredAttribute } from '../domain/attributes/attribute.ts'
import type { ProfileColumns } from '../domain/users/profile.ts'
import { profileColumns } from '../domain/users/profile.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { canonical } from '../platform/validation.ts'
import type { ExternalGroup, Identity } from './identity.ts'
import { SOURCE_ID_COLUMNS, type SourceIdColumn } from './source-ids.ts'

export interface CurrentState {
  readonly user: (Pick<UserRecord, 'externalUserIds'> & Partial<UserRecord>) | null
  readonly groups: readonly HeldGroup[]
  readonly attributes: readonly StoredAttribute[]
  readonly renamed?: string | undefined
}

export interface HeldGroup {
  readonly name: string
  readonly directoryId: string | null
}
export const noState: CurrentState = { user: null, groups: [], attributes: [] }

type NamingColumns = { userid: string; useridKey: string; dn: string; relinkable: boolean } & Record<SourceIdColumn, string>

export interface Difference {
  readonly profile: Partial<ProfileColumns & NamingColumns>
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly join: readonly ExternalGroup[]
  readonly leave: readonly string[]
  readonly attributes: Change
}

/** `source` owns what it replaces. Throws Invalid for an unmapped identity. */
export function diff(identity: Identity, held: CurrentState, source: string): Difference {
  const desired = {
    ...profileColumns({ ...identity.profile, ...named(identity, held) }),
    ...(identity.dn !== undefined && { dn: identity.dn }),
    ...(identity.sourceId && { [SOURCE_ID_COLUMNS[identity.sourceId.source]]: identity.sourceId.id }),
    // From now on recognised by id.
    ...(identity.sourceId && held.user?.relinkable && { relinkable: false }),
    ...(held.renamed !== undefined && { userid: held.renamed, useridKey: canonical(held.renamed) }),
  }
  const change = difference({ ...held.user }, { ...desired, nameKey: undefined, emailKey: undefined, useridKey: undefined })
  const changed = new Set(Object.keys(change.after))
  const profile = Object.fromEntries(Object.entries(desired).filter(([column]) => changed.has(column.replace(/Key$/, ''))))
  return {
    profile,
    before: change.before,
    after: change.after,
    ...groupsOf(identity, held),
    attributes: attributesOf(identity, held, source),
  }
}

function named({ externalUserIds }: Identity, { user }: CurrentState): { externalUserIds?: Record<string, unknown> } {
  if (externalUserIds === undefined || Object.keys(externalUserIds).length === 0) return {}
  const all = { ...user?.externalUserIds, ...externalUserIds }
  return { externalUserIds: Object.fromEntries(Object.entries(all).filter(([, name]) => name !== null)) }
}

function groupsOf({ groups }: Identity, held: CurrentState): Pick<Difference, 'join' | 'leave'> {
  if (groups === undefined) return { join: [], leave: [] }
  const wanted = [
    ...new Map(groups.toReversed().map(group => [group.entryId ?? canonical(group.name), group])).values(),
  ].toReversed()
  const byId = new Map(wanted.map(group => [group.entryId, group]))
  const byName = new Map(wanted.map(group => [canonical(group.name), group]))
  const meant = ({ name, directoryId }: HeldGroup): ExternalGroup | undefined => {
    const same = directoryId === null ? undefined : byId.get(directoryId)
    const named = byName.get(canonical(name))
    return same ?? (named && isOne(named, directoryId) ? named : undefined)
  }
  const here = new Set(held.groups.map(meant))
  return {
    join: wanted.filter(group => !here.has(group)),
    leave: held.groups.filter(group => !meant(group)).map(({ name }) => name),
  }
}

const isOne = ({ entryId }: ExternalGroup, directoryId: string | null): boolean =>
  entryId === undefined || directoryId === null || entryId === directoryId

function attributesOf({ attributes, allBut }: Identity, held: CurrentState, source: string): Change {
  if (attributes === undefined) return { added: [], removed: [] }
  const mentioned = new Set(Object.keys(attributes).map(canonical))
  const isOver = (keyKey: string) => allBut !== undefined && !allBut.some(key => canonical(key) === keyKey)
  return replaceAll(
    held.attributes,
    new Map(Object.entries(attributes)),
    row => row.source === source && (mentioned.has(row.keyKey) || isOver(row.keyKey)),
  )
}
