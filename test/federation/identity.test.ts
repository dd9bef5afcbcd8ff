// Federation: what sources say becomes what is held, and each source owns only its own rows.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { operator } from '../../src/authorization/actor.ts'
import type { ServiceContext } from '../../src/authorization/service.ts'
import { simulateIdentity } from '../../src/diagnostics/simulate.ts'
import { findUser } from '../../src/domain/users/users.store.ts'
import { identityOf, type SourceRecord } from '../../src/federation/attribute-mapping.ts'
import type { Identity } from '../../src/federation/identity.ts'
import { reconcile } from '../../src/federation/reconcile.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { makeGroupPermissions, makeIam, makeUser, testContext } from '../harness/context.ts'
import { testStore } from '../harness/database.ts'

let store: Store
let serial = 0
let userid: string
beforeAll(async () => {
  store = await testStore()
  await makeIam(store, 'ldap')
  await makeUser(store, 'root', ['USER_ADMIN'])
})
beforeEach(() => {
  userid = `person${++serial}`
})
afterAll(() => store.close())

const SOURCE = { iamid: 'ldap', source: 'ldap' }
async function write(identity: Identity, source = SOURCE) {
  const { app, actor, requestId, address } = testContext({ actor: operator, store })
  const written = await store.transaction(db =>
    reconcile({ app, actor, requestId, address, db, now: new Date() } as ServiceContext, source, identity),
  )
  if ('rejected' in written) throw new Error(written.rejected)
  return written
}
const record = (values: Record<string, string[]>, groups: SourceRecord['groups'] = null): SourceRecord => ({
  userid,
  values: name => values[name],
  groups,
})
async function held() {
  const user = (await findUser(store.db, { iamid: 'ldap', userid }))!
  const groups = await store.db.query<{ name: string; sources: string[] }>(
    `SELECT g.name, m.sources FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name`,
    [user.id],
  )
  const attributes = await store.db.query<{ key: string; value: string; source: string }>(
    `SELECT key, value, source FROM user_attributes WHERE user_id = $1 ORDER BY id`,
    [user.id],
  )
  return {
    user,
    groups: groups.map(({ name, sources }) => `${name}: ${sources.join(' ')}`),
    attributes: attributes.map(({ key, value, source }) => `${key}=${value} (${source})`),
  }
}
const group = (name: string) => ({ name, gid: null, email: null, description: null })

describe('mapping', () => {
  const iam = {
    config: {
      schema: {
        profile: { name: 'cn', email: 'mail', position: 'title' },
        externalUserIds: { git: 'gitId' },
        authorizations: { Country: 'c', Team: 'ou' },
        group: { name: 'displayName', gid: 'gidNumber' },
      },
    },
  }

  test('follows the schema; attributes that the source leaves out are absent', () => {
    const { identity, faults } = identityOf(iam, record({ cn: ['Ana'], title: [], c: ['CH', 'FR'], other: ['x'] }))
    expect(identity).toEqual({
      userid,
      profile: { name: 'Ana', position: null },
      externalUserIds: {},
      attributes: { Country: ['CH', 'FR'] },
    })
    expect(faults).toEqual([])
  })

  test('groups have their own names, or those of the schema; a missing list is not an empty list', () => {
    const values = (name: string) => ({ displayName: ['Nice name'], gidNumber: ['7'] })[name]
    const { identity } = identityOf(
      iam,
      record({}, [
        { name: 'cn-name', values },
        { name: 'plain', values: () => undefined },
      ]),
    )
    expect(identity.groups).toEqual([{ ...group('Nice name'), gid: '7' }, group('plain')])
    expect(identityOf(iam, record({}, [])).identity.groups).toEqual([])
    expect(identityOf(iam, record({}, null)).identity).not.toHaveProperty('groups')
  })

  test('invalid values are named and left out, and refuse nobody', () => {
    const { identity, faults } = identityOf(
      { config: { schema: { profile: { name: 'cn', email: 'mail' }, authorizations: { Country: 'c' } } } },
      record({ cn: ['  '], mail: ['no address'], c: ['ok', 'bad\u0000', ''] }, [
        { name: 'a\u0000b', values: () => undefined },
        { name: 'fine', values: () => undefined },
      ]),
    )
    expect(identity).toEqual({ userid, profile: {}, attributes: { Country: ['ok'] }, groups: [group('fine')] })
    expect(faults).toHaveLength(4)
    expect(faults.join(' ')).toMatch(/email.*address/)
  })

  test('values that are all invalid are not an empty list', () => {
    const { identity, faults } = identityOf(
      { config: { schema: { authorizations: { Country: 'c', Desk: 'd' } } } },
      record({ c: ['bad\u0000'], d: [] }, [{ name: 'a\u0000b', values: () => undefined }]),
    )
    expect(identity).toEqual({ userid, profile: {}, attributes: { Desk: [] } })
    expect(faults).toHaveLength(2)
  })

  test('only the supported actions of the IAM are applied', () => {
    const source = record({ c: ['CH'], cn: ['Ana'] }, [{ name: 'g', values: () => undefined }])
    const does = (...supportedActions: string[]) => identityOf({ config: { ...iam.config, supportedActions } }, source).identity
    expect(does('syncGroups')).not.toHaveProperty('attributes')
    expect(does('syncAuthorizations')).not.toHaveProperty('groups')
    expect(identityOf({ config: { ...iam.config, authenticationOnly: true } }, source).identity).toEqual({ userid, profile: {} })
  })
})

describe('reconcile', () => {
  test('makes who is new, with one event for each kind of thing', async () => {
    const made = await write({
      userid,
      profile: { name: 'Ana', email: 'ana@example.com' },
      groups: [group('Crew')],
      attributes: { Country: ['CH'] },
    })
    expect(made.created).toBe(true)
    expect(made.events.map(event => event.event)).toEqual(['userCreated', 'groupUserAdded', 'attributeUpdated'])
    const { user, groups, attributes } = await held()
    expect(user).toMatchObject({ iamid: 'ldap', name: 'Ana', email: 'ana@example.com', disabled: false })
    expect(user.lastExternalRefresh).not.toBeNull()
    expect([groups, attributes]).toEqual([['Crew: ldap'], ['Country=CH (ldap)']])
  })

  test('the same identity changes nothing and leaves no event', async () => {
    const identity = { userid, profile: { name: 'Ana' }, groups: [group('Crew')], attributes: { Country: ['CH'] } }
    await write(identity)
    const before = await held()
    const again = await write({ ...identity, groups: [group('CREW')] })
    expect([again.created, again.events]).toEqual([false, []])
    const { user, ...rest } = await held()
    expect(rest).toEqual({ groups: before.groups, attributes: before.attributes })
    expect(user.updatedAt).toEqual(before.user.updatedAt)
  })

  test('silence changes nothing; an empty list takes away what the source gave, and only that', async () => {
    const { user } = await write({
      userid,
      profile: { name: 'Ana', phone: '1' },
      externalUserIds: { git: 'a', ci: 'b' },
      groups: [group('Mine'), group('Shared')],
      attributes: { Country: ['CH'], Team: ['a'] },
    })
    await store.db.query(
      `UPDATE memberships SET sources = '{bim,ldap}' WHERE user_id = $1 AND group_id = (SELECT id FROM groups WHERE name = 'Shared')`,
      [user.id],
    )
    await store.db.query(`INSERT INTO user_attributes (user_id, key, key_key, value) VALUES ($1, 'Country', 'country', 'NO')`, [
      user.id,
    ])
    const before = await held()
    await write({ userid, profile: {} })
    expect(await held()).toMatchObject({
      groups: before.groups,
      attributes: before.attributes,
      user: { name: 'Ana', phone: '1' },
    })
    await write({ userid, profile: { phone: null }, externalUserIds: { git: null }, groups: [], attributes: { Country: [] } })
    const { groups, attributes, user: after } = await held()
    expect(groups).toEqual(['Shared: bim'])
    expect(attributes).toEqual(['Team=a (ldap)', 'Country=NO (bim)'])
    expect(after).toMatchObject({ phone: null, externalUserIds: { ci: 'b' } })
    await write({ userid, profile: {}, attributes: {}, allBut: [] })
    expect((await held()).attributes).toEqual(['Country=NO (bim)'])
  })

  test('two sources of one IAM own each their own', async () => {
    await write({ userid, profile: {}, groups: [group('Both')], attributes: { A: ['1'] } })
    const info = { iamid: 'ldap', source: 'user info' }
    await write(
      { userid, profile: {}, groups: [group('Both'), group('Info')], attributes: { A: ['1'], B: ['2'] }, allBut: [] },
      info,
    )
    expect(await held()).toMatchObject({
      groups: ['Both: ldap user info', 'Info: user info'],
      attributes: ['A=1 (ldap)', 'A=1 (user info)', 'B=2 (user info)'],
    })
    await write({ userid, profile: {}, groups: [] })
    await write({ userid, profile: {}, attributes: {}, allBut: [] }, info)
    expect(await held()).toMatchObject({ groups: ['Both: user info', 'Info: user info'], attributes: ['A=1 (ldap)'] })
  })

  test('many at once make one person and lose no group', async () => {
    await Promise.all(Array.from({ length: 8 }, () => write({ userid, profile: {}, groups: [group('One'), group('Two')] })))
    expect(await held()).toMatchObject({ groups: ['One: ldap', 'Two: ldap'] })
    expect(await store.db.prisma.user.count({ where: { iamid: 'ldap', userid } })).toBe(1)
  })

  test('the last administrator is not talked out of office', async () => {
    const own = await testStore()
    try {
      await makeIam(own, 'ldap')
      await makeGroupPermissions(own, 'ldap', { Chiefs: ['USER_ADMIN'] })
      const run = (identity: Identity) => {
        const { app, actor, requestId, address } = testContext({ actor: operator, store: own })
        return own.transaction(db =>
          reconcile({ app, actor, requestId, address, db, now: new Date() } as ServiceContext, SOURCE, identity),
        )
      }
      await run({ userid: 'chief', profile: {}, groups: [group('Chiefs')] })
      await expect(run({ userid: 'chief', profile: {}, groups: [] })).rejects.toThrow(/no enabled user with USER_ADMIN/)
    } finally {
      await own.close()
    }
  })

  test('a name that no IAM may have is refused', async () => {
    for (const bad of ['', ' a', 'a\u0000', '..', 'x'.repeat(255)])
      await expect(write({ userid: bad, profile: {} })).rejects.toThrow(/userid/)
  })
})

test('simulating tells the same plan and writes nothing', async () => {
  await write({ userid, profile: { name: 'Ana' }, groups: [group('Old')] })
  const before = await held()
  const next: Identity = { userid, profile: { name: 'Ana B' }, groups: [group('New')], attributes: { Country: ['CH'] } }
  const call = { ...testContext({ actor: operator, store }), db: store.db } as unknown as ServiceContext
  const simulate = (identity: Identity) =>
    simulateIdentity(call, { iam: { id: 'ldap', config: {} }, source: 'ldap', mapped: { identity, faults: [] } })
  const { user, ...plan } = await simulate(next)
  expect(user?.userid).toBe(userid)
  expect(plan).toMatchObject({ before: { name: 'Ana' }, after: { name: 'Ana B' }, groupsAdded: ['New'], groupsRemoved: ['Old'] })
  expect(await held()).toEqual(before)
  expect((await simulate({ userid: 'nobody yet', profile: {} })).user).toBeNull()
})
