// A call with success for each path of the table of rows, on a target that nothing else uses.
import { query, type Sent } from '../../contract/client.ts'
import { fresh, groupPath, userPath, world } from '../../contract/world.ts'
import type { TestApp } from '../../harness/app.ts'

/** Without `token` the administrator calls; null is nobody. */
export interface Call extends Omit<Sent, 'token'> {
  path: string
  token?: string | null
}
type Calls = Record<string, () => Promise<Call>>

/** The same call under several methods or paths. */
const each = (places: readonly string[], call: (place: string) => Promise<Call>): Calls =>
  Object.fromEntries(places.map(place => [place, () => call(place)]))
const both = (path: string, call: () => Promise<Call>): Calls => each([`PUT ${path}`, `POST ${path}`], call)

export function answerCalls(app: TestApp): { calls: Calls; syncCalls: Calls } {
  const w = world(app)
  const password = 'a long ride at night'
  /** A user with a value in every field that an answer may leave out. */
  const person = async () => {
    const userid = `${fresh('answer')}@roster.example`
    const { newUser } = await w.createUser(userid, { password, profile: { name: userid, email: userid }, permissions: ['AUDIT'] })
    const profile = { phone: '+32 9 000 00 00', preferences: { a: 1 }, externalUserIds: { prestoUser: 'p' } }
    const texts = Object.fromEntries(['about', 'location', 'organization', 'position'].map(name => [name, 'x']))
    await w.must('PUT', `${userPath(userid)}/profile`, { ...profile, ...texts })
    await w.tag(userid, 'desk', 'day')
    return { userid, id: newUser.id, path: userPath(userid), login: () => w.login(userid, password) }
  }
  const group = async () => {
    const { id } = await w.createGroup(fresh('answer crew'), { email: 'crew@roster.example', description: 'x' })
    await w.tagGroup(id, 'desk', 'night')
    return id
  }
  const crew = async () => {
    const [groupId, one] = [await group(), await person()]
    return { groupId, ...one, membership: (await w.addMember(groupId, one.userid)).id }
  }
  const onUser =
    (rest: string, sent: Omit<Call, 'path'> = {}) =>
    async () => ({ path: (await person()).path + rest, ...sent })
  const onGroup =
    (rest: string, sent: Omit<Call, 'path'> = {}) =>
    async () => ({ path: groupPath(await group()) + rest, ...sent })
  const key = async (permissions: string[] = []) => {
    const owner = await app.as(permissions)
    return { ...(await w.createKey(owner.token)), token: owner.token }
  }

  const users: Calls = {
    'POST /bim/iam/bim/user': async () => ({ path: '/bim/iam/bim/user', json: { userid: fresh('answer new') } }),
    'GET /bim/user': async () => ({ path: `/bim/user${query({ userid: (await crew()).userid })}` }),
    'POST /bim/user/search': async () => ({ path: '/bim/user/search', json: { name: (await crew()).userid } }),
    'GET /bim/rpc/user/current': async () => ({ path: '/bim/rpc/user/current', token: await (await crew()).login() }),
    'GET /bim/iam/:iamid/user/:id': async () => ({ path: userPath((await person()).id) }),
    'PUT /bim/iam/:iamid/user/:userid': onUser(''),
    'DELETE /bim/iam/:iamid/user/:userid': onUser(''),
    'PUT /bim/iam/:iamid/user/:userid/disable/:disable': onUser('/disable/true'),
    'POST /bim/iam/bim/user/:userid/clone': async () => ({
      path: `${(await person()).path}/clone`,
      json: [`${fresh('clone')}@roster.example`],
    }),
    'GET /bim/iam/:iamid/user/:userid/profile': onUser('/profile'),
    ...both('/bim/iam/:iamid/user/:userid/profile', onUser('/profile', { json: { location: 'Ghent' } })),
    'PUT /bim/iam/:iamid/user/:userid/password': async () => {
      const { path, login } = await person()
      const json = { originalPassword: password, password: 'another ride at night' }
      return { path: `${path}/password`, json, token: await login() }
    },
    ...both('/bim/iam/:iamid/user/:userid/permissions', onUser('/permissions', { json: ['CREATE_FILTER'] })),
    'DELETE /bim/iam/:iamid/user/:userid/permissions/:permission': onUser('/permissions/AUDIT'),
    'GET /bim/iam/:iamid/user/:userid/groups': async () => ({ path: `${(await crew()).path}/groups` }),
    'GET /user-info': async () => ({ path: `/user-info${query({ userid: (await crew()).userid })}` }),
    'GET /bim/iam': async () => ({ path: '/bim/iam' }),
  }

  const attributes: Calls = {
    ...both(
      '/bim/iam/:iamid/:modelType/:modelId/authorizations/:attributeName/:attributeValue',
      onUser('/authorizations/port/x'),
    ),
    ...both('/bim/iam/:iamid/:modelType/:modelId/authorizations/:attributeName', onUser('/authorizations/desk')),
    ...both('/bim/iam/:iamid/group/:groupId/authorizations/:attributeName/:attributeValue', onGroup('/authorizations/port/x')),
    ...both('/bim/iam/:iamid/group/:groupId/authorizations/:attributeName', onGroup('/authorizations/desk')),
    'DELETE /bim/iam/:iamid/:modelType/:modelId/authorizations/:key/:value': onUser('/authorizations/desk/day'),
    'DELETE /bim/iam/:iamid/:modelType/:modelId/authorizations/:key': onGroup('/authorizations/desk'),
    ...both('/bim/iam/:iamid/:modelType/:modelId/authorizations', onUser('/authorizations', { json: { port: ['x'] } })),
    'DELETE /bim/iam/:iamid/authorizations/:key/:value': async () => ({ path: '/bim/iam/bim/authorizations/unused/value' }),
    'DELETE /bim/iam/:iamid/authorizations/:key': async () => ({ path: '/bim/iam/bim/authorizations/unused' }),
  }

  const groups: Calls = {
    'POST /bim/group': async () => ({ path: '/bim/group', json: { iamid: 'bim', name: fresh('answer new crew') } }),
    'GET /bim/group': async () => ({ path: `/bim/group${query({ ids: [await group()] })}` }),
    'GET /bim/group/:groupId': async () => ({ path: `/bim/group/${await group()}` }),
    'GET /bim/iam/:iamid/group/:groupId': onGroup(''),
    'PUT /bim/group/:groupId': async () => ({ path: `/bim/group/${await group()}`, json: { description: 'y' } }),
    'DELETE /bim/group/:groupId': async () => ({ path: `/bim/group/${await group()}` }),
    'GET /bim/group/:groupId/user': async () => ({ path: `/bim/group/${(await crew()).groupId}/user` }),
    'POST /bim/group/:groupId/user': async () => {
      const json = { userid: (await person()).userid, iamid: 'bim' }
      return { path: `/bim/group/${await group()}/user`, json }
    },
    'DELETE /bim/group/:groupId/user/:groupuserid': async () => {
      const { groupId, membership } = await crew()
      return { path: `/bim/group/${groupId}/user/${membership}` }
    },
  }

  const credentials: Calls = {
    'GET /bim/iam/:iamid/user/authenticate': async () => ({ path: '/bim/iam/bim/user/authenticate', token: null }),
    'POST /bim/iam/:iamid/user/authenticate': async () => {
      const json = { username: (await person()).userid, password }
      return { path: '/bim/iam/bim/user/authenticate', json, token: null }
    },
    ...each(['POST /bim/apikey/authenticate', 'POST /apikey/authenticate'], async place => ({
      path: place.slice('POST '.length),
      json: { apikey: (await key()).apikey },
      token: null,
    })),
    ...each(['POST /bim/apikey/impersonate', 'POST /apikey/impersonate'], async place => ({
      path: place.slice('POST '.length),
      json: { apikey: (await key(['IMPERSONATE_USER'])).apikey, userid: (await app.as([])).userid, iamid: 'bim' },
      token: null,
    })),
    ...each(['POST /bim/apikey', 'POST /apikey'], async place => {
      const { login } = await person()
      const token = await login()
      const projectId = await w.createProject(fresh('answer project'), token)
      return { path: place.slice('POST '.length), json: { name: 'a key', projectId }, token }
    }),
    'POST /bim/token': async () => ({ path: '/bim/token', json: { token: await (await person()).login() } }),
    'GET /bim/iam/:iamid/user/:userid/apikeys': async () => {
      const { path, login } = await person()
      const token = await login()
      await w.createKey(token, { name: 'a key', projectId: await w.createProject(fresh('answer project'), token) })
      return { path: `${path}/apikeys` }
    },
    ...each(['DELETE /bim/apikey/:keyid', 'DELETE /apikey/:keyid'], async place => {
      const { keyid, token } = await key()
      return { path: place.slice('DELETE '.length).replace(':keyid', String(keyid)), token }
    }),
  }

  return {
    calls: { ...users, ...attributes, ...groups, ...credentials },
    /** With an identity source `corp` that can be synchronised. */
    syncCalls: {
      'POST /bim/syncUsers': async () => ({ path: '/bim/syncUsers', json: { iamid: 'corp' } }),
      'POST /iam/:iamId/sync': async () => ({ path: '/iam/corp/sync', json: { dryRun: true } }),
    },
  }
}
