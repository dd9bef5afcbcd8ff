import type { Actor } from '../../authorization/actor.ts'
import type { Context } from '../../authorization/context.ts'
import { ADMINS_AND_GOVERNORS } from '../../authorization/permissions.ts'
import { maySee } from '../../authorization/policy.ts'
import { authorize } from '../../authorization/service.ts'
import type { UserFilter, UserKind, UserSort } from '../../generated/inputs.ts'
import { Conditions } from '../../platform/database/conditions.ts'
import type { Order } from '../../platform/database/order.ts'
import { type ListQuery, partPattern } from '../../platform/database/pagination.ts'
import { searchPatterns } from '../../platform/database/text-search.ts'
import { checkList, checkStorable, lookupKey } from '../../platform/validation.ts'
import type { UserRecord } from './user.ts'
import { type Projection, projected } from './users.projection.ts'
import {
  byCreation,
  byDisabling,
  byInvitation,
  byLogin,
  byMissingAttribute,
  bySource,
  LAST_LOGIN,
} from './users.states.search.ts'

/** Using one needs `user:search`. */
const HIDDEN = [
  ...(['globalUserIds', 'groupIds', 'groupNames', 'attributes', 'domainPermission', 'domainId'] as const),
  ...(['withoutAttribute', 'source', 'disabledBy', 'invited'] as const),
]

export async function authorizeFilter(context: Context, filter: UserFilter | null | undefined): Promise<void> {
  if (filter && HIDDEN.some(name => filter[name] != null)) await authorize(context, 'user:search')
}

const ORDERS: Record<UserSort['field'], Omit<Order, 'descending'>> = {
  NAME: { name: 'name', expression: 'u.name_key', type: 'text' },
  USERID: { name: 'userid', expression: 'u.userid_key', type: 'text' },
  EMAIL: { name: 'email', expression: 'u.email_key', type: 'text' },
  IAMID: { name: 'iamid', expression: 'lower(u.iamid COLLATE "C")', type: 'text' },
  CREATED_AT: { name: 'createdAt', expression: 'u.created_at', type: 'timestamptz' },
  LAST_LOGIN: { name: 'lastLogin', expression: LAST_LOGIN, type: 'timestamptz' },
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const FEW = 4

/** Literals, for the partial index. */
const KINDS: Record<UserKind, string> = { PERSON: `u.kind = 'PERSON'`, SERVICE: `u.kind = 'SERVICE'` }

interface Narrowed extends UserFilter {
  readonly also?: (found: Conditions) => void
}

/** `ids`: in external ids too, which may be hidden. `now`: for open invitations. */
export interface UserSearch {
  readonly search?: string | null
  readonly ids?: boolean
  readonly now?: Date
}

export const mayFindById = (actor: Actor): boolean => maySee(actor, 'Profile.private') && maySee(actor, 'User.sourceIds')

export function userList(
  filter: Narrowed,
  sort: UserSort | null | undefined,
  { wanted, ...search }: UserSearch & { wanted?: Projection | undefined } = {},
): ListQuery<UserRecord> {
  const { where, values, narrowing } = userConditions(filter, search)
  return {
    ...projected(wanted, values.length, 'page.id'),
    from: 'users u',
    where,
    values,
    narrowing,
    id: 'u.id',
    fresh: true,
    order: { ...ORDERS[sort?.field ?? 'NAME'], descending: sort?.direction === 'DESC' },
  }
}

export function userConditions(filter: Narrowed, { search, ids, now = new Date() }: UserSearch = {}): Conditions {
  const found = new Conditions()
  byWords(found, searchPatterns('search', search), ids ?? false)
  byText(found, filter)
  byIds(found, filter)
  byHoldings(found, filter)
  byState(found, filter)
  byLogin(found, filter)
  byCreation(found, filter)
  byInvitation(found, filter, now)
  filter.also?.(found)
  return found
}

function byWords(found: Conditions, patterns: readonly string[] | null, ids: boolean): void {
  if (patterns?.length === 0) found.add('false')
  for (const pattern of patterns ?? [])
    if (ids) found.add('(u.search_text LIKE ? OR u.search_ids LIKE ?)', pattern, pattern)
    else found.add('u.search_text LIKE ?', pattern)
  if (patterns && patterns.length > 0) found.narrow({ ids: `SELECT u.id FROM users u WHERE ${found.where.join(' AND ')}` })
}

function byText(found: Conditions, filter: UserFilter): void {
  for (const field of ['name', 'userid', 'email'] as const) {
    const text = filter[field]
    if (text == null || text === '') continue
    found.add(`u.${field}_key LIKE ?`, partPattern(field, text))
  }
}

function byIds(found: Conditions, filter: UserFilter): void {
  if (filter.iamids) found.add('u.iamid = ANY(?::text[])', checkList('iamids', filter.iamids))
  if (filter.ids) found.add('u.id = ANY(?::int[])', checkList('ids', filter.ids))
  if (filter.profileIds) found.add('u.profile_id = ANY(?::int[])', checkList('profileIds', filter.profileIds))
  if (filter.globalUserIds)
    found.add(
      'u.global_user_id = ANY(?::uuid[])',
      checkList('globalUserIds', filter.globalUserIds).filter(id => UUID.test(id)),
    )
}

function byHoldings(found: Conditions, filter: UserFilter): void {
  if (filter.groupIds)
    found.add(
      'u.id IN (SELECT m.user_id FROM memberships m WHERE m.group_id = ANY(?::int[]))',
      checkList('groupIds', filter.groupIds),
    )
  if (filter.groupNames) {
    const keys = checkList('groupNames', filter.groupNames)
      .map(name => lookupKey(name))
      .filter(key => key !== null)
    found.add(
      'u.id IN (SELECT m.user_id FROM memberships m JOIN groups g ON g.id = m.group_id WHERE g.name_key = ANY(?::text[]))',
      keys,
    )
  }
  byAttributes(found, filter.attributes ?? [])
  byMissingAttribute(found, filter)
  bySource(found, filter)
  if (filter.permission != null)
    byHeld(found, 'effective_permissions e WHERE e.permission = ?', [checkStorable('permission', filter.permission)])
  if (filter.domainPermission != null || filter.domainId != null) byDomain(found, filter)
}

/** A scalar sub-select: nothing else keeps the planner from looking for all holders first. */
function byHeld(found: Conditions, held: string, values: readonly string[]): void {
  const condition = `(SELECT true FROM ${held} AND e.user_id = u.id LIMIT 1)`
  found.narrow({ ids: `SELECT e.user_id AS id FROM ${held}`, condition }, ...values)
}

/**
 * All must match. Many become one counting condition, since joins take minutes to plan; keys without value count
 * below zero.
 */
function byAttributes(found: Conditions, attributes: NonNullable<UserFilter['attributes']>): void {
  const wanted = checkList('attributes', attributes).map(
    ({ key, value }) => [lookupKey(key) ?? '', value == null ? null : checkStorable('attributes', value)] as const,
  )
  const distinct = [...new Map(wanted.map(pair => [JSON.stringify(pair), pair])).values()]
  if (distinct.length <= FEW) {
    for (const [key, value] of distinct)
      if (value === null) byHeld(found, 'user_attributes e WHERE e.key_key = ?', [key])
      else byHeld(found, 'user_attributes e WHERE e.key_key = ? AND md5(e.value) = md5(?) AND e.value = ?', [key, value, value])
    return
  }
  const held = 'SELECT a.user_id, w.n FROM unnest(?::text[], ?::text[]) WITH ORDINALITY w(key, value, n) JOIN user_attributes a'
  const named = distinct.filter(([, value]) => value !== null)
  const any = distinct.filter(([, value]) => value === null)
  found.add(
    `u.id IN (SELECT h.user_id FROM (
       ${held} ON a.key_key = w.key AND md5(a.value) = md5(w.value) AND a.value = w.value
       UNION ALL SELECT h.user_id, -h.n FROM (${held} ON a.key_key = w.key) h) h
     GROUP BY h.user_id HAVING count(DISTINCT h.n) = ?::int)`,
    named.map(([key]) => key),
    named.map(([, value]) => value),
    any.map(([key]) => key),
    any.map(([, value]) => value),
    distinct.length,
  )
}

function byDomain(found: Conditions, { domainId, domainPermission }: UserFilter): void {
  const narrow: string[] = []
  const values: unknown[] = []
  if (domainId != null) {
    narrow.push('d.domain_id = ?::uuid')
    values.push(domainId)
  }
  if (domainPermission != null) {
    narrow.push('d.permission = ?')
    values.push(checkStorable('domainPermission', domainPermission))
  }
  const held = narrow.join(' AND ')
  found.add(
    `u.id IN (SELECT d.user_id FROM domain_permissions d WHERE ${held} AND d.user_id IS NOT NULL
      UNION ALL SELECT m.user_id FROM domain_permissions d JOIN memberships m ON m.group_id = d.group_id WHERE ${held})`,
    ...values,
    ...values,
  )
}

function byState(found: Conditions, filter: UserFilter): void {
  byDisabling(found, filter)
  if (filter.excludeDeletedIams ?? true) found.add('u.iamid IN (SELECT i.id FROM iams i)')
  if (filter.excludeBim) found.add(`u.iamid <> 'bim'`)
  if (filter.kind) found.add(KINDS[filter.kind])
  if (filter.excludeSystemGenerated) found.add('NOT u.system_generated')
  if (filter.excludeAdminAndGovernor)
    found.add(
      'NOT EXISTS (SELECT 1 FROM effective_permissions e WHERE e.user_id = u.id AND e.permission = ANY(?::text[]))',
      ADMINS_AND_GOVERNORS,
    )
}
