import type { ApiKeyFilter, ApiKeySort, TokenFilter, TokenSort } from '../../generated/inputs.ts'
import { listOf } from '../../platform/database/nested-list.ts'
import type { Order } from '../../platform/database/order.ts'
import { conditions, type ListQuery } from '../../platform/database/pagination.ts'
import { checkList } from '../../platform/validation.ts'
import type { ApiKeyRecord, TokenRecord } from './credential.ts'
import { apiKeysOfUsers, tokensOfUsers } from './credentials.store.ts'

// Indexed, as sort keys and as conditions.
const USED = "coalesce(k.last_used, '-infinity')"
const EXPIRES = "coalesce(k.expires_at, 'infinity')"

const KEY_ORDERS: Record<ApiKeySort['field'], Omit<Order, 'descending'>> = {
  CREATED_AT: apiKeysOfUsers.order,
  LAST_USED: { name: 'apiKeysUsed', expression: USED, type: 'timestamptz' },
  EXPIRES_AT: { name: 'apiKeysExpiring', expression: EXPIRES, type: 'timestamptz' },
}

/** Without `userId`, those of all users. */
export function keyList(
  userId: number | null,
  { filter, sort, now }: { filter: ApiKeyFilter; sort: ApiKeySort | null | undefined; now: Date },
): ListQuery<ApiKeyRecord> {
  const { expired, unusedSince } = filter
  return {
    columns: apiKeysOfUsers.columns,
    from: apiKeysOfUsers.from,
    ...conditions([
      ['k.user_id = $::int', userId],
      [
        'k.user_id IN (SELECT u.id FROM users u WHERE u.iamid = ANY($::text[]))',
        filter.iamids && checkList('iamids', filter.iamids),
      ],
      ['k.project_id = $::int', filter.projectId],
      [`${EXPIRES} <= $::timestamptz`, expired === true ? now : null],
      [`${EXPIRES} > $::timestamptz`, expired === false ? now : null],
      [`${EXPIRES} < $::timestamptz`, filter.expiresBefore],
      [`${USED} < $::timestamptz`, unusedSince],
      ['k.created_at < $::timestamptz', unusedSince],
      ['k.created_at < $::timestamptz', filter.createdBefore],
    ]),
    id: apiKeysOfUsers.id,
    order: { ...KEY_ORDERS[sort?.field ?? 'CREATED_AT'], descending: sort?.direction === 'DESC' },
    fresh: userId === null,
  }
}

const TOKEN_ORDERS: Record<TokenSort['field'], Omit<Order, 'descending'>> = {
  CREATED_AT: tokensOfUsers(new Date(0)).order,
  LAST_USED: { name: 'tokensUsed', expression: 't.last_used', type: 'timestamptz' },
  EXPIRATION: { name: 'tokensExpiring', expression: 't.expires_at', type: 'timestamptz' },
}

export const tokenList = (
  userId: number,
  { filter, sort, now }: { filter: TokenFilter; sort: TokenSort | null | undefined; now: Date },
): ListQuery<TokenRecord> => ({
  ...listOf(tokensOfUsers(now), userId),
  ...conditions([
    ['t.user_id = $::int', userId],
    ['t.expires_at > $::timestamptz', now],
    ['t.api_key_id = $::int', filter.apiKeyId],
    ['(t.impersonator_id IS NOT NULL) = $::boolean', filter.impersonation],
  ]),
  order: { ...TOKEN_ORDERS[sort?.field ?? 'CREATED_AT'], descending: sort?.direction === 'DESC' },
})
