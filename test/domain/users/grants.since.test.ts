// Where a permission comes from: by which rule, since when, and who gave it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operator, type UserActor } from '../../../src/authorization/actor.ts'
import { memberships } from '../../../src/domain/groups/memberships.service.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import { permissions } from '../../../src/domain/users/permissions.service.ts'
import { userCreation } from '../../../src/domain/users/user-creation.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { ask, makeGroupPermissions, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: UserActor
let other: UserActor
let corp: string
let config: object

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['USER_ADMIN', 'APPLICATION_ADMIN', 'AUDIT'])
  other = await makeUser(store, 'other', ['USER_ADMIN', 'APPLICATION_ADMIN', 'AUDIT'])
  config = {
    options: { host: 'ldap.example', port: 636, useSSL: true, userSearchBase: 'dc=x', userSearchFilter: 'mail=%s' },
  }
  corp = (await iams.create(as(admin), { displayName: 'Corp', type: 'ldap', config })).iam.id
})
afterAll(() => store.close())

const as = (actor: UserActor | typeof operator) => testContext({ actor, store })
const ages = async () => (await store.db.query<{ now: Date }>('SELECT clock_timestamp() AS now'))[0]!.now

async function grantsOf(user: { id: number }): Promise<any[]> {
  const text = `query ($id: Int!) { user(ref: { databaseId: $id }) { permissionGrants {
    permission source since grantedBy group { name } rule { group iam { id: iamid } } } } }`
  const { data, errors } = await ask(as(admin), text, { id: user.id })
  expect(errors).toEqual([])
  return (data as any).user.permissionGrants
}
const newUser = async (userid: string, iamid = 'bim') =>
  (await userCreation.create(as(admin), { userid, iamid, password: iamid === 'bim' ? 'long enough word' : null } as never)).user

async function makeGroup(iamid: string, name: string): Promise<number> {
  return (await store.db.prisma.group.create({ data: { iamid, name, nameKey: name }, select: { id: true } })).id
}

describe('a local permission', () => {
  test('was granted by an administrator, by no rule', async () => {
    const user = await newUser('one@example.test')
    const before = await ages()
    await permissions.grant(as(other), { ref: { id: user.id }, permissions: ['CUSTOM'] })
    const grant = (await grantsOf(user)).find(({ permission }) => permission === 'CUSTOM')
    expect(grant).toEqual({
      permission: 'CUSTOM',
      source: 'bim',
      since: expect.any(String),
      grantedBy: 'bim/other',
      group: null,
      rule: null,
    })
    expect(Math.abs(Date.parse(grant.since) - before.getTime())).toBeLessThan(60_000)
  })

  test('that stays when all are set keeps its time and who granted it; the order is that of the list', async () => {
    const user = await newUser('two@example.test')
    await permissions.set(as(other), { ref: { id: user.id }, permissions: ['AA', 'BB'] })
    await store.db.query(
      `UPDATE user_permissions SET created_at = '2026-01-01T00:00:00Z' WHERE user_id = $1 AND permission = 'BB'`,
      [user.id],
    )
    await permissions.set(as(admin), { ref: { id: user.id }, permissions: ['CC', 'BB'] })
    expect((await grantsOf(user)).map(({ permission, grantedBy }) => [permission, grantedBy])).toEqual([
      ['CC', 'bim/admin'],
      ['BB', 'bim/other'],
    ])
    expect((await grantsOf(user))[1].since).toBe('2026-01-01T00:00:00.000Z')
    await permissions.revoke(as(admin), { ref: { id: user.id }, permission: 'CC' })
    expect((await grantsOf(user)).map(({ grantedBy }) => grantedBy)).toEqual(['bim/other'])
  })

  test('of a new user comes from who created it, of a clone from who cloned it', async () => {
    const made = await userCreation.create(as(operator), {
      userid: 'three@example.test',
      password: 'long enough word',
      permissions: ['XX'],
    })
    expect(new Set((await grantsOf(made.user)).map(({ grantedBy }) => grantedBy))).toEqual(new Set(['operator']))
    const withMail = testContext({ actor: other, store, env: { SMTP_URL: 'smtp://127.0.0.1:9' } })
    const { users } = await userCreation.clone(withMail, { ref: { id: made.user.id }, emails: ['copy@example.test'] })
    const copied = (await grantsOf(users[0]!)).find(({ permission }) => permission === 'XX')
    expect(copied.grantedBy).toBe('bim/other')
  })

  test('of an earlier version is as old as its row, by nobody that is known', async () => {
    const user = await newUser('four@example.test')
    await store.db.query(
      `INSERT INTO user_permissions (user_id, permission, created_at) VALUES ($1, 'OLD', '2025-05-05T00:00:00Z')`,
      [user.id],
    )
    expect((await grantsOf(user)).find(({ permission }) => permission === 'OLD')).toMatchObject({
      since: '2025-05-05T00:00:00.000Z',
      grantedBy: 'unknown',
    })
  })
})

describe('a permission through a group', () => {
  const rules = (groupPermissions: Record<string, string[]>, actor: UserActor) =>
    iams.update(as(actor), { id: corp, groupPermissions })
  const timeOf = (table: string, where: string) =>
    store.db.query<{ at: Date }>(`SELECT created_at AS at FROM ${table} WHERE ${where}`).then(rows => rows[0]!.at.toISOString())

  test('is as old as the membership, if the rule is older, and given by who added the member', async () => {
    await rules({ Crew: ['CREW'] }, admin)
    const groupId = await makeGroup(corp, 'crew')
    const user = await newUser('member', corp)
    const membership = await memberships.add(as(other), { group: { id: groupId }, user: { id: user.id } })
    expect(await grantsOf(user)).toEqual([
      {
        permission: 'CREW',
        source: 'group',
        since: membership.createdAt.toISOString(),
        grantedBy: 'bim/other',
        group: { name: 'crew' },
        rule: { group: 'Crew', iam: { id: corp } },
      },
    ])
  })

  test('is as old as the rule, if the membership is older, and given by who made the rule', async () => {
    await rules({ Crew: ['CREW', 'LATER'] }, other)
    const grants = await grantsOf(
      (await ask(as(admin), `{ user(ref: { name: { iamid: "${corp}", userid: "member" } }) { id: databaseId } }`)).data!
        .user as never,
    )
    expect(grants.map(({ permission, grantedBy }) => [permission, grantedBy])).toEqual([
      ['CREW', 'bim/other'],
      ['LATER', 'bim/other'],
    ])
    expect(grants[1].since).toBe(await timeOf('iam_group_permissions', "permission = 'LATER'"))
  })

  test('keeps its rule’s time when the rules are set again', async () => {
    const before = await timeOf('iam_group_permissions', "permission = 'CREW'")
    await rules({ CREW: ['CREW'], Other: ['MORE'] }, other)
    expect(await timeOf('iam_group_permissions', "permission = 'CREW'")).toBe(before)
    const [row] = await store.db.query(
      `SELECT group_name AS name, created_by AS by FROM iam_group_permissions WHERE permission = 'CREW'`,
    )
    expect(row).toEqual({ name: 'CREW', by: 'bim/admin' })
  })

  test('by a rule of an earlier version has no time', async () => {
    await makeGroupPermissions(store, 'bim', { old: ['BY_OLD_RULE'] })
    const user = await newUser('five@example.test')
    await memberships.add(as(admin), { group: { id: await makeGroup('bim', 'old') }, user: { id: user.id } })
    expect((await grantsOf(user)).find(({ permission }) => permission === 'BY_OLD_RULE')).toMatchObject({
      since: null,
      grantedBy: 'unknown',
      rule: { group: 'old', iam: { id: 'bim' } },
    })
  })
})

describe('a default permission of an IAM', () => {
  test('is as old as the user or the setting, and given by who set it', async () => {
    const user = await newUser('defaulted', corp)
    await iams.update(as(other), { id: corp, defaultPermissions: ['DEFAULT'] })
    const [grant] = await grantsOf(user)
    expect(grant).toMatchObject({
      permission: 'DEFAULT',
      source: 'IAM defaults',
      grantedBy: 'bim/other',
      rule: { group: null, iam: { id: corp } },
    })
    expect(Date.parse(grant.since)).toBeGreaterThanOrEqual(user.createdAt.getTime())
    await iams.update(as(admin), { id: corp, defaultPermissions: ['DEFAULT', 'SECOND'] })
    const later = await newUser('later', corp)
    expect((await grantsOf(later)).map(({ permission, grantedBy, since }) => [permission, grantedBy, since])).toEqual([
      ['DEFAULT', 'bim/other', later.createdAt.toISOString()],
      ['SECOND', 'bim/admin', later.createdAt.toISOString()],
    ])
    expect((await grantsOf(user))[0].since).toBe(grant.since)
  })

  test('of an IAM that is created with it', async () => {
    const { iam } = await iams.create(as(other), {
      displayName: 'New',
      type: 'ldap',
      config,
      defaultPermissions: ['FROM_START'],
    } as never)
    const user = await newUser('early', iam.id)
    expect(await grantsOf(user)).toMatchObject([
      { permission: 'FROM_START', grantedBy: 'bim/other', since: user.createdAt.toISOString() },
    ])
  })

  test('of an earlier version has no time, also when others are added', async () => {
    await store.db.query(`UPDATE iams SET default_permissions = '{OLD_DEFAULT}', default_since = '{}' WHERE id = $1`, [corp])
    await iams.update(as(admin), { id: corp, defaultPermissions: ['OLD_DEFAULT', 'NEW_DEFAULT'] })
    const user = await newUser('sixth', corp)
    expect((await grantsOf(user)).map(({ permission, grantedBy, since }) => [permission, grantedBy, since === null])).toEqual([
      ['NEW_DEFAULT', 'bim/admin', false],
      ['OLD_DEFAULT', 'unknown', true],
    ])
  })
})

test('origins of all users are one statement, and none where they are not selected', async () => {
  const list = (first: number, selection: string) =>
    statementsOf(store, () =>
      ask(
        as(admin),
        `{ users(first: ${first}, filter: { excludeDeletedIams: false }) { nodes { id: databaseId permissionGrants { permission ${selection} } } } }`,
      ),
    )
  expect(await list(10, '')).toHaveLength(1)
  expect(await list(1, 'since grantedBy rule { group }')).toHaveLength(2)
  expect(await list(10, 'since grantedBy rule { group }')).toHaveLength(2)
})
