import { alsoNeeds, type Call, read, type Service } from '../access/guard.ts'
import { authorizations } from '../attributes/attribute.ts'
import { answerOf } from '../connectors/userinfo.ts'
import { Invalid } from '../errors.ts'
import type { SimulateIdentityInput } from '../generated/graphql.ts'
import type { IamRecord } from '../iams/iam.ts'
import { requireIam } from '../iams/iams.store.ts'
import { checkList } from '../names.ts'
import type { UserRecord } from '../users/user.ts'
import { seenAs } from '../users/user.ts'
import { identityOf, type Mapped, type Values } from './mapping.ts'
import { informed, USER_INFO } from './outside.ts'
import { simulate } from './reconcile.ts'

export interface Simulated {
  readonly user: UserRecord | null
  readonly source: string
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly joined: string[]
  readonly left: string[]
  readonly attributesAdded: Record<string, string[]>
  readonly attributesRemoved: Record<string, string[]>
  readonly faults: string[]
}

export const identities = {
  /** What a source's word would change. Nothing is written, and nobody outside is asked. */
  simulate: read('iam:simulate', async (call: Call, input: SimulateIdentityInput): Promise<Simulated> => {
    const { db } = call
    const iam = await requireIam(db, input.iamid)
    const { identity, faults } = saidBy(iam, input)
    const source = input.userInfo == null ? iam.id : USER_INFO
    const { user, plan } = await simulate(db, { iamid: iam.id, source }, identity)
    // The difference tells what is held: that is for who may read it.
    if (user !== null) alsoNeeds(call, 'user:read')
    return {
      user: user && seenAs(user, 'aggregate'),
      source,
      before: plan.before,
      after: plan.after,
      joined: plan.join.map(group => group.name),
      left: [...plan.leave],
      attributesAdded: authorizations(plan.attributes.added),
      attributesRemoved: authorizations(plan.attributes.removed),
      faults: [...faults],
    }
  }),
} satisfies Service

function saidBy(iam: IamRecord, { userid, claims, ldapEntry, userInfo, groups }: SimulateIdentityInput): Mapped {
  const given = [claims, ldapEntry, userInfo].filter(said => said != null)
  if (given.length !== 1) throw new Invalid('claims', 'or ldapEntry or userInfo must be given, and only one of them')
  if (userInfo != null) {
    if (groups != null) throw new Invalid('groups', 'cannot stand beside userInfo, which has its own')
    const answer = answerOf(userInfo)
    if ('failure' in answer) throw new Invalid('userInfo', `is no answer: ${answer.failure}`)
    return informed(userid, answer.info)
  }
  const names = groups == null ? null : checkList('groups', groups)
  return identityOf(iam, {
    userid,
    values:
      claims == null ? valuesOf('ldapEntry', ldapEntry, name => name.toLowerCase()) : valuesOf('claims', claims, name => name),
    groups: names?.map(name => ({ name, values: () => undefined })) ?? null,
  })
}

/** Reads `{name: value or list of values}`; what is neither text, number nor boolean was not said. */
function valuesOf(field: string, said: unknown, named: (name: string) => string): Values {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw new Invalid(field, 'must be an object')
  const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)
  const found = new Map(
    Object.entries(said).flatMap(([name, value]) => {
      const values: unknown[] = Array.isArray(value) ? value : [value]
      return values.every(isPlain) ? [[named(name), values.map(String)] as const] : []
    }),
  )
  return name => found.get(named(name))
}
