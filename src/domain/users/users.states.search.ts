import type { UserFilter } from '../../generated/inputs.ts'
import type { Conditions } from '../../platform/database/conditions.ts'
import { checkStorable, lookupKey } from '../../platform/validation.ts'

/** As the index of the order by last log-in has it. */
export const LAST_LOGIN = `coalesce(u.last_login, '-infinity')`

export function byLogin(found: Conditions, { neverLoggedIn, lastLoginFrom, lastLoginTo }: UserFilter): void {
  // A service account has no log-in to wait for.
  if (neverLoggedIn != null) found.add(`${LAST_LOGIN} ${neverLoggedIn ? `= '-infinity' AND u.kind = 'PERSON'` : `> '-infinity'`}`)
  if (lastLoginFrom != null) found.add(`${LAST_LOGIN} >= ?::timestamptz`, lastLoginFrom)
  if (lastLoginTo != null)
    found.add(`${LAST_LOGIN} > '-infinity' AND ${LAST_LOGIN} < ?::timestamptz AND u.last_login < ?`, lastLoginTo, lastLoginTo)
}

export function byCreation(found: Conditions, { createdFrom, createdTo }: UserFilter): void {
  if (createdFrom != null) found.add('u.created_at >= ?::timestamptz', createdFrom)
  if (createdTo != null) found.add('u.created_at < ?::timestamptz', createdTo)
}

/** Written as the partial indexes are. */
const DISABLED_BY: Record<NonNullable<UserFilter['disabledBy']>, string> = {
  ADMINISTRATOR: `u.disabled AND coalesce(u.disabled_by, 'bim') = 'bim'`,
  SOURCE: `u.disabled AND u.disabled_by <> 'bim'`,
}

export function byDisabling(found: Conditions, filter: UserFilter): void {
  const disabled = filter.includeDisabled ?? filter.disabledBy != null
  const enabled = filter.includeEnabled ?? true
  if (!disabled && !enabled) found.add('false')
  else if (!disabled) found.add('NOT u.disabled')
  else if (!enabled) found.add('u.disabled')
  if (filter.disabledBy) found.add(DISABLED_BY[filter.disabledBy])
}

export function byInvitation(found: Conditions, { invited }: UserFilter, now: Date): void {
  const open = 'FROM invitations i WHERE i.expires_at > ?::timestamptz'
  if (invited === true) found.add(`u.id IN (SELECT i.user_id ${open})`, now)
  if (invited === false) found.add(`NOT EXISTS (SELECT 1 ${open} AND i.user_id = u.id)`, now)
}

const SOURCED = [
  'SELECT h.user_id AS id FROM user_permissions h WHERE h.source = ?',
  'SELECT h.user_id FROM memberships h WHERE h.sources @> ARRAY[?::text]',
  'SELECT h.user_id FROM user_attributes h WHERE h.source = ?',
]

export function bySource(found: Conditions, { source }: UserFilter): void {
  if (source == null) return
  const values = Array(3).fill(checkStorable('source', source))
  const condition = `EXISTS (${SOURCED.map(select => `${select} AND h.user_id = u.id`).join(' UNION ALL ')})`
  found.narrow({ ids: SOURCED.join(' UNION ALL '), condition }, ...values)
}

export function byMissingAttribute(found: Conditions, { withoutAttribute }: UserFilter): void {
  if (withoutAttribute == null) return
  const key = lookupKey(withoutAttribute)
  if (key !== null) found.add('NOT EXISTS (SELECT 1 FROM user_attributes a WHERE a.user_id = u.id AND a.key_key = ?)', key)
}
