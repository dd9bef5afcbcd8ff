/** Users of a Bulk whose names are new: a few statements for all of them. */
import { randomUUID } from 'node:crypto'
import type { AuditDraft } from '../../authorization/audit-event.ts'
import { command, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { targetOf } from '../../domain/users/user.ts'
import { takenNames } from '../../domain/users/users.store.ts'
import { RosterError } from '../../platform/errors.ts'
import { checkResource } from '../protocol/resource.ts'
import { userType } from '../protocol/schema.ts'
import { iamOf } from './search.ts'
import { disabledState, toColumns, type WrittenUser } from './user.columns.ts'
import { createdFacts, type ScimUserRecord } from './user.ts'
import { insertScimUsers, insertSourceAttributes } from './users.store.ts'

export interface NewUser {
  readonly user: ScimUserRecord
  readonly event: AuditDraft
  readonly notTaken: readonly string[]
}

export const newUsers = {
  /** Null for what `scimUsers.create` has to answer: an invalid body, or a name that exists. */
  create: command(
    'scim:createUser',
    async (call: ServiceContext, { bodies }: { bodies: readonly unknown[] }): Promise<WriteResult<(NewUser | null)[]>> => {
      const { db, now } = call
      const iam = await iamOf(call)
      const wanted = bodies.map(body => valid(iam, body))
      const names = wanted.flatMap(user => user?.useridKey ?? [])
      const taken = await takenNames(db, iam.id, names)
      // In one order, against deadlocks of two Bulks.
      const free = wanted
        .filter((user): user is WrittenUser => user !== null && !taken.has(user.useridKey))
        .toSorted((one, other) => (one.useridKey < other.useridKey ? -1 : 1))
      const users = await insertScimUsers(db, free.map(rowOf(iam)), now)
      const made = new Map(users.map(({ key, user }) => [key, user]))
      const created = free.filter(({ useridKey }) => made.has(useridKey))
      const attributes = created.flatMap(({ useridKey, attributes }) =>
        attributes.map(attribute => ({ ...attribute, userId: made.get(useridKey)!.id })),
      )
      if (attributes.length > 0) await insertSourceAttributes(db, attributes, { source: iam.id, now })
      const value = wanted.map(next => {
        const user = next && made.get(next.useridKey)
        return user ? { user, event: eventOf(user, next), notTaken: next.notTaken } : null
      })
      return { value, events: value.flatMap(one => one?.event ?? []) }
    },
  ),
} satisfies Service

function valid(iam: IamRecord, body: unknown): WrittenUser | null {
  try {
    return toColumns(iam, checkResource(userType(iam.config), body))
  } catch (error) {
    if (error instanceof RosterError) return null
    throw error
  }
}

const rowOf =
  (iam: IamRecord) =>
  ({ columns, userid, useridKey, active }: WrittenUser) => ({
    ...columns,
    ...disabledState(iam, null, active ?? true),
    ...{ iamid: iam.id, userid, useridKey, scimId: randomUUID(), name: columns.name!, nameKey: columns.nameKey! },
  })

const eventOf = (user: ScimUserRecord, { attributes }: WrittenUser): AuditDraft => ({
  event: 'userCreated',
  target: targetOf(user),
  after: createdFacts(
    user,
    attributes.map(({ key, value }) => `${key}:${value}`),
  ),
})
