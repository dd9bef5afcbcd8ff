import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { iamResolvers } from '../../../src/api/graphql/iam.resolvers.ts'
import { actorOf } from '../../../src/authentication/authenticate.ts'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { parse, sameHash } from '../../../src/authorization/secret.ts'
import { decrypt } from '../../../src/domain/iams/encryption.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import { lockIam } from '../../../src/domain/iams/iams.store.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Invalid, NotFound } from '../../../src/platform/errors.ts'
import { eventsBy, makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { executor } from '../../harness/execute.ts'
import { certificate } from './certificate.ts'

let store: Store
let admin: UserActor
const run = executor(iamResolvers)

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'])
})
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })
const directory = { options: { host: 'ldap.roster.example', userSearchBase: 'dc=roster', userSearchFilter: 'mail=%s' } }
const bind = { ...directory, credentials: { bind_dn: 'cn=reader', bind_pw: 'the bind password' } }

describe('creating', () => {
  test('an IAM with everything, audited once and without its secrets', async () => {
    const [event, ...more] = await eventsBy(store, async () => {
      const { iam } = await iams.create(as(admin), {
        id: 'north',
        displayName: 'North directory',
        type: 'ldap',
        defaultPermissions: ['CREATE_FILTER', 'CREATE_PROJECT', 'CREATE_FILTER'],
        groupPermissions: { 'Night Auditors': ['AUDIT'] },
        config: bind,
      })
      expect(iam).toMatchObject({
        id: 'north',
        displayName: 'North directory',
        type: 'ldap',
        defaultPermissions: ['CREATE_FILTER', 'CREATE_PROJECT'],
        config: { ...directory, credentials: { bind_dn: 'cn=reader' } },
        secrets: { 'credentials.bind_pw': expect.stringMatching(/^[0-9a-f]{16}$/) },
        scimKeyPrefix: null,
      })
    })
    expect(more).toEqual([])
    expect(event).toMatchObject({
      event: 'iamConfigured',
      action: 'iam:configure',
      targetType: 'iam',
      targetId: 'north',
      before: null,
    })
    expect(event).toMatchObject({
      after: { groupPermissions: { 'Night Auditors': ['AUDIT'] }, secrets: { 'credentials.bind_pw': expect.any(String) } },
    })
    expect(JSON.stringify(event)).not.toContain('the bind password')
  })

  test('an id is made from the display name; when taken, or left behind by a removed IAM, a number follows', async () => {
    const make = async () => (await iams.create(as(admin), { displayName: 'Jump Cloud LDAP', type: 'ldap' })).iam.id
    expect(await make()).toBe('jumpCloudLDAP')
    expect(await make()).toBe('jumpCloudLDAP2')
    await makeUser(store, 'somebody', [], { iamid: 'jumpCloudLDAP3' })
    expect(await make()).toBe('jumpCloudLDAP4')
    expect((await iams.create(as(admin), { displayName: 'BIM', type: 'openid' })).iam.id).toBe('bim2')
    expect((await iams.create(as(admin), { displayName: 'Group', type: 'openid' })).iam.id).toBe('group2')
  })

  test('ids are case-sensitive, and one that is there is a conflict', async () => {
    await iams.create(as(admin), { id: 'Case', displayName: 'one', type: 'openid' })
    await iams.create(as(admin), { id: 'case', displayName: 'two', type: 'openid' })
    await expect(iams.create(as(admin), { id: 'case', displayName: 'three', type: 'openid' })).rejects.toThrow(Conflict)
    await expect(iams.create(as(admin), { id: 'bim', displayName: 'mine', type: 'ldap' })).rejects.toThrow(Conflict)
  })

  test.each([
    ['an id that cannot be one', { id: '9north' }, /^id must be/],
    ['the reserved id', { id: 'group' }, /^id must not be group/],
    ['the built-in type', { type: 'built-in' }, /^type must be one of ldap, openid$/],
    ['a type that has no log-in yet', { type: 'saml' }, /^type must be one of ldap, openid$/],
    ['an unknown type', { type: 'kerberos' }, /^type must be one of/],
    ['no display name', { displayName: '' }, /^displayName must be/],
    ['a permission that cannot be one', { defaultPermissions: ['admin'] }, /^defaultPermissions\[0\] must be/],
    ['group permissions of a wrong form', { groupPermissions: [] }, /^groupPermissions must be/],
    ['a configuration with a fault', { config: { options: {} } }, /^config\.options\.host is required/],
    ['a migration from nowhere', { config: { migrateFrom: 'nowhere' } }, /^config\.migrateFrom must be/],
  ])('refuses %s', async (_, change, message) => {
    const refusal = iams.create(as(admin), { id: 'refused', displayName: 'Refused', type: 'ldap', ...change })
    await expect(refusal).rejects.toThrow(Invalid)
    await expect(refusal).rejects.toThrow(message)
    expect(await iams.get(as(admin), { id: 'refused' })).toBeNull()
  })

  test('migration may be from an IAM that was removed, while its users are here', async () => {
    await makeUser(store, 'left', [], { iamid: 'removedLongAgo' })
    const { iam } = await iams.create(as(admin), {
      displayName: 'Heir',
      type: 'openid',
      config: { migrateFrom: 'removedLongAgo' },
    })
    expect(iam.config).toEqual({ migrateFrom: 'removedLongAgo' })
  })

  test('a configuration as the vendor has it can be pasted whole', async () => {
    const config = {
      id: 'pasted',
      displayName: 'Pasted',
      plugin: 'ldap',
      type: 'ldap',
      defaultPermissions: ['CREATE_FILTER'],
      ...directory,
    }
    const { iam } = await iams.create(as(admin), { displayName: 'Pasted', type: 'ldap', config })
    expect(iam).toMatchObject({ id: 'pasted', defaultPermissions: ['CREATE_FILTER'], config: directory })
  })
})

describe('changing', () => {
  test('what is left out stays, and an update that changes nothing leaves no event', async () => {
    await iams.create(as(admin), {
      id: 'change',
      displayName: 'Change',
      type: 'ldap',
      defaultPermissions: ['CREATE_FILTER'],
      config: bind,
    })
    const events = await eventsBy(store, async () => {
      expect((await iams.update(as(admin), { id: 'change', displayName: 'Changed' })).iam).toMatchObject({
        displayName: 'Changed',
        defaultPermissions: ['CREATE_FILTER'],
        config: directory,
        secrets: { 'credentials.bind_pw': expect.any(String) },
      })
      await iams.update(as(admin), { id: 'change' })
      await iams.update(as(admin), { id: 'change', displayName: 'Changed', defaultPermissions: ['CREATE_FILTER'], config: bind })
    })
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      event: 'iamConfigured',
      before: { displayName: 'Change' },
      after: { displayName: 'Changed' },
    })
    expect(Object.keys(events[0]!.after as object)).toEqual(['displayName'])
  })

  test('a secret left out stays, a new one replaces it, null removes it', async () => {
    const id = 'secrets'
    const given = (bind_pw?: string | null) => ({ ...directory, credentials: { bind_dn: 'cn=reader', bind_pw } })
    const secretOf = async () => {
      const { encrypted } = await store.transaction(db => lockIam(db, id))
      const { 'credentials.bind_pw': kept } = encrypted
      return kept && decrypt([as(admin).app.key], { iamid: id, path: 'credentials.bind_pw', encrypted: kept })
    }
    const { iam: first } = await iams.create(as(admin), { id, displayName: id, type: 'ldap', config: given('one') })
    const { bind_pw: _, ...without } = given().credentials
    const { iam: kept } = await iams.update(as(admin), { id, config: { ...directory, scimEnabled: true, credentials: without } })
    expect(kept.secrets).toEqual(first.secrets)
    expect(await secretOf()).toBe('one')
    const { iam: second } = await iams.update(as(admin), { id, config: given('two') })
    expect(second.secrets).not.toEqual(first.secrets)
    expect(await secretOf()).toBe('two')
    await expect(iams.update(as(admin), { id, config: given(null) })).rejects.toThrow(/bind_pw is required with bind_dn/)
    const { iam: last } = await iams.update(as(admin), { id, config: { ...directory, credentials: { bind_pw: null } } })
    expect(last).toMatchObject({ secrets: {}, config: directory })
    expect(await secretOf()).toBeUndefined()
  })

  test('the configuration is replaced as a whole; the id and the type never change', async () => {
    await iams.create(as(admin), {
      id: 'whole',
      displayName: 'w',
      type: 'ldap',
      config: { ...directory, authenticationOnly: true },
    })
    expect((await iams.update(as(admin), { id: 'whole', config: { authenticationOnly: false } })).iam.config).toEqual({
      authenticationOnly: false,
    })
    await expect(iams.update(as(admin), { id: 'whole', config: { type: 'openid' } })).rejects.toThrow(
      /^type is ldap and cannot be changed/,
    )
    await expect(iams.update(as(admin), { id: 'whole', config: { id: 'other' } })).rejects.toThrow(
      /^config\.id must be the same as id/,
    )
    await expect(iams.update(as(admin), { id: 'nowhere', displayName: 'x' })).rejects.toThrow(NotFound)
  })

  test('bim: its defaults and group permissions, and a user info endpoint, but no SCIM and no removal', async () => {
    const groupPermissions = { 'Quay Crew': ['FETCH_POLICY_INFO'] }
    const { iam } = await iams.update(as(admin), {
      id: 'bim',
      defaultPermissions: ['CREATE_FILTER', 'CREATE_PROJECT'],
      groupPermissions,
    })
    expect(iam.defaultPermissions).toEqual(['CREATE_FILTER', 'CREATE_PROJECT'])
    const { data } = await run(as(admin), '{ iam(iamid: "bim") { groupPermissions } }')
    expect(data.iam).toEqual({ groupPermissions })
    await expect(iams.update(as(admin), { id: 'bim', config: { scimEnabled: true } })).rejects.toThrow(/scimEnabled is not known/)
    await expect(iams.generateScimKey(as(admin), { id: 'bim' })).rejects.toThrow(Conflict)
    await expect(iams.remove(as(admin), { id: 'bim' })).rejects.toThrow(Conflict)
    await iams.update(as(admin), { id: 'bim', defaultPermissions: ['CREATE_PROJECT'], groupPermissions: {} })
    expect((await run(as(admin), '{ iam(iamid: "bim") { groupPermissions } }')).data.iam.groupPermissions).toEqual({})
  })
})

describe('the SCIM key', () => {
  test('is shown once, and kept as a hash', async () => {
    await iams.create(as(admin), { id: 'scimmy', displayName: 's', type: 'openid', config: { scimEnabled: true } })
    const one = await iams.generateScimKey(as(admin), { id: 'scimmy' })
    expect(one.scimKey).toMatch(/^rs_[0-9A-Za-z]{46}$/)
    expect(one.scimUrl).toBe('http://127.0.0.1:4000/scim/v2/scimmy')
    const [event] = await eventsBy(store, async () => {
      const two = await iams.generateScimKey(as(admin), { id: 'scimmy' })
      const rows = await store.db.prisma.scimKey.findMany({ where: { iamid: 'scimmy' }, orderBy: { id: 'desc' } })
      expect(sameHash(rows[0]!.hash, parse(two.scimKey)!.hash)).toBe(true)
      expect(two.iam.scimKeyPrefix).toBe(two.scimKey.slice(0, 9))
    })
    expect(event).toMatchObject({ event: 'iamConfigured', before: { scimKeyPrefix: one.scimKey.slice(0, 9) } })
    expect(JSON.stringify(event)).not.toContain(one.scimKey.slice(0, 12))
    await expect(iams.generateScimKey(as(admin), { id: 'nowhere' })).rejects.toThrow(NotFound)
  })

  test('does not open anything as a user', async () => {
    const { scimKey } = await iams.generateScimKey(as(admin), { id: 'scimmy' })
    expect(await actorOf(store.db, scimKey, new Date())).toBeNull()
  })
})

test('no secret stands in the database in clear, in whatever table', async () => {
  const secrets = { password: 'zq-bind-password', client: 'zq-client-secret', basic: 'zq-basic-password', pem: 'zq-private-key' }
  const externalUserInfo = {
    uri: 'https://info.roster.example',
    useAuth: true,
    authentication: { username: 'reader', password: secrets.basic },
    cert: certificate,
    key: secrets.pem,
  }
  const credentials = { bind_dn: 'cn=reader', bind_pw: secrets.password }
  const options = { clientId: 'roster', clientSecret: secrets.client, discoverUrl: 'https://id.roster.example' }
  await iams.create(as(admin), {
    id: 'dumpOne',
    displayName: 'd',
    type: 'ldap',
    config: { ...directory, credentials, externalUserInfo },
  })
  await iams.create(as(admin), { id: 'dumpTwo', displayName: 'd', type: 'openid', config: { options } })
  await iams.update(as(admin), { id: 'dumpTwo', config: { options: { ...options, clientSecret: `${secrets.client} renewed` } } })
  const { scimKey } = await iams.generateScimKey(as(admin), { id: 'dumpTwo' })

  const tables = await store.db.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  )
  expect(tables.length).toBeGreaterThan(15)
  let dump = ''
  for (const { name } of tables) dump += JSON.stringify(await store.db.query(`SELECT t::text AS row FROM "${name}" t`))
  expect(dump).toContain('dumpTwo')
  for (const secret of [...Object.values(secrets), scimKey.slice(12)]) {
    expect(dump).not.toContain(secret)
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'))
    expect(dump).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''))
  }
  expect((await iams.get(as(admin), { id: 'dumpOne' }))!.secrets).toEqual({
    'credentials.bind_pw': expect.any(String),
    'externalUserInfo.authentication.password': expect.any(String),
    'externalUserInfo.key': expect.any(String),
  })
})
