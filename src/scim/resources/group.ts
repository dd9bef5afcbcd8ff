import { GROUP_COLUMNS } from '../../domain/groups/group.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { integer, type RecordOf, text } from '../../platform/database/columns.ts'
import { Invalid } from '../../platform/errors.ts'
import { named } from '../../platform/http/text.ts'
import { canonical, checkGroupName, isObject } from '../../platform/validation.ts'
import { withExtensionsOf } from '../protocol/attribute-paths.ts'
import { ScimError } from '../protocol/errors.ts'
import type { ValueFilter } from '../protocol/filter.ts'
import { type PatchOperation, parsePatch } from '../protocol/patch-operations.ts'
import { checkDocument, checkValue, isUnassigned, memberOf } from '../protocol/resource.ts'
import { type Document, groupType, type ResourceType } from '../protocol/schema.ts'
import { isScimId } from './search.ts'

export const SCIM_GROUP_COLUMNS = {
  id: GROUP_COLUMNS.id,
  iamid: GROUP_COLUMNS.iamid,
  name: GROUP_COLUMNS.name,
  scimid: text('g.scimid'),
  /** Counts writes: a version without reading members. */
  scimVersion: integer('g.scim_version'),
  createdAt: GROUP_COLUMNS.createdAt,
  updatedAt: GROUP_COLUMNS.updatedAt,
}

export interface ScimGroupRecord extends RecordOf<typeof SCIM_GROUP_COLUMNS> {
  readonly document: Document
  readonly members?: readonly { value: string; display: string }[]
}

export const groupDocument = ({ name, document }: ScimGroupRecord): Document => ({ displayName: name, ...document })

export const groupFacts = (group: ScimGroupRecord): unknown => [group.scimid, group.scimVersion, groupDocument(group)]

export interface MemberChange {
  readonly kind: 'add' | 'remove' | 'set'
  readonly ids: readonly string[]
}

export function memberIds(type: ResourceType, value: unknown): string[] {
  const members = type.core.attributes.find(({ name }) => name === 'members')!
  const checked = (checkValue(members, value, { field: 'members', strict: type.strict }) ?? []) as Document[]
  return [...new Set(checked.map(memberId))]
}

function memberId(member: Document): string {
  if (typeof member.type === 'string' && member.type.toLowerCase() === 'group')
    throw new ScimError('invalidValue', 'members', 'must be users: a group cannot be in a group')
  if (typeof member.type === 'string' && member.type.toLowerCase() !== 'user')
    throw new ScimError('invalidValue', 'members.type', `must be User, not ${named(member.type)}`)
  if (typeof member.value !== 'string') throw new ScimError('invalidValue', 'members.value', 'is required and must be a string')
  if (!isScimId(member.value)) throw notAUser()
  return member.value.toLowerCase()
}

export const notAUser = () => new ScimError('invalidValue', 'members', 'must be the ids of users of this IAM')

export function memberChanges(
  type: ResourceType,
  steps: readonly PatchOperation[],
): { changes: MemberChange[]; rest: PatchOperation[] } {
  const isAboutMembers = ({ target }: PatchOperation) => target.urn === null && target.attribute?.name === 'members'
  return {
    changes: steps.filter(isAboutMembers).map(step => changeOf(type, step)),
    rest: steps.filter(step => !isAboutMembers(step)),
  }
}

function changeOf(type: ResourceType, { op, filter, value, target }: PatchOperation): MemberChange {
  if (target.sub !== null)
    throw new ScimError('mutability', 'path', 'names a part of a member: remove the member and add another')
  if (filter !== null) {
    if (op !== 'remove')
      throw new ScimError('mutability', 'path', 'selects members, which cannot be changed: remove them and add others')
    const ids = idsOf(filter)
    if (ids === null) throw new ScimError('invalidPath', 'path', 'must select members by value eq, joined by or')
    return { kind: 'remove', ids: ids.filter(isScimId).map(id => id.toLowerCase()) }
  }
  if (op === 'add') return { kind: 'add', ids: memberIds(type, value) }
  if (op === 'replace') return { kind: 'set', ids: memberIds(type, value) }
  // Entra ID's older removal puts members in `value`; empty means all.
  return isUnassigned(value) ? { kind: 'set', ids: [] } : { kind: 'remove', ids: namedIds(value) }
}

export function folded(changes: readonly MemberChange[]): { emptied: boolean; joining: string[]; leaving: string[] } {
  let emptied = false
  const isIn = new Map<string, boolean>()
  for (const { kind, ids } of changes) {
    if (kind === 'set') {
      emptied = true
      isIn.clear()
    }
    for (const id of ids) isIn.set(id, kind !== 'remove')
  }
  const which = (wanted: boolean) => [...isIn].flatMap(([id, value]) => (value === wanted ? [id] : []))
  return { emptied, joining: which(true), leaving: which(false) }
}

function namedIds(value: unknown): string[] {
  const entries = Array.isArray(value) ? value : [value]
  const ids = entries.map(entry => (isObject(entry) ? entry.value : entry))
  if (!ids.every(id => typeof id === 'string')) throw new Invalid('members.value', 'is required and must be a string')
  return (ids as string[]).filter(isScimId).map(id => id.toLowerCase())
}

function idsOf(filter: ValueFilter): string[] | null {
  if (filter.op === 'or') {
    const parts = filter.filters.map(idsOf)
    return parts.includes(null) ? null : (parts as string[][]).flat()
  }
  if (filter.op !== 'eq' || filter.attrPath.toLowerCase() !== 'value') return null
  return typeof filter.compValue === 'string' ? [filter.compValue] : null
}

export function written({ config }: Pick<IamRecord, 'config'>, given: Document) {
  const type = groupType(config)
  const { members, ...document } = given
  const { displayName, ...scim } = checkDocument(type, document)
  const name = checkGroupName(displayName, 'displayName')
  return { ids: memberIds(type, members), columns: { name, nameKey: canonical(name), scim } }
}

/** A PUT may omit attributes (RFC 7644 3.5.1); lists are complete. */
export function replacing({ config }: Pick<IamRecord, 'config'>, document: Document, body: unknown): MemberChange[] {
  const { ids } = written({ config }, document)
  return memberOf(body as Document, 'members') === undefined ? [] : [{ kind: 'set', ids }]
}

export function patching({ config }: Pick<IamRecord, 'config'>, before: ScimGroupRecord, body: unknown) {
  const type = withExtensionsOf(groupType(config), before.document)
  return { type, ...memberChanges(type, parsePatch(type, body)) }
}
