// The GraphQL fields behind each row of the matrix, on targets that nothing else uses. As matrix.requests.ts, for the other API.
import { toGlobalId } from '../../src/api/graphql/node.ids.ts'
import { fresh, make } from '../api/graphql/make.ts'
import type { TestApp } from '../harness/app.ts'
import type { Actor } from './matrix.actors.ts'

export interface Case {
  app: TestApp
  actor: Actor
  /** The credential this request carries; the anonymous have none. */
  credential: string | undefined
}

export interface Asked {
  /** `field(arguments) { selection }`, as it stands in the document. */
  field: string
  kind: 'query' | 'mutation'
  /** The code that a 200 in the matrix stands for here, where the request is allowed and yet cannot succeed. */
  allowed?: string
  /** No credential in the header, though the actor has one: it stands in the input. */
  bare?: boolean
  /** What may be hidden, read from what the field answers: all null or all there. */
  hidden?: (answer: never) => unknown[]
}

type Ask = (on: Case) => Promise<Asked>

/** A value as GraphQL writes it: JSON without quotes around names. */
const literal = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(literal).join(' ')}]`
    : typeof value === 'object' && value !== null
      ? `{ ${Object.entries(value)
          .map(([key, item]) => `${key}: ${literal(item)}`)
          .join(', ')} }`
      : JSON.stringify(value)

const query = (name: string, given: object | null, selection: string, more: Partial<Asked> = {}): Asked => {
  const named = Object.entries(given ?? {}).map(([key, value]) => `${key}: ${literal(value)}`)
  return { kind: 'query', field: `${name}${named.length > 0 ? `(${named.join(', ')})` : ''} { ${selection} }`, ...more }
}
const mutation = (name: string, input: object, selection: string, more: Partial<Asked> = {}): Asked => ({
  kind: 'mutation',
  field: `${name}(input: ${literal(input)}) { ${selection} }`,
  ...more,
})

interface Target {
  id: number
  userid: string
}
const target = ({ app, actor }: Case, more: object = {}): Promise<Target> | Target =>
  actor.onSelf ? { id: actor.id, userid: actor.userid } : make.user({ app }, { userid: fresh('target'), ...more })

const onUser =
  (name: string, more: object = {}, selection = 'user { id }', made: object = {}): Ask =>
  async at =>
    mutation(name, { ref: { name: { userid: (await target(at, made)).userid } }, ...more }, selection)

const group = ({ app }: Case) => make.group({ app })

async function member(at: Case) {
  const [groupId, user] = [await group(at), await target(at)]
  return { groupId, user, membershipId: await make.member(at, groupId, user.id) }
}

const ownersOf = async (at: Case) => [{ user: { databaseId: (await target(at)).id } }, { group: { databaseId: await group(at) } }]
const onOwner =
  (which: 0 | 1, name: string, more: object): Ask =>
  async at =>
    mutation(name, { owner: (await ownersOf(at))[which], ...more }, 'owner { __typename }')
const editing =
  (which: 0 | 1, operation: 'ADD' | 'REMOVE'): Ask =>
  async at => {
    const owner = literal((await ownersOf(at))[which])
    const edit = `{ owner: ${owner}, operation: ${operation}, key: "desk", value: "day" }`
    return { kind: 'mutation', field: `editAttributes(input: { edits: [${edit}] }) { owners { __typename } }` }
  }

/** A user with something in every field that can be hidden, in a group with an attribute. */
async function dressed(at: Case) {
  const { app } = at
  const who = await target(at)
  const admin = (document: string) => app.graphql(`mutation { ${document} }`)
  const profile = '{ phone: "+32 9 000 00 00", sqlUser: "s", preferences: { a: 1 }, externalUserIds: { prestoUser: "p" } }'
  await admin(`updateProfile(input: { ref: { databaseId: ${who.id} }, profile: ${profile} }) { user { id } }`)
  const groupId = await group(at)
  await make.member(at, groupId, who.id)
  for (const owner of [`user: { databaseId: ${who.id} }`, `group: { databaseId: ${groupId} }`])
    await admin(`addAttribute(input: { owner: { ${owner} }, key: "desk", value: "day" }) { owner { __typename } }`)
  return { ...who, groupId }
}

const PRIVATE_PROFILE = 'phone sqlUser preferences externalUserIds'
const PRIVATE_USER = 'groupPermissions permissionGrants { source } authorizations bimAuthorizations attributes { key }'
const HOLDINGS =
  'groups { nodes { id } } memberships { nodes { id } } effectiveAttributes { key } domainPermissions { nodes { id } }'

const without = (of: object, ...names: string[]) =>
  Object.entries(of)
    .filter(([name]) => !names.includes(name))
    .map(([, value]) => value)

type Hit = Record<string, unknown> & { profile: object }

export const requests: Record<string, Ask[]> = {
  1: [async () => mutation('createUser', { userid: fresh('made') }, 'user { id }')],
  2: [async ({ actor }) => mutation('logIn', { userid: actor.userid, password: actor.password }, 'tokenExpiration')],
  3: [onUser('updateProfile', { profile: { location: 'Ghent' } })],
  4: [onUser('revokeUserPermission', { permission: 'CREATE_FILTER' }, 'user { id }', { permissions: ['CREATE_FILTER'] })],
  5: [
    onUser('setUserPermissions', { permissions: ['CREATE_FILTER'] }),
    onUser('grantUserPermissions', { permissions: ['CREATE_FILTER'] }),
  ],
  6: [
    async at => {
      const { userid } = await target(at)
      return mutation(
        'setPassword',
        { ref: { name: { userid } }, originalPassword: at.actor.password, password: at.actor.password },
        'success',
      )
    },
  ],
  7: [onUser('setUserDisabled', { disabled: true }), onUser('setUserDisabled', { disabled: false })],
  // Local accounts have no sync: an allowed caller gets BAD_USER_INPUT.
  8: [async () => mutation('syncIam', { iamid: 'bim' }, 'count', { allowed: 'BAD_USER_INPUT' })],
  9: [async () => mutation('syncIam', { iamid: 'bim', dryRun: true }, 'count', { allowed: 'BAD_USER_INPUT' })],
  10: [
    onOwner(0, 'addAttribute', { key: 'desk', value: 'day' }),
    onOwner(0, 'replaceAttributes', { attributes: { desk: ['day'] } }),
    editing(0, 'ADD'),
  ],
  11: [
    ...([0, 1] as const).flatMap(which => [
      onOwner(which, 'removeAttribute', { key: 'desk', value: 'day' }),
      onOwner(which, 'removeAttribute', { key: 'desk' }),
      editing(which, 'REMOVE'),
    ]),
  ],
  12: [
    async at =>
      mutation(
        'cloneUser',
        { ref: { databaseId: (await target(at)).id }, emails: [`${fresh('clone')}@roster.example`] },
        'failedEmails',
      ),
  ],
  13: [async () => mutation('removeAttributeEverywhere', { iamid: 'bim', key: fresh('nobodys') }, 'userCount')],
  14: [
    async () => query('iams', null, 'nodes { id displayName type oauth }'),
    async () => query('iam', { iamid: 'bim' }, 'id displayName type oauth'),
  ],
  15: [
    async at => {
      const { userid } = await dressed(at)
      const hidden = (answer: { nodes: Hit[] }) => {
        const { profile, ...hit } = answer.nodes[0]!
        return [...without(hit, 'userid'), ...without(profile, 'name')]
      }
      return query(
        'users',
        { filter: { userid } },
        `nodes { userid profile { name ${PRIVATE_PROFILE} } ${PRIVATE_USER} ${HOLDINGS} }`,
        { hidden },
      )
    },
  ],
  16: [async () => query('viewer', null, `user { userid ${PRIVATE_USER} ${HOLDINGS} profile { ${PRIVATE_PROFILE} } } can`)],
  17: [
    async at => query('user', { ref: { name: { userid: (await target(at)).userid } } }, 'id permissions'),
    async at => query('user', { ref: { databaseId: (await target(at)).id } }, 'id permissions'),
  ],
  18: [
    async at => {
      const { id } = await dressed(at)
      return query('profile', { ref: { databaseId: id } }, `id name ${PRIVATE_PROFILE}`, {
        hidden: (answer: object) => without(answer, 'id', 'name'),
      })
    },
  ],
  19: [async at => query('userMemberships', { ref: { databaseId: (await dressed(at)).id } }, 'nodes { id name }')],
  20: [
    async () => query('users', { filter: { groupNames: ['any'] } }, 'nodes { id }'),
    async () => query('users', { filter: { attributes: [{ key: 'desk' }] } }, 'nodes { id }'),
    async () => query('users', { filter: { domainPermission: 'Manage Policies' } }, 'nodes { id }'),
    async () => query('users', { filter: { globalUserIds: ['x'] } }, 'totalCount'),
  ],
  21: [async () => mutation('createGroup', { name: fresh('new crew') }, 'group { id }')],
  22: [async at => mutation('updateGroup', { ref: { databaseId: await group(at) }, description: 'x' }, 'group { id }')],
  23: [
    async at => {
      const { groupId, membershipId } = await member(at)
      return mutation(
        'removeGroupMember',
        { group: { databaseId: groupId }, membership: { databaseId: membershipId } },
        'deletedId',
      )
    },
    async at => {
      const { groupId, user } = await member(at)
      return mutation('changeGroupMembers', { group: { databaseId: groupId }, remove: [{ databaseId: user.id }] }, 'removed')
    },
  ],
  24: [
    async at =>
      mutation(
        'addGroupMember',
        { group: { databaseId: await group(at) }, user: { databaseId: (await target(at)).id } },
        'membership { id }',
      ),
    async at =>
      mutation(
        'changeGroupMembers',
        { group: { databaseId: await group(at) }, add: [{ databaseId: (await target(at)).id }] },
        'added',
      ),
  ],
  25: [
    onOwner(1, 'addAttribute', { key: 'desk', value: 'day' }),
    onOwner(1, 'replaceAttributes', { attributes: { desk: ['day'] } }),
    editing(1, 'ADD'),
  ],
  26: [
    async at => {
      const { groupId } = await dressed(at)
      const hidden = (answer: { nodes: object[] }) => without(answer.nodes[0]!, 'id', 'name')
      return query(
        'groups',
        { filter: { ids: [toGlobalId('Group', groupId)] } },
        'nodes { id name authorizations attributes { key } permissions }',
        {
          hidden,
        },
      )
    },
  ],
  27: [async at => query('group', { ref: { databaseId: await group(at) } }, 'id name')],
  28: [
    async at => {
      const { groupId } = await dressed(at)
      const hidden = (answer: { nodes: object[] }) => without(answer.nodes[0]!, 'name')
      return query(
        'groupMembers',
        { ref: { databaseId: groupId } },
        'nodes { name user { id userid } sources createdAt updatedAt }',
        {
          hidden,
        },
      )
    },
    async at => {
      const { groupId } = await dressed(at)
      const hidden = (answer: { nodes: { members: { nodes: object[] } }[] }) =>
        without(answer.nodes[0]!.members.nodes[0]!, 'name')
      return query(
        'groups',
        { filter: { ids: [toGlobalId('Group', groupId)] } },
        'nodes { members { nodes { name user { id } sources createdAt updatedAt } } }',
        { hidden },
      )
    },
  ],
  29: [async at => mutation('deleteGroup', { ref: { databaseId: await group(at) } }, 'deletedId')],
  30: [async () => mutation('createApiKey', { name: 'a key' }, 'apiKey { id }')],
  31: [async ({ actor }) => mutation('authenticateApiKey', { apikey: actor.apikey }, 'tokenExpiration')],
  // The permission is the key owner's; only an impersonation token stands in the header, to be refused.
  32: [
    async ({ app, actor }) => {
      const { userid } = await make.user({ app }, { userid: fresh('acted as') })
      const bare = actor.column !== 'impersonation'
      return mutation('impersonate', { apikey: actor.apikey, userid, iamid: 'bim' }, 'tokenExpiration', { bare })
    },
  ],
  33: [
    async at => {
      const { app, actor, credential } = at
      const own = actor.column === 'key' ? await make.logIn(at, actor.userid, actor.password) : credential
      if (actor.onSelf) return query('tokenInformation', { token: own }, 'id userid')
      const { userid } = await make.user({ app }, { userid: fresh('seen'), password: 'seen by few' })
      return query('tokenInformation', { token: await make.logIn(at, userid, 'seen by few') }, 'id userid')
    },
  ],
  34: [async at => query('apiKeys', { ref: { databaseId: (await target(at)).id } }, 'nodes { id name prefix }')],
  35: [
    async at => {
      const { app, actor } = at
      if (!actor.onSelf) {
        const { userid } = await make.user({ app }, { userid: fresh('keyed'), password: 'has a key' })
        return mutation(
          'deleteApiKey',
          { ref: { databaseId: (await make.key(at, await make.logIn(at, userid, 'has a key'))).apiKey.id } },
          'revokedTokens',
        )
      }
      return mutation(
        'deleteApiKey',
        { ref: { databaseId: (await make.key(at, await make.logIn(at, actor.userid, actor.password))).apiKey.id } },
        'revokedTokens',
      )
    },
  ],
  36: [onUser('deleteUser', {}, 'deletedId')],
  38: [async () => query('viewer', null, 'can credential')],
  39: [onUser('refreshUser')],
}

/** Rows without a field: SCIM has an API of its own. */
export const elsewhere = ['37']
/** Rows that may change their caller: each request gets a new actor. */
export const changesActor = new Set(['6', '7', '36'])
