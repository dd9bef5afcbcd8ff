import type { UserRef } from '../../authorization/actor.ts'
import type { Db } from '../../platform/database/store.ts'
import { Invalid } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import type { UserRecord } from '../users/user.ts'
import { requireUsers } from '../users/users.store.ts'

export interface PeopleInput {
  readonly add?: readonly UserRef[] | null
  readonly remove?: readonly UserRef[] | null
}

/** Throws Invalid for a user on both sides, and NotFound. */
export async function peopleOf(db: Db, input: PeopleInput): Promise<{ add: UserRecord[]; remove: UserRecord[] }> {
  const add = checkRefs('add', input.add ?? [])
  const remove = checkRefs('remove', input.remove ?? [])
  const users = await requireUsers(db, [...add, ...remove])
  const people = { add: users.slice(0, add.length), remove: users.slice(add.length) }
  const added = new Set(people.add.map(user => user.id))
  if (people.remove.some(user => added.has(user.id))) throw new Invalid('remove', 'must not name a user who is also in add')
  return people
}

export function checkRefs(field: string, refs: readonly UserRef[]): readonly UserRef[] {
  return checkList(field, refs).map((ref, index) => {
    if (ref.id == null && ref.userid == null) throw new Invalid(`${field}[${index}]`, 'needs an id or a userid')
    return ref
  })
}

export const idsOfUsers = (users: readonly UserRecord[]): number[] => users.map(user => user.id)

export function namesOf(users: readonly UserRecord[], ids: readonly number[]): string[] {
  const names = new Map(users.map(user => [user.id, `${user.iamid}/${user.userid}`]))
  return ids.flatMap(id => names.get(id) ?? [])
}
