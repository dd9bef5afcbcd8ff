// Every kind of change of what a credential opens: who holds the credential, and the change.

import { endProviderSessions } from '../../src/authentication/oidc-session.store.ts'
import { generateSecret } from '../../src/authorization/secret.ts'
import { deleteTokensOf } from '../../src/domain/credentials/credentials.store.ts'
import { joinGroups, leaveGroups } from '../../src/federation/identity.store.ts'
import { disableAll, enableAll, revokeAccessOfAll } from '../../src/sync/sync-users.store.ts'
import { make } from '../api/graphql/make.ts'
import type { TestApp } from '../harness/app.ts'
import { makeGroupPermissions } from '../harness/context.ts'
import type { Provider } from '../scim/provider.ts'
import { asking } from './asking.ts'

export interface Stage {
  readonly app: TestApp
  readonly scim: Provider
}

export interface Prepared {
  readonly secret: string
  change(): Promise<unknown>
}

/** Members of the groups of this name hold AUDIT. */
export const CREW = 'Crew'

const send = (on: Stage, name: string, type: string, selection: string) => (input: object) =>
  asking(on.app).run(on.app.admin.token, `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} } }`, { input })
const USER = 'user { id }'
const iam = (on: Stage) => send(on, 'updateIam', 'UpdateIamInput', 'iam { id }')
const permissions = (on: Stage, name: 'setUserPermissions' | 'grantUserPermissions') =>
  send(on, name, 'SetUserPermissionsInput', USER)
const disable = (on: Stage, databaseId: number, disabled = true) =>
  send(on, 'setUserDisabled', 'SetUserDisabledInput', USER)({ ref: { databaseId }, disabled })

async function tokenOf({ app }: Stage, userId: number): Promise<{ secret: string; id: number }> {
  const { secret, hash, prefix } = generateSecret('rt')
  const [now, later] = [new Date(), new Date(Date.now() + 3_600_000)]
  const data = { userId, hash, prefix, lastUsed: now, expiresAt: later, endsAt: later }
  return { secret, ...(await app.store.db.prisma.token.create({ data, select: { id: true } })) }
}

/** Of the provider's IAM. */
async function provided(on: Stage, name: string): Promise<{ id: number; scimId: string; secret: string }> {
  const { id: scimId } = await on.scim.user(`${name}-${Math.random()}@x.test`)
  const { id } = (await on.app.store.db.prisma.user.findUnique({ where: { scimId }, select: { id: true } }))!
  return { id, scimId, secret: (await tokenOf(on, id)).secret }
}

async function crew(on: Stage, member?: number): Promise<{ id: number; membership: number }> {
  const { id } = await on.app.store.db.prisma.group.upsert({
    where: { iamid_nameKey: { iamid: 'bim', nameKey: CREW.toLowerCase() } },
    create: { iamid: 'bim', name: CREW, nameKey: CREW.toLowerCase() },
    update: {},
    select: { id: true },
  })
  await makeGroupPermissions(on.app.store, 'bim', { [CREW]: ['AUDIT'] }).catch(() => {})
  return { id, membership: member === undefined ? 0 : await make.member(on, id, member) }
}

async function rest(on: Stage, method: string, path: string, body?: object): Promise<void> {
  const { status } = await fetch(`${on.app.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${on.app.admin.token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (status >= 300) throw new Error(`${method} ${path}: ${status}`)
}

/** A token of somebody as whom the owner of a key acts. */
async function impersonation(on: Stage) {
  const [agent, target] = [await on.app.as(['IMPERSONATE_USER']), await on.app.as([])]
  const apikey = await agent.key()
  const input = { apikey, iamid: 'bim', userid: target.userid }
  const { token } = await asking(on.app).run(
    on.app.admin.token,
    'mutation ($input: ImpersonateInput!) { impersonate(input: $input) { token } }',
    { input },
  )
  return { agent, target, secret: token as string }
}

const ofPerson =
  (change: (on: Stage, person: { id: number; token: string; userid: string }) => Promise<unknown>, held: string[] = []) =>
  async (on: Stage): Promise<Prepared> => {
    const person = await on.app.as(held)
    return { secret: person.token, change: () => change(on, person) }
  }

const ofKey =
  (change: (on: Stage, key: { id: number; token: string }) => Promise<unknown>, opens: 'key' | 'token' = 'key') =>
  async (on: Stage): Promise<Prepared> => {
    const { token } = await on.app.as([])
    const { secret, apiKey } = await make.key(on, token)
    return { secret: opens === 'key' ? secret : await make.keyToken(on, secret), change: () => change(on, { ...apiKey, token }) }
  }

const ofProvided =
  (change: (on: Stage, user: { id: number; scimId: string }) => Promise<unknown>, before?: typeof change) =>
  async (on: Stage): Promise<Prepared> => {
    const user = await provided(on, 'member')
    await before?.(on, user)
    return { secret: user.secret, change: () => change(on, user) }
  }

const inGroup = async (on: Stage, scimId: string) => (await on.scim.group(`Group ${Math.random()}`, [scimId])).id as string
const at = (on: Stage) => ({ iamid: on.scim.iamid, source: on.scim.iamid, now: new Date() })
const deletedKey = (on: Stage, { id, token }: { id: number; token: string }) =>
  asking(on.app).run(token, 'mutation ($input: ApiKeyInput!) { deleteApiKey(input: $input) { deletedId } }', {
    input: { ref: { databaseId: id } },
  })

const credentials: Record<string, (on: Stage) => Promise<Prepared>> = {
  'log out': ofPerson(({ app }, { token }) => asking(app).run(token, 'mutation { logOut { revokedTokens } }')),
  'sign out everywhere': ofPerson((on, { id }) =>
    send(on, 'signOutEverywhere', 'SignOutEverywhereInput', 'revokedTokens')({ ref: { databaseId: id } }),
  ),
  'the provider ends the session': async on => {
    const { id, secret } = await tokenOf(on, (await on.app.as([])).id)
    await on.app.store.db.prisma.providerSession.create({ data: { tokenId: id, iamid: 'bim', sub: `sub ${id}` } })
    return { secret, change: () => endProviderSessions(on.app.store.db, 'bim', { sub: `sub ${id}`, sid: null }) }
  },
  'a password set by an administrator': ofPerson((on, { id }) =>
    send(on, 'setPassword', 'SetPasswordInput', 'success')({ ref: { databaseId: id }, password: 'another one' }),
  ),
  'tokens end in a transaction': ofPerson(({ app }, { id }) => app.store.transaction(db => deleteTokensOf(db, id))),
  'a key is deleted': ofKey(deletedKey),
  'the key of a token is deleted': ofKey(deletedKey, 'token'),
  'a key is rotated without grace': ofKey((on, { id, token }) =>
    asking(on.app).run(token, 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { secret } }', {
      input: { ref: { databaseId: id }, graceSeconds: 0 },
    }),
  ),
}

const users: Record<string, (on: Stage) => Promise<Prepared>> = {
  'a user is disabled': ofPerson((on, { id }) => disable(on, id)),
  'a user is deleted': ofPerson((on, { id }) =>
    send(on, 'deleteUser', 'DeleteUserInput', 'deletedId')({ ref: { databaseId: id } }),
  ),
  'a user is replaced': ofProvided((on, { id }) =>
    send(on, 'replaceUser', 'UserSourceIdInput', USER)({ ref: { databaseId: id }, sourceId: { source: 'OPENID', id: `n${id}` } }),
  ),
  'a sync disables': ofProvided(async (on, { id }) => {
    const [person] = await on.app.store.db.query<{ key: string }>('SELECT userid_key AS key FROM users WHERE id = $1', [id])
    await on.app.store.transaction(async db => {
      await disableAll(db, { people: [{ userId: id, nameKey: person!.key }], since: new Date(), ...at(on) })
      await revokeAccessOfAll(db, [id])
    })
  }),
  'SCIM disables': ofProvided(({ scim }, { scimId }) =>
    scim.patch(`/Users/${scimId}`, { op: 'replace', path: 'active', value: false }),
  ),
  'SCIM deletes': ofProvided(({ scim }, { scimId }) => scim.send('DELETE', `/Users/${scimId}`)),
  'SCIM renames': ofProvided(({ scim }, { scimId }) =>
    scim.patch(`/Users/${scimId}`, { op: 'replace', path: 'userName', value: `renamed-${scimId}@x.test` }),
  ),
  'the key of a user works again': async on => {
    const person = await on.app.as(['AUDIT'])
    const secret = await person.key()
    await disable(on, person.id)
    return { secret, change: () => disable(on, person.id, false) }
  },
  'a sync enables': async on => {
    const { id } = await provided(on, 'back')
    const { iamid, now } = at(on)
    await on.app.store.db.query('UPDATE users SET disabled = true, disabled_by = $2 WHERE id = $1', [id, iamid])
    const { secret } = await tokenOf(on, id)
    return { secret, change: () => enableAll(on.app.store.db, [id], { source: iamid, now }) }
  },
}

const grants: Record<string, (on: Stage) => Promise<Prepared>> = {
  'a permission is granted': ofPerson((on, { id }) =>
    permissions(on, 'grantUserPermissions')({ ref: { databaseId: id }, permissions: ['AUDIT'] }),
  ),
  'permissions are replaced': ofPerson(
    (on, { id }) => permissions(on, 'setUserPermissions')({ ref: { databaseId: id }, permissions: [] }),
    ['AUDIT'],
  ),
  'a permission is revoked': ofPerson(
    (on, { id }) =>
      send(on, 'revokeUserPermission', 'RevokeUserPermissionInput', USER)({ ref: { databaseId: id }, permission: 'AUDIT' }),
    ['AUDIT'],
  ),
  'a member is added': ofPerson(async (on, { id }) => make.member(on, (await crew(on)).id, id)),
  'a member is removed by REST': async on => {
    const person = await on.app.as([])
    const { id, membership } = await crew(on, person.id)
    return { secret: person.token, change: () => rest(on, 'DELETE', `/bim/group/${id}/user/${membership}`) }
  },
  'a member is added by REST': ofPerson(async (on, { userid }) =>
    rest(on, 'POST', `/bim/group/${(await crew(on)).id}/user`, { userid, iamid: 'bim' }),
  ),
  'members change': async on => {
    const person = await on.app.as([])
    const { id } = await crew(on, person.id)
    const input = { group: { databaseId: id }, remove: [{ databaseId: person.id }] }
    const change = send(on, 'changeGroupMembers', 'ChangeGroupMembersInput', 'group { id }')
    return { secret: person.token, change: () => change(input) }
  },
  'SCIM adds a member': ofProvided(async ({ scim }, { scimId }) => scim.group(`Sailors`, [scimId])),
  'SCIM removes a member': ofProvided(
    async ({ scim }, { scimId }) => {
      const found = (await scim.get(`/Groups?filter=${encodeURIComponent('displayName eq "Sailors"')}`)).body.Resources[0]
      await scim.patch(`/Groups/${found.id}`, { op: 'remove', path: `members[value eq "${scimId}"]` })
    },
    async ({ scim }, { scimId }) => {
      const found = (await scim.get(`/Groups?filter=${encodeURIComponent('displayName eq "Sailors"')}`)).body.Resources[0]
      await scim.patch(`/Groups/${found.id}`, { op: 'add', path: 'members', value: [{ value: scimId }] })
    },
  ),
  'SCIM renames the group': async on => {
    const { secret, scimId } = await provided(on, 'sailor')
    const id = await inGroup(on, scimId)
    return { secret, change: () => on.scim.patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'Divers' }) }
  },
  'a group of members is deleted': async on => {
    const person = await on.app.as([])
    const { id } = await crew(on, person.id)
    return { secret: person.token, change: () => send(on, 'deleteGroup', 'GroupInput', 'deletedId')({ ref: { databaseId: id } }) }
  },
  'a sync adds to a group': ofProvided((on, { id }) =>
    joinGroups(on.app.store.db, at(on), [{ userId: id, group: { name: 'Divers', entryId: null } as never }]),
  ),
  'a sync removes from a group': ofProvided(
    (on, { id }) => leaveGroups(on.app.store.db, at(on), [{ userId: id, group: 'Divers' }]),
    (on, { id }) => joinGroups(on.app.store.db, at(on), [{ userId: id, group: { name: 'Divers', entryId: null } as never }]),
  ),
}

const rules: Record<string, (on: Stage) => Promise<Prepared>> = {
  'a rule about a group is set': async on => {
    const { secret, scimId } = await provided(on, 'cook')
    const name = (await on.scim.get(`/Groups/${await inGroup(on, scimId)}`)).body.displayName
    const groupPermissions = { Sailors: ['AUDIT'], Divers: ['AUDIT'], [name]: ['GOVERNANCE'] }
    return { secret, change: () => iam(on)({ iamid: on.scim.iamid, groupPermissions }) }
  },
  'the rules of groups are taken away': ofProvided(
    on => iam(on)({ iamid: on.scim.iamid, groupPermissions: {} }),
    (on, { id }) => joinGroups(on.app.store.db, at(on), [{ userId: id, group: { name: 'Divers', entryId: null } as never }]),
  ),
  'the permissions of all users of an IAM': ofProvided(on =>
    iam(on)({ iamid: on.scim.iamid, defaultPermissions: ['CREATE_PROJECT'] }),
  ),
  'the impersonator loses IMPERSONATE_USER': async on => {
    const { agent, secret } = await impersonation(on)
    const change = permissions(on, 'setUserPermissions')
    return { secret, change: () => change({ ref: { databaseId: agent.id }, permissions: [] }) }
  },
  'the impersonator is disabled': async on => {
    const { agent, secret } = await impersonation(on)
    return { secret, change: () => disable(on, agent.id) }
  },
  'the impersonated user becomes an administrator': async on => {
    const { target, secret } = await impersonation(on)
    const change = permissions(on, 'grantUserPermissions')
    return { secret, change: () => change({ ref: { databaseId: target.id }, permissions: ['USER_ADMIN'] }) }
  },
  'a project with its keys is deleted': async on => {
    const projectId = await make.project(on)
    const { hash, prefix, secret } = generateSecret('rk')
    await on.app.store.db.prisma.apiKey.create({ data: { userId: on.app.admin.id, hash, prefix, projectId } })
    return { secret, change: () => send(on, 'deleteProject', 'ProjectInput', 'deletedId')({ ref: { databaseId: projectId } }) }
  },
  // The last: nobody of the IAM is let in after it.
  'an IAM is removed': ofProvided(on =>
    send(on, 'deleteIam', 'DeleteIamInput', 'deletedId')({ iamid: on.scim.iamid, users: 'KEEP' }),
  ),
}

export const changes = { ...credentials, ...users, ...grants, ...rules }
