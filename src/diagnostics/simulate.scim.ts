import type { ServiceContext } from '../authorization/service.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { groupsHeldBy } from '../federation/identity.store.ts'
import type { Identity } from '../federation/identity.ts'
import { PROFILE_FIELDS } from '../federation/identity.ts'
import { Invalid } from '../platform/errors.ts'
import { canonical } from '../platform/validation.ts'
import { checkResource } from '../scim/protocol/resource.ts'
import { userType } from '../scim/protocol/schema.ts'
import { disabledState, toColumns } from '../scim/resources/user.columns.ts'
import { findByUserName } from '../scim/resources/users.store.ts'
import { type IdentitySimulation, simulateIdentity } from './simulate.ts'

export async function simulateScim(
  call: ServiceContext,
  { iam, userid, body }: { iam: IamRecord; userid: string; body: unknown },
): Promise<IdentitySimulation> {
  if (iam.id === 'bim') throw new Invalid('data.scim', 'requires an IAM with SCIM enabled')
  const resource = checked(iam, body)
  if (canonical(resource.userid) !== canonical(userid)) throw new Invalid('userid', 'must be the userName of data.scim')
  const held = await findByUserName(call.db, { iamid: iam.id, useridKey: resource.useridKey })
  const { columns } = resource
  const filled = PROFILE_FIELDS.flatMap(field => (columns[field] === undefined ? [] : [[field, columns[field]] as const]))
  const attributes: Record<string, string[]> = {}
  for (const { key, value } of resource.attributes) attributes[key] = [...(attributes[key] ?? []), value]
  const identity: Identity = { userid: resource.userid, profile: Object.fromEntries(filled), attributes, allBut: [] }
  const plan = await simulateIdentity(call, {
    iam: { id: iam.id, config: {} },
    source: iam.id,
    mapped: { identity, faults: resource.notTaken },
  })
  const isPut = held !== null && held.scimId !== null
  const { disabled } = disabledState(iam, held, resource.active ?? (isPut ? !held.disabled : true))
  const left = held === null || isPut ? [] : await groupsHeldBy(call.db, { userIds: [held.id], iamid: iam.id, source: iam.id })
  const changes = (held?.disabled ?? null) !== disabled
  return {
    ...plan,
    // SCIM replaces single values; federation replaces whole attributes.
    attributesAdded: without(plan.attributesAdded, plan.attributesRemoved),
    attributesRemoved: without(plan.attributesRemoved, plan.attributesAdded),
    groupsRemoved: left.map(({ name }) => name),
    before: { ...plan.before, ...(changes && { disabled: held?.disabled ?? null }) },
    after: { ...plan.after, ...(changes && { disabled }) },
  }
}

function without(some: Values, others: Values): Values {
  const left = Object.entries(some).map(([key, values]) => [key, values.filter(value => !others[key]?.includes(value))] as const)
  return Object.fromEntries(left.filter(([, values]) => values.length > 0))
}
type Values = Record<string, string[]>

function checked(iam: IamRecord, body: unknown): ReturnType<typeof toColumns> {
  try {
    return toColumns(iam, checkResource(userType(iam.config), body))
  } catch (error) {
    throw error instanceof Invalid ? new Invalid('data.scim', `would be refused: ${error.message}`) : error
  }
}
