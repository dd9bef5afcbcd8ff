// How to make a request for each row of the matrix, on a target that nothing else uses. The aliases of a row stand with it.
import type { Sent } from '../contract/client.ts'
import { query } from '../contract/client.ts'
import type { World } from '../contract/world.ts'
import { fresh, groupPath, userPath } from '../contract/world.ts'
import type { Actor } from './matrix.actors.ts'

export interface Case {
  w: World
  actor: Actor
  /** The credential this request carries; the anonymous have none. */
  credential: string | undefined
}

export interface Asked extends Sent {
  method: string
  path: string
  /** The status that a 200 in the matrix stands for here, where the request is allowed and yet cannot succeed. */
  allowed?: number
  /** Given the answer to an allowed request: whether what is hidden is there. Only rows that redact have it. */
  shows?: (body: unknown) => boolean | undefined
}

type Ask = (on: Case) => Promise<Asked>

interface Target {
  id: number
  userid: string
  path: string
}

async function target({ w, actor }: Case, more: object = {}): Promise<Target> {
  if (actor.onSelf) return { id: actor.id, userid: actor.userid, path: userPath(actor.userid) }
  const { newUser } = await w.createUser(fresh('target'), more)
  return { id: newUser.id, userid: newUser.userid, path: userPath(newUser.userid) }
}

const on =
  (method: string, rest: string, sent: Omit<Asked, 'method' | 'path'> = {}, more: object = {}): Ask =>
  async at => ({ method, path: (await target(at, more)).path + rest, ...sent })

const group = async ({ w }: Case) => (await w.createGroup(fresh('matrix crew'))).id

async function member(at: Case) {
  const [groupId, { userid }] = [await group(at), await target(at)]
  return { groupId, userid, membership: (await at.w.addMember(groupId, userid)).id }
}

/** All of these keys, or none of them; undefined when only some are there. */
function all(found: unknown, keys: string[]): boolean | undefined {
  const present = keys.filter(key => typeof found === 'object' && found !== null && key in found)
  if (present.length === 0) return false
  return present.length === keys.length ? true : undefined
}

/** A user with something in every field that can be hidden, and a group with an attribute. */
async function dressed(at: Case) {
  const { w } = at
  const who = await target(at)
  const profile = { phone: '+32 9 000 00 00', preferences: { a: 1 }, externalUserIds: { prestoUser: 'p' } }
  await w.must('PUT', `${who.path}/profile`, profile)
  await w.tag(who.userid, 'desk', 'day')
  const groupId = await group(at)
  await w.tagGroup(groupId, 'desk', 'night')
  await w.addMember(groupId, who.userid)
  return { ...who, groupId }
}

const privateProfile = ['phone', 'preferences', 'externalUserIds']
const privateHit = ['authorizations', 'bimAuthorizations']

type HitsBody = { hits: Record<string, unknown>[] }

const searchUsers: Ask = async at => {
  const { userid } = await dressed(at)
  const shows = (body: unknown) => {
    const hit = (body as HitsBody).hits[0]!
    const attributes = all(hit, privateHit)
    // On one's own row the profile and the groups may be seen; the attributes are hidden all the same.
    if (at.actor.onSelf) return attributes
    return all({ ...hit, ...(hit.profile as object) }, [...privateHit, 'groups', ...privateProfile])
  }
  return { method: 'GET', path: `/bim/user${query({ userid })}`, shows }
}

const readProfile: Ask = async at => {
  const { path } = await dressed(at)
  return { method: 'GET', path: `${path}/profile`, shows: body => all(body, [...privateProfile, 'scim']) }
}

const listGroups: Ask = async at => {
  const { groupId } = await dressed(at)
  const path = `/bim/group${query({ ids: [groupId] })}`
  return { method: 'GET', path, shows: body => all((body as HitsBody).hits[0], ['authorizations']) }
}

const listMembers: Ask = async at => {
  const { groupId } = await dressed(at)
  const shows = (body: unknown) => {
    const hit = (body as HitsBody).hits[0]!
    const others = Object.keys({ ...hit, ...(hit.profile as object) }).filter(key => !['profile', 'name'].includes(key))
    return others.length === 0 ? false : all(hit, ['id', 'userid', 'iamid', 'createdAt'])
  }
  return { method: 'GET', path: `/bim/group/${groupId}/user`, shows }
}

const createUser: Ask = async () => ({ method: 'POST', path: '/bim/iam/bim/user', json: { userid: fresh('made') } })

const logIn: Ask = async ({ actor }) => ({
  method: 'POST',
  path: '/bim/iam/bim/user/authenticate',
  json: { username: actor.userid, password: actor.password },
})

const changePassword: Ask = async at => {
  const json = { originalPassword: at.actor.password, password: at.actor.password }
  return { method: 'PUT', path: `${(await target(at)).path}/password`, json }
}

const removeEverywhere =
  (rest: string): Ask =>
  async () => ({ method: 'DELETE', path: `/bim/iam/bim/authorizations/${fresh('nobodys')}${rest}` })

const createKey =
  (path: string, sent: Sent): Ask =>
  async () => ({ method: 'POST', path, ...sent })

const authenticateKey =
  (path: string): Ask =>
  async ({ actor }) => ({ method: 'POST', path, json: { apikey: actor.apikey } })

/** The permission is the key owner's; only the impersonation token stands in the header, to be refused. */
const impersonate =
  (path: string): Ask =>
  async ({ w, actor }) => {
    const { newUser } = await w.createUser(fresh('acted as'))
    const header: Sent = actor.column === 'impersonation' ? {} : { token: undefined }
    return { method: 'POST', path, ...header, json: { apikey: actor.apikey, userid: newUser.userid, iamid: 'bim' } }
  }

const viewToken: Ask = async at => {
  const { w, actor, credential } = at
  const own = actor.column === 'key' ? await w.login(actor.userid, actor.password) : credential
  if (actor.onSelf) return { method: 'POST', path: '/bim/token', json: { token: own } }
  const { userid } = await target(at, { password: 'seen by few' })
  return { method: 'POST', path: '/bim/token', json: { token: await w.login(userid, 'seen by few') } }
}

const deleteKey =
  (path: string): Ask =>
  async at => {
    const { w, actor } = at
    const userid = actor.onSelf ? actor.userid : (await target(at, { password: 'has a key' })).userid
    const token = await w.login(userid, actor.onSelf ? actor.password : 'has a key')
    return { method: 'DELETE', path: `${path}/${(await w.createKey(token)).keyid}` }
  }

const scim =
  (method: string, path: string): Ask =>
  async () => ({ method, path })

export const requests: Record<string, Ask[]> = {
  1: [createUser],
  2: [logIn],
  3: ['PUT', 'POST'].map(method => on(method, '/profile', { json: { location: 'Ghent' } })),
  4: [on('DELETE', '/permissions/CREATE_FILTER', {}, { permissions: ['CREATE_FILTER'] })],
  5: ['PUT', 'POST'].map(method => on(method, '/permissions', { json: ['CREATE_FILTER'] })),
  6: [changePassword],
  7: [on('PUT', '/disable/true'), on('PUT', '/disable/false')],
  // Local accounts have no sync: an allowed caller gets 400.
  8: [async () => ({ method: 'POST', path: '/bim/syncUsers', json: { iamid: 'bim' }, allowed: 400 })],
  9: [async () => ({ method: 'POST', path: '/iam/bim/sync', json: { dryRun: true }, allowed: 400 })],
  10: [
    on('PUT', '/authorizations/desk/day'),
    on('POST', '/authorizations/desk/day'),
    on('PUT', '/authorizations', { json: { desk: ['day'] } }),
    on('POST', '/authorizations', { json: { desk: ['day'] } }),
    on('PUT', '/authorizations/desk', { allowed: 400 }),
  ],
  11: [
    on('DELETE', '/authorizations/desk/day'),
    on('DELETE', '/authorizations/desk'),
    async at => ({ method: 'DELETE', path: `${groupPath(await group(at))}/authorizations/desk/day` }),
    async at => ({ method: 'DELETE', path: `${groupPath(await group(at))}/authorizations/desk` }),
  ],
  12: [async at => ({ method: 'POST', path: `${(await target(at)).path}/clone`, json: [`${fresh('clone')}@roster.example`] })],
  13: [removeEverywhere('/day'), removeEverywhere('')],
  14: [async () => ({ method: 'GET', path: '/bim/iam' })],
  15: [searchUsers],
  16: [async () => ({ method: 'GET', path: '/bim/rpc/user/current' })],
  17: [on('GET', ''), async at => ({ method: 'GET', path: userPath((await target(at)).id) })],
  18: [readProfile],
  19: [on('GET', '/groups')],
  20: [async () => ({ method: 'POST', path: '/bim/user/search', json: { name: 'a' } })],
  21: [async () => ({ method: 'POST', path: '/bim/group', json: { iamid: 'bim', name: fresh('new crew') } })],
  22: [async at => ({ method: 'PUT', path: `/bim/group/${await group(at)}`, json: { description: 'x' } })],
  23: [
    async at => {
      const { groupId, membership } = await member(at)
      return { method: 'DELETE', path: `/bim/group/${groupId}/user/${membership}` }
    },
  ],
  24: [
    async at => {
      const json = { userid: (await target(at)).userid, iamid: 'bim' }
      return { method: 'POST', path: `/bim/group/${await group(at)}/user`, json }
    },
  ],
  25: [
    ...['PUT', 'POST'].map(
      (method): Ask =>
        async at => ({ method, path: `${groupPath(await group(at))}/authorizations/desk/day` }),
    ),
    async at => ({ method: 'PUT', path: `${groupPath(await group(at))}/authorizations`, json: { desk: ['day'] } }),
  ],
  26: [listGroups],
  27: [
    async at => ({ method: 'GET', path: `/bim/group/${await group(at)}` }),
    async at => ({ method: 'GET', path: groupPath(await group(at)) }),
  ],
  28: [listMembers],
  29: [async at => ({ method: 'DELETE', path: `/bim/group/${await group(at)}` })],
  30: [createKey('/bim/apikey', { json: { name: 'a key' } }), createKey('/bim/apikey', {}), createKey('/apikey', {})],
  31: [authenticateKey('/bim/apikey/authenticate'), authenticateKey('/apikey/authenticate')],
  32: [impersonate('/bim/apikey/impersonate'), impersonate('/apikey/impersonate')],
  33: [viewToken],
  34: [on('GET', '/apikeys')],
  35: [deleteKey('/bim/apikey'), deleteKey('/apikey')],
  36: [on('DELETE', '')],
  37: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].flatMap(method => [
    scim(method, '/scim/v2/bim/Users'),
    scim(method, '/scim/v2/x/Groups/1'),
  ]),
  38: [async () => ({ method: 'POST', path: '/graphql', json: { query: '{ viewer { can } }' } })],
  39: [on('PUT', '')],
}

/** Rows that may change their caller: each request gets a new actor. */
export const changesActor = new Set(['6', '7', '36'])
