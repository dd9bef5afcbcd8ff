import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { iamResolvers } from '../../../src/api/graphql/iam.resolvers.ts'
import { operator, type UserActor } from '../../../src/authorization/actor.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Forbidden, NotFound, Unavailable } from '../../../src/platform/errors.ts'
import { syncs } from '../../../src/sync/syncs.service.ts'
import { eventsBy, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { executor } from '../../harness/execute.ts'

let store: Store
let admin: UserActor
let appAdmin: UserActor
let userAdmin: UserActor
let plain: UserActor
const run = executor(iamResolvers)
const as = (actor: UserActor) => testContext({ actor, store })
const directory = { options: { host: 'ldap.roster.example', userSearchBase: 'dc=roster', userSearchFilter: 'mail=%s' } }

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'])
  appAdmin = await makeUser(store, 'app-admin', ['APPLICATION_ADMIN'])
  userAdmin = await makeUser(store, 'user-admin', ['USER_ADMIN'])
  plain = await makeUser(store, 'plain', ['CREATE_PROJECT'])
  await iams.create(as(admin), {
    id: 'north',
    displayName: 'North directory',
    type: 'ldap',
    defaultPermissions: ['CREATE_FILTER', 'CREATE_PROJECT'],
    groupPermissions: { 'Night Auditors': ['AUDIT'] },
    config: { ...directory, credentials: { bind_dn: 'cn=reader', bind_pw: 'the bind password' } },
  })
  await iams.create(as(admin), { id: 'scimmy', displayName: 'S', type: 'openid', config: { scimEnabled: true } })
  for (const id of ['case', 'Case', 'a-1', 'a_1']) await iams.create(as(admin), { id, displayName: id, type: 'openid' })
})
afterAll(() => store.close())

describe('who sees what', () => {
  const ALL = `{ iam(iamid: "north") { id: iamid displayName type oauth scimEnabled scimUrl scimKeyPrefix defaultPermissions groupPermissions config
    secrets createdAt updatedAt } }`
  const shown = { id: 'north', displayName: 'North directory', type: 'LDAP', oauth: false }
  const hidden = {
    scimEnabled: null,
    scimUrl: null,
    scimKeyPrefix: null,
    groupPermissions: null,
    config: null,
    secrets: null,
    createdAt: null,
    updatedAt: null,
  }

  test('everyone: id, name, type, oauth; the rest is null, without an error', async () => {
    expect(await run(as(plain), ALL)).toEqual({ data: { iam: { ...shown, ...hidden, defaultPermissions: null } }, errors: [] })
  })

  test('a USER_ADMIN: what its users hold by default, too', async () => {
    const { data } = await run(as(userAdmin), ALL)
    expect(data.iam).toEqual({ ...shown, ...hidden, defaultPermissions: ['CREATE_FILTER', 'CREATE_PROJECT'] })
  })

  test('an APPLICATION_ADMIN: all but the secrets', async () => {
    const { data } = await run(as(appAdmin), ALL)
    expect(data.iam).toMatchObject({
      scimEnabled: false,
      scimUrl: null,
      groupPermissions: { 'Night Auditors': ['AUDIT'] },
      config: { ...directory, credentials: { bind_dn: 'cn=reader' } },
      secrets: { 'credentials.bind_pw': expect.stringMatching(/^[0-9a-f]{16}$/) },
    })
    expect((await run(as(appAdmin), '{ iam(iamid: "scimmy") { oauth scimEnabled scimUrl } }')).data.iam).toEqual({
      oauth: true,
      scimEnabled: true,
      scimUrl: 'http://127.0.0.1:4000/scim/v2/scimmy',
    })
  })

  test('an APPLICATION_ADMIN with a credential narrowed to something else: as everyone', async () => {
    const narrowed = { ...appAdmin, credential: { ...appAdmin.credential, scopes: ['user:list', 'iam:configure'] } }
    const { data, errors } = await run(as(narrowed), ALL)
    expect(data.iam).toBeNull()
    expect(errors).toEqual(['iam:list is outside the scopes of this credential'])
  })

  test('the list: bim first, the others by id in code point order; an unknown one is null', async () => {
    const { data } = await run(as(plain), '{ iams { nodes { id: iamid } } iam(iamid: "nowhere") { id: iamid } }')
    expect(data.iams.nodes.map((iam: { id: string }) => iam.id)).toEqual(['bim', 'Case', 'a-1', 'a_1', 'case', 'north', 'scimmy'])
    expect(data.iam).toBeNull()
  })

  test('one statement, however many IAMs', async () => {
    const sent = await statementsOf(store, () =>
      run(as(admin), '{ iams { nodes { id: iamid groupPermissions secrets defaultPermissions } } }'),
    )
    expect(sent).toHaveLength(1)
  })
})

describe('who may change what', () => {
  const everything = [
    ['create', (actor: UserActor) => iams.create(as(actor), { displayName: 'x', type: 'openid' })],
    ['update', (actor: UserActor) => iams.update(as(actor), { id: 'north', displayName: 'x' })],
    ['remove', (actor: UserActor) => iams.remove(as(actor), { id: 'north' })],
    ['generateScimKey', (actor: UserActor) => iams.generateScimKey(as(actor), { id: 'north' })],
  ] as const

  test.each(everything)('%s needs APPLICATION_ADMIN', async (_, attempt) => {
    await expect(attempt(plain)).rejects.toThrow(Forbidden)
    const [event] = await eventsBy(store, () => expect(attempt(userAdmin)).rejects.toThrow(Forbidden))
    expect(event).toMatchObject({ event: 'denied', outcome: 'denied', action: 'iam:configure' })
  })

  test('sync needs USER_ADMIN, and an unsaved configuration a dry run and APPLICATION_ADMIN, too', async () => {
    const sync = (actor: UserActor, more: object = {}) => syncs.start(as(actor), { id: 'north', ...more })
    await expect(sync(plain)).rejects.toThrow(Forbidden)
    await expect(sync(appAdmin)).rejects.toThrow(Forbidden)
    await expect(sync(userAdmin)).rejects.toThrow(/^the directory is unreachable/)
    await expect(sync(userAdmin, { dryRun: true, iamConfig: directory })).rejects.toThrow(Forbidden)
    await expect(sync(admin, { dryRun: false, iamConfig: directory })).rejects.toThrow(Forbidden)
    await expect(sync(admin, { iamConfig: directory })).rejects.toThrow(Forbidden)
    await expect(sync(admin, { dryRun: true, iamConfig: directory })).rejects.toThrow(Unavailable)
    await expect(sync(admin, { dryRun: true, iamConfig: [] })).rejects.toThrow(/^iamConfig must be an object/)
    await expect(sync(admin, { userId: '' })).rejects.toThrow(/^userId must be/)
    await expect(sync(userAdmin, { id: 'bim' })).rejects.toThrow(/^iamid must not be bim/)
    await expect(sync(userAdmin, { id: 'nowhere' })).rejects.toThrow(NotFound)
  })

  test('a machine may', async () => {
    const { iam } = await iams.create(testContext({ actor: operator, store }), {
      displayName: 'Machine made',
      type: 'openid',
      defaultPermissions: ['AUDIT'],
    })
    expect(iam.id).toBe('machineMade')
  })
})
