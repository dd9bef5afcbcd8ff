// The catalogue of permissions: known and custom ones, their holders, and the rules that give them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { knownPermissions } from '../../../src/authorization/permissions.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { ask, makeGroupPermissions, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
beforeAll(async () => {
  store = await testStore()
  await makeIam(store, 'corp', {}, { Finance: ['AUDIT', 'LEDGER'], Sales: ['LEDGER'] })
  await makeGroupPermissions(store, 'bim', { Crew: ['LEDGER'] })
  await store.db.query(`UPDATE iams SET default_permissions = '{CATALOGUE_READ}' WHERE id = 'corp'`)
  const [ada, ines, gone] = await Promise.all([
    makeUser(store, 'ada', ['USER_ADMIN', 'LEDGER']),
    makeUser(store, 'ines', ['LEDGER'], { iamid: 'corp' }),
    makeUser(store, 'gone', ['LEDGER', 'USER_ADMN'], { disabled: true }),
  ])
  const group = await store.db.prisma.group.create({ data: { iamid: 'corp', name: 'Finance', nameKey: 'finance' } })
  await store.db.prisma.membership.createMany({
    data: [ada, ines, gone].map(({ user }) => ({ userId: user.id, groupId: group.id, sources: ['corp'] })),
  })
})
afterAll(() => store.close())

const CUSTOM = ['CATALOGUE_READ', 'LEDGER', 'USER_ADMN']

async function catalogue(args: string, selection = 'name', permissions: readonly string[] = ['USER_ADMIN']) {
  const actor = await makeUser(store, `caller ${Math.random()}`, [])
  const context = testContext({ actor: { ...actor, permissions: new Set(permissions) }, store })
  const { data, errors } = await ask(context, `{ permissions${args} { totalCount nodes { ${selection} } } }`)
  expect(errors).toEqual([])
  return data!.permissions as { totalCount: number; nodes: Record<string, unknown>[] }
}
const names = async (args: string) => (await catalogue(args)).nodes.map(node => node.name)

describe('permissions', () => {
  test('are the known ones and the custom ones in use, each once, by name', async () => {
    const all = [...knownPermissions, ...CUSTOM].toSorted()
    expect(await names('')).toEqual(all)
    expect(await names('(direction: DESC)')).toEqual(all.toReversed())
    expect(await names('(first: 3, offset: 2)')).toEqual(all.slice(2, 5))
    expect(await names('(last: 2)')).toEqual(all.slice(-2))
    expect((await catalogue('(first: 1)')).totalCount).toBe(all.length)
  })

  test.each([
    ['known: true', [...knownPermissions].toSorted()],
    ['known: false', CUSTOM],
    ['search: "user_adm"', ['USER_ADMIN', 'USER_ADMN']],
    ['search: "user_adm", known: false', ['USER_ADMN']],
    ['search: "Audit Log"', ['AUDIT']],
    ['search: "%"', []],
    ['search: ""', [...knownPermissions, ...CUSTOM].toSorted()],
  ])('filter by %s', async (filter, expected) => {
    expect(await names(`(filter: { ${filter} })`)).toEqual(expected)
    expect((await catalogue(`(first: 1, filter: { ${filter} })`)).totalCount).toBe(expected.length)
  })

  test('a known one has its meaning and what it allows, a custom one has none', async () => {
    const selection = 'name meaning known administrative actions'
    const { nodes } = await catalogue('(filter: { search: "AUDIT" })', selection)
    expect(nodes).toEqual([
      {
        name: 'AUDIT',
        meaning: 'Read the audit log, and any user in full.',
        known: true,
        administrative: true,
        actions: ['user:read', 'permission:list', 'audit:list'],
      },
    ])
    expect((await catalogue('(filter: { search: "LEDGER" })', selection)).nodes).toEqual([
      { name: 'LEDGER', meaning: null, known: false, administrative: false, actions: [] },
    ])
  })

  test('holders are enabled users of any source, each once', async () => {
    const holders = (await catalogue('', 'name holders')).nodes.map(({ name, holders }) => [name, holders])
    expect(Object.fromEntries(holders)).toMatchObject({
      AUDIT: 2,
      CATALOGUE_READ: 1,
      LEDGER: 2,
      USER_ADMN: 0,
      USER_ADMIN: 1,
      GOVERNANCE: 0,
    })
  })

  test('rules are the defaults of IAMs and the permissions of groups', async () => {
    const rules = async (search: string) =>
      (await catalogue(`(filter: { search: "${search}" })`, 'rules { totalCount nodes { iam { id: iamid } group } }')).nodes[0]!
        .rules
    expect(await rules('CATALOGUE_READ')).toEqual({ totalCount: 1, nodes: [{ iam: { id: 'corp' }, group: null }] })
    expect(await rules('LEDGER')).toEqual({
      totalCount: 3,
      nodes: [
        { iam: { id: 'bim' }, group: 'Crew' },
        { iam: { id: 'corp' }, group: 'Finance' },
        { iam: { id: 'corp' }, group: 'Sales' },
      ],
    })
    expect(await rules('GOVERNANCE')).toEqual({ totalCount: 0, nodes: [] })
  })

  test('rules are hidden from holders of AUDIT alone', async () => {
    const one = '(first: 1, filter: { search: "LEDGER" })'
    expect((await catalogue(one, 'name rules { totalCount }', ['AUDIT'])).nodes).toEqual([{ name: 'LEDGER', rules: null }])
    expect((await catalogue(one, 'rules { totalCount }', ['APPLICATION_ADMIN'])).nodes).toEqual([{ rules: { totalCount: 3 } }])
  })

  test('need a permission', async () => {
    const actor = await makeUser(store, 'nobody')
    expect(await ask(testContext({ actor, store }), '{ permissions { totalCount } }')).toEqual({
      data: { permissions: null },
      errors: ['permission:list needs the permission USER_ADMIN or AUDIT or APPLICATION_ADMIN'],
    })
  })

  test('holders are counted only if selected, in one statement', async () => {
    const actor = await makeUser(store, 'counting', ['USER_ADMIN'])
    const sent = (selection: string) =>
      statementsOf(store, () => ask(testContext({ actor, store }), `{ permissions { nodes { ${selection} } } }`))
    expect([(await sent('name')).length, (await sent('name holders')).length]).toEqual([1, 2])
  })
})
