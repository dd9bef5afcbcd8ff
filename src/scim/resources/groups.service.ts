/**
 * The row is locked while members change; long changes on
 * the embedded database are chunked (members.chunks.ts).
 */
import { randomUUID } from 'node:crypto'
import type { AuditDraft } from '../../authorization/audit-event.ts'
import { command, query, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import { memberEvents, targetOf } from '../../domain/groups/group.members.ts'
import { deletion } from '../../domain/groups/groups.deletion.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { NotFound } from '../../platform/errors.ts'
import { patched } from '../protocol/patch.ts'
import { checkResource } from '../protocol/resource.ts'
import { type Document, groupType } from '../protocol/schema.ts'
import { checkVersion, etagOf, type Precondition } from './etag.ts'
import { groupDocument, groupFacts, type MemberChange, patching, replacing, type ScimGroupRecord, written } from './group.ts'
import {
  findNamesake,
  findScimGroup,
  groupColumns,
  groupsOfPage,
  insertScimGroup,
  lockByName,
  type ScimGroupColumns,
  updateScimGroup,
} from './groups.store.ts'
import { changeMembers, goingOn, keepAdministrators, nameTaken, save, taken } from './groups.writing.ts'
import { listOf } from './list.ts'
import { type Prepared, prepared, type Wanted } from './members.chunks.ts'
import { checkScimId, iamOf, type SearchRequest, type SearchResult, search } from './search.ts'

interface ById extends Precondition {
  readonly id: string
}
interface WithBody {
  readonly body: unknown
}
interface Wants {
  readonly members: boolean
}

export const scimGroups = {
  get: query('scim:read', async (call: ServiceContext, { id, members }: ById & Wants): Promise<ScimGroupRecord> => {
    const iam = await iamOf(call)
    return requireScimGroup(call, { iam, id, options: { members } })
  }),

  /** Pages may be shorter (RFC 7644 3.4.2.4): see MAX_MEMBERS. */
  list: query(
    'scim:read',
    async (call: ServiceContext, { members, ...asked }: SearchRequest & Wants): Promise<SearchResult<ScimGroupRecord>> => {
      const iam = await iamOf(call)
      return search(call, {
        list: listOf(groupColumns(groupType(iam.config)), iam.id, asked),
        asked,
        hydrate: async (places, fromEnd) => {
          const ids = places.map(({ id }) => id)
          const { groups, fits } = await groupsOfPage(call.db, ids, { members, fromEnd })
          const taken = fromEnd ? ids.slice(ids.length - fits) : ids.slice(0, fits)
          return { rows: taken.flatMap(id => groups.get(id) ?? []), taken: fits }
        },
      })
    },
  ),

  create: command(
    'scim:createGroup',
    async (call: ServiceContext, { body, members }: WithBody & Wants, { read, pieces }: Prepared<Creation>) => {
      const { db, now } = call
      const iam = await iamOf(call)
      const { ids, columns } = read ?? written(iam, checkResource(groupType(iam.config), body))
      const before = await lockByName(db, iam.id, columns.nameKey)
      if (before?.scimid != null) throw taken()
      const scimid = randomUUID()
      // Chunked creations get their SCIM id last; the next POST completes.
      const isLong = pieces !== null && pieces.length > 1
      const shownId = isLong ? null : scimid
      // A local group stays in force while it is adopted.
      const isUnfinished = isLong && (before === null || before.unfinishedAt !== null)
      const unfinishedAt = isUnfinished ? now : null
      const changes = isLong ? { unfinishedAt } : { ...columns, scimid, unfinishedAt }
      if (before) await updateScimGroup(db, before.id, { columns: changes, now })
      const made = { ...columns, scimid: shownId, iamid: iam.id, unfinishedAt }
      const id = before?.id ?? (await insertScimGroup(db, made, now).catch(nameTaken))
      const group = { id, iamid: iam.id, name: columns.name }
      const changed = await changeMembers(call, group, { changes: [{ kind: before ? 'set' : 'add', ids }], pieces })
      await keepAdministrators(call, group, changed.removed)
      const after = { iamid: iam.id, name: columns.name, ...(!isLong && { scimid }) }
      const event: AuditDraft = { event: before ? 'groupUpdated' : 'groupCreated', target: targetOf(group), after }
      const events = [...(before && isLong ? [] : [event]), ...memberEvents(group, changed)]
      const end = isLong ? { ...columns, scimid, ...(isUnfinished && { unfinishedAt: null }) } : {}
      return goingOn(call, { group, events, pieces, end, members })
    },
    prepared((call, iam, { body }: WithBody & Wants) => {
      const { ids, columns } = written(iam, checkResource(groupType(iam.config), body))
      return {
        key: `name/${columns.nameKey}`,
        read: async (): Promise<Creation> => {
          const group = await findNamesake(call.db, iam.id, columns.nameKey)
          if (group?.scimid != null) throw taken()
          return { ids, columns, group, changes: [{ kind: group ? 'set' : 'add', ids }] }
        },
      }
    }),
  ),

  replace: command(
    'scim:updateGroup',
    async (
      call: ServiceContext,
      { id, body, members, ...asked }: ById & WithBody & Wants,
      { read, pieces }: Prepared<Replacement>,
    ) => {
      const iam = await iamOf(call)
      const document = read?.document ?? checkResource(groupType(iam.config), body)
      const before = await requireScimGroup(call, { iam, id, options: { lock: true } })
      checkVersion(asked, etagOf(groupFacts(before)))
      return save(call, {
        iam,
        before,
        change: { document, changes: read?.changes ?? replacing(iam, document, body), pieces, members },
      })
    },
    prepared((call, iam, { id, body, ...asked }: ById & WithBody & Wants) => ({
      key: keyOf(id),
      read: async (): Promise<Replacement> => {
        const document = checkResource(groupType(iam.config), body)
        const group = await requireScimGroup(call, { iam, id })
        checkVersion(asked, etagOf(groupFacts(group)))
        return { document, group, changes: replacing(iam, document, body) }
      },
    })),
  ),

  patch: command(
    'scim:updateGroup',
    async (
      call: ServiceContext,
      { id, body, members, ...asked }: ById & WithBody & Wants,
      { read, pieces }: Prepared<Patching>,
    ) => {
      const iam = await iamOf(call)
      const before = await requireScimGroup(call, { iam, id, options: { lock: true } })
      const { type, changes, rest } = read ?? patching(iam, before, body)
      checkVersion(asked, etagOf(groupFacts(before)))
      return save(call, {
        iam,
        before,
        change: { document: patched(type, groupDocument(before), rest), changes, pieces, members },
      })
    },
    prepared((call, iam, { id, body, ...asked }: ById & WithBody & Wants) => ({
      key: keyOf(id),
      read: async (): Promise<Patching> => {
        const group = await requireScimGroup(call, { iam, id })
        const parsed = patching(iam, group, body)
        checkVersion(asked, etagOf(groupFacts(group)))
        patched(parsed.type, groupDocument(group), parsed.rest)
        return { ...parsed, group }
      },
    })),
  ),

  remove: command(
    'scim:deleteGroup',
    async (call: ServiceContext, { id, ...asked }: ById, _: Prepared<Wanted>): Promise<WriteResult<{ deletedId: number }>> => {
      const iam = await iamOf(call)
      const group = await requireScimGroup(call, { iam, id, options: { lock: true } })
      checkVersion(asked, etagOf(groupFacts(group)))
      return deletion(call, group, { how: { before: { iamid: iam.id, name: group.name } } })
    },
    prepared((_call, _iam, { id }: ById) => ({
      key: keyOf(id),
      read: async (): Promise<Wanted> => ({ group: null, changes: [] }),
    })),
  ),
} satisfies Service

interface Creation extends Wanted {
  readonly ids: readonly string[]
  readonly columns: Omit<ScimGroupColumns, 'scimid'>
}
interface Replacement extends Wanted {
  readonly document: Document
}
interface Patching extends Wanted, ReturnType<typeof patching> {
  readonly changes: MemberChange[]
}

const keyOf = (scimid: string): string => `id/${scimid.toLowerCase()}`

async function requireScimGroup(
  { db }: ServiceContext,
  { iam, id, options = {} }: { iam: IamRecord; id: string; options?: { lock?: boolean; members?: boolean } },
): Promise<ScimGroupRecord> {
  const group = await findScimGroup(db, { iamid: iam.id, scimid: checkScimId(id, 'Group'), ...options })
  if (!group) throw new NotFound('No Group with this id')
  return group
}
