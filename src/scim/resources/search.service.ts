import { query, type Service, type ServiceContext } from '../../authorization/service.ts'
import { groupType, userType } from '../protocol/schema.ts'
import type { ScimGroupRecord } from './group.ts'
import { groupColumns, groupsOfPage } from './groups.store.ts'
import { listOfAll } from './list.ts'
import { iamOf, type RowRef, type SearchRequest, type SearchResult, search } from './search.ts'
import type { ScimUserRecord } from './user.ts'
import { findScimUsers, userColumns } from './users.store.ts'

export type Either = { readonly user: ScimUserRecord } | { readonly group: ScimGroupRecord }

interface At extends RowRef {
  readonly type: 'User' | 'Group'
}
interface Wants {
  readonly groups: boolean
  readonly members: boolean
}

/** Root search (RFC 7644 3.4.3); bounded as lists of groups. */
export const scimRoot = {
  search: query(
    'scim:read',
    async (call: ServiceContext, { groups, members, ...asked }: SearchRequest & Wants): Promise<SearchResult<Either>> => {
      const iam = await iamOf(call)
      const list = listOfAll([userColumns(userType(iam.config)), groupColumns(groupType(iam.config))], iam.id, asked)
      return search<Either, At>(call, {
        list,
        asked,
        hydrate: async (places, fromEnd) => {
          const ids = (of: readonly At[], type: At['type']) => of.flatMap(at => (at.type === type ? at.id : []))
          const groupIds = ids(places, 'Group')
          const found = await groupsOfPage(call.db, groupIds, { members, fromEnd })
          const taken = within(places, groupIds.length - found.fits, fromEnd)
          const users = new Map((await findScimUsers(call.db, ids(taken, 'User'), groups)).map(user => [user.id, user]))
          const rows = taken.flatMap(({ id, type }): Either[] => {
            const [user, group] = type === 'User' ? [users.get(id)] : [undefined, found.groups.get(id)]
            return user ? [{ user }] : group ? [{ group }] : []
          })
          return { rows, taken: taken.length }
        },
      })
    },
  ),
} satisfies Service

function within(places: readonly At[], over: number, fromEnd: boolean): readonly At[] {
  if (over === 0) return places
  const at = places.flatMap(({ type }, at) => (type === 'Group' ? at : []))
  return fromEnd ? places.slice(at[over - 1]! + 1) : places.slice(0, at[at.length - over])
}
