// Who or which source made a membership, and since when: each path stores it, once. And one membership, asked for by its group.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Actor, operator, type UserActor } from '../../../src/authorization/actor.ts'
import { memberships } from '../../../src/domain/groups/memberships.service.ts'
import { userCreation } from '../../../src/domain/users/user-creation.service.ts'
import { joinGroups } from '../../../src/federation/identity.store.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { addScimMembers } from '../../../src/scim/resources/members.store.ts'
import { ask, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: UserActor
let local: number
let remote: number

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['USER_ADMIN'])
  await makeIam(store, 'corp')
  local = await makeGroup('bim', 'local')
  remote = await makeGroup('corp', 'remote')
})
afterAll(() => store.close())

async function makeGroup(iamid: string, name: string): Promise<number> {
  return (await store.db.prisma.group.create({ data: { iamid, name, nameKey: name }, select: { id: true } })).id
}
const as = (actor: Actor) => testContext({ actor, store })

async function membershipIn(actor: UserActor, { user }: UserActor, group: object) {
  const text = `query ($user: Int!, $group: GroupRef!) { user(ref: { databaseId: $user }) {
    membershipIn(group: $group) { since createdAt addedBy sources group { name } user { userid } } } }`
  const { data, errors } = await ask(as(actor), text, { user: user.id, group })
  expect(errors).toEqual([])
  return (data as any).user.membershipIn
}

describe('a membership is made', () => {
  test('by an administrator, since then', async () => {
    const person = await makeUser(store, 'one')
    const made = await memberships.add(as(admin), { group: { id: local }, user: { id: person.user.id } })
    const time = made.createdAt.toISOString()
    expect(await membershipIn(admin, person, { databaseId: local })).toEqual({
      since: time,
      createdAt: time,
      addedBy: 'bim/admin',
      sources: ['bim'],
      group: { name: 'local' },
      user: { userid: 'one' },
    })
  })

  test('by an administrator who changes many, or by the operator', async () => {
    const [two, three] = [await makeUser(store, 'two'), await makeUser(store, 'three')]
    await memberships.change(as(admin), { group: { id: local }, add: [{ id: two.user.id }] })
    await memberships.change(as(operator), { group: { id: local }, add: [{ id: three.user.id }] })
    expect((await membershipIn(admin, two, { databaseId: local })).addedBy).toBe('bim/admin')
    expect((await membershipIn(admin, three, { databaseId: local })).addedBy).toBe('operator')
  })

  test('by who clones a user', async () => {
    const other = await makeUser(store, 'other admin', ['USER_ADMIN'])
    const model = await makeUser(store, 'model')
    await memberships.add(as(admin), { group: { id: local }, user: { id: model.user.id } })
    const withMail = testContext({ actor: other, store, env: { SMTP_URL: 'smtp://127.0.0.1:9' } })
    await userCreation.clone(withMail, { ref: { id: model.user.id }, emails: ['copy@example.test'] })
    const { data } = await ask(
      as(admin),
      '{ user(ref: { name: { userid: "copy@example.test" } }) { memberships { nodes { addedBy } } } }',
    )
    expect((data as any).user.memberships.nodes).toEqual([{ addedBy: 'bim/other admin' }])
  })

  test('by a source: a sync, a log-in or user info', async () => {
    const person = await makeUser(store, 'synced', [], { iamid: 'corp' })
    const group = { name: 'remote', gid: null, email: null, description: null }
    await joinGroups(store.db, { iamid: 'corp', source: 'user info', now: new Date() }, [{ userId: person.user.id, group }])
    expect((await membershipIn(admin, person, { databaseId: remote })).addedBy).toBe('user info')
  })

  test('by SCIM', async () => {
    const person = await makeUser(store, 'provisioned', [], { iamid: 'corp' })
    const [row] = await store.db.query<{ id: string }>('SELECT scim_id::text AS id FROM users WHERE id = $1', [person.user.id])
    await addScimMembers(store.db, { id: remote, iamid: 'corp' }, { ids: [row!.id], now: new Date() })
    expect((await membershipIn(admin, person, { databaseId: remote })).addedBy).toBe('corp')
  })

  test('by an earlier version: unknown', async () => {
    const person = await makeUser(store, 'old')
    await store.db.query('INSERT INTO memberships (user_id, group_id) VALUES ($1, $2)', [person.user.id, local])
    expect((await membershipIn(admin, person, { databaseId: local })).addedBy).toBe('unknown')
  })

  test('once: another source that says the same changes neither the time nor the name', async () => {
    const person = await makeUser(store, 'both', [], { iamid: 'corp' })
    const group = { name: 'remote', gid: null, email: null, description: null }
    const then = new Date('2026-01-01T00:00:00Z')
    await joinGroups(store.db, { iamid: 'corp', source: 'corp', now: then }, [{ userId: person.user.id, group }])
    await memberships.add(as(admin), { group: { id: remote }, user: { id: person.user.id } })
    expect(await membershipIn(admin, person, { databaseId: remote })).toMatchObject({
      since: then.toISOString(),
      addedBy: 'corp',
      sources: ['corp', 'bim'],
    })
  })
})

describe('the membership of a user in a group', () => {
  test('is null where there is none, no such group, or the group of another IAM', async () => {
    const person = await makeUser(store, 'alone')
    await memberships.add(as(admin), { group: { id: local }, user: { id: person.user.id } })
    expect(await membershipIn(admin, person, { databaseId: remote })).toBeNull()
    expect(await membershipIn(admin, person, { databaseId: 2147483647 })).toBeNull()
    expect(await membershipIn(admin, person, { inIam: { databaseId: local, iamid: 'corp' } })).toBeNull()
    expect(await membershipIn(admin, person, { inIam: { databaseId: local, iamid: 'bim' } })).not.toBeNull()
  })

  test('is hidden without USER_ADMIN, except on the own record, where the rest of it is hidden', async () => {
    const auditor = await makeUser(store, 'auditor', ['AUDIT'])
    await memberships.add(as(admin), { group: { id: local }, user: { id: auditor.user.id } })
    expect(await membershipIn(auditor, auditor, { databaseId: local })).toBeNull()
    const { data } = await ask(
      as(auditor),
      `{ viewer { user { membershipIn(group: { databaseId: ${local} }) { name addedBy since } } } }`,
    )
    expect((data as any).viewer.user.membershipIn).toEqual({ name: 'auditor', addedBy: null, since: null })
  })

  test('is one statement for all users and groups', async () => {
    const list = (first: number) =>
      statementsOf(store, () =>
        ask(
          as(admin),
          `{ users(first: ${first}) { nodes { a: membershipIn(group: { databaseId: ${local} }) { addedBy } b: membershipIn(group: { databaseId: ${remote} }) { since } } } }`,
        ),
      )
    expect(await list(1)).toHaveLength(2)
    expect(await list(20)).toHaveLength(2)
  })
})
