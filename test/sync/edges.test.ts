// From an IAM to its users and syncs, and from a sync to its IAM, its entries and who started it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HiddenFields } from '../../src/api/graphql/visibility.ts'
import { machine, type UserActor } from '../../src/authorization/actor.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { insertRun } from '../../src/sync/runs.store.ts'
import { ask, makeIam, makeUser, statementsOf, testContext } from '../harness/context.ts'
import { testStore } from '../harness/database.ts'
import { nodesOf, type PlanNode, sentBy } from '../harness/plans.ts'

const MANY = 5_000

let store: Store
let admin: UserActor
let nobody: UserActor

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['USER_ADMIN'])
  nobody = await makeUser(store, 'nobody')
  for (const id of ['corp', 'empty', 'large']) await makeIam(store, id)
  for (const name of ['carol', 'ann', 'bob']) await makeUser(store, name, [], { iamid: 'corp', disabled: name === 'bob' })
  await store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'large', 'u' || i, 'u' || i, 'A' || i, 'a' || i FROM generate_series(1, $1::int) i`,
    [MANY],
  )
  await makeRun('finished')
  await makeRun('finished', { dryRun: true })
  await makeRun('finished', { mode: 'user' })
  await makeRun('failed')
  await store.db.query(
    `INSERT INTO sync_entries (run_id, kind, name, name_key, user_id, action, state)
     SELECT r.id, 'user', 'n' || i, 'n' || i, NULL, 'update', 'applied' FROM sync_runs r, generate_series(1, 3) i`,
  )
  await store.db.query(
    `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status) SELECT 'large', 'full', 'schedule', false, 'failed' FROM generate_series(1, $1::int)`,
    [MANY],
  )
  await store.db.query('ANALYZE')
}, 60_000)
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })

async function makeRun(status: 'finished' | 'failed', more: object = {}): Promise<void> {
  const run = {
    iamid: 'corp',
    mode: 'full' as const,
    startedBy: 'bim/admin',
    startedById: admin.user.id,
    dryRun: false,
    userid: null,
    since: null,
  }
  await insertRun(store.db, { ...run, status, ...more }, new Date())
}
async function answer(actor: UserActor, text: string, context = as(actor)): Promise<any> {
  const { data, errors } = await ask(context, text)
  expect(errors).toEqual([])
  return data
}

describe('an IAM', () => {
  test('has its users, by name, page by page, disabled ones too', async () => {
    const first = (
      await answer(
        nobody,
        '{ iam(iamid: "corp") { users(first: 2) { totalCount nodes { userid } pageInfo { hasNextPage endCursor } } } }',
      )
    ).iam.users
    expect(first).toMatchObject({ totalCount: 3, nodes: [{ userid: 'ann' }, { userid: 'bob' }], pageInfo: { hasNextPage: true } })
    const after = `first: 2, after: "${first.pageInfo.endCursor}"`
    expect(
      (await answer(nobody, `{ iam(iamid: "corp") { users(${after}) { nodes { userid disabled } } } }`)).iam.users.nodes,
    ).toEqual([{ userid: 'carol', disabled: false }])
    const last = await answer(nobody, '{ iam(iamid: "corp") { users(last: 2) { nodes { userid } } } }')
    expect(last.iam.users.nodes).toEqual([{ userid: 'bob' }, { userid: 'carol' }])
    expect((await answer(nobody, '{ iam(iamid: "empty") { users { totalCount nodes { id: databaseId } } } }')).iam.users).toEqual(
      {
        totalCount: 0,
        nodes: [],
      },
    )
  })

  test('hides the private fields of its users, as every list', async () => {
    const { data } = await ask(
      as(nobody),
      '{ iam(iamid: "corp") { users { nodes { profile { phone } permissionGrants { source } } } } }',
    )
    expect((data as any).iam.users.nodes[0]).toEqual({ profile: { phone: null }, permissionGrants: null })
  })

  test('does not list users for a credential whose scopes lack them', async () => {
    const narrow = { ...admin, credential: { ...admin.credential, scopes: ['iam:list'] } }
    const { data, errors } = await ask(as(narrow), '{ iam(iamid: "corp") { id: iamid users { totalCount } } }')
    expect({ data, errors }).toEqual({
      data: { iam: { id: 'corp', users: null } },
      errors: ['user:list is outside the scopes of this credential'],
    })
  })

  test('has its syncs, newest first, and the last that was successful: finished, of all users, no dry run', async () => {
    const { iam } = await answer(
      admin,
      `{ iam(iamid: "corp") { syncRuns { totalCount nodes { id: databaseId status dryRun mode } } lastSuccessfulSync { id: databaseId status } } }`,
    )
    const runs = iam.syncRuns.nodes
    expect(iam.syncRuns.totalCount).toBe(4)
    expect(runs.map(({ status, dryRun, mode }: any) => [status, dryRun, mode])).toEqual([
      ['FAILED', false, 'FULL'],
      ['FINISHED', false, 'USER'],
      ['FINISHED', true, 'FULL'],
      ['FINISHED', false, 'FULL'],
    ])
    expect(iam.lastSuccessfulSync).toEqual({ id: runs[3].id, status: 'FINISHED' })
    const none = await answer(
      admin,
      '{ large: iam(iamid: "large") { lastSuccessfulSync { id: databaseId } } empty: iam(iamid: "empty") { lastSuccessfulSync { id: databaseId } } }',
    )
    expect(none).toEqual({ large: { lastSuccessfulSync: null }, empty: { lastSuccessfulSync: null } })
  })

  test('hides its syncs without USER_ADMIN', async () => {
    const hidden = new HiddenFields()
    const text = '{ iam(iamid: "corp") { syncRuns { totalCount } lastSuccessfulSync { id: databaseId } } }'
    expect(await answer(nobody, text, Object.assign(as(nobody), { hidden }))).toEqual({
      iam: { syncRuns: null, lastSuccessfulSync: null },
    })
    expect(hidden.paths).toEqual(['iam.lastSuccessfulSync', 'iam.syncRuns'])
  })
})

describe('a sync', () => {
  const first = '{ syncRuns(first: 1, filter: { iamid: "corp" }) { nodes'

  test('has its IAM, its entries and the user who started it', async () => {
    const { syncRuns } = await answer(
      admin,
      `${first} { iam { displayName } startedBy startedByUser { userid } entries(first: 2) { totalCount nodes { name } pageInfo { hasNextPage } } } } }`,
    )
    expect(syncRuns.nodes).toEqual([
      {
        iam: { displayName: 'corp' },
        startedBy: 'bim/admin',
        startedByUser: { userid: 'admin' },
        entries: { totalCount: 3, nodes: [{ name: 'n1' }, { name: 'n2' }], pageInfo: { hasNextPage: true } },
      },
    ])
  })

  test('was started by no user if the schedule did, and by none that is left if the user was deleted', async () => {
    await insertRun(
      store.db,
      { iamid: 'removed', mode: 'full', startedBy: 'schedule', dryRun: false, userid: null, since: null, status: 'finished' },
      new Date(),
    )
    await insertRun(
      store.db,
      {
        iamid: 'removed',
        mode: 'full',
        startedBy: 'bim/gone',
        startedById: 2147483647,
        dryRun: false,
        userid: null,
        since: null,
        status: 'finished',
      },
      new Date(),
    )
    const { syncRuns } = await answer(
      admin,
      '{ syncRuns(filter: { iamid: "removed" }) { nodes { iam { id: iamid } startedBy startedByUser { id: databaseId } } } }',
    )
    expect(syncRuns.nodes).toEqual([
      { iam: null, startedBy: 'bim/gone', startedByUser: null },
      { iam: null, startedBy: 'schedule', startedByUser: null },
    ])
  })

  test('lists no entries for a credential that may not read users', async () => {
    const narrow = { ...admin, credential: { ...admin.credential, scopes: ['iam:listSyncs'] } }
    const { data, errors } = await ask(as(narrow), `${first} { id entries { totalCount } } } }`)
    expect((data as any).syncRuns.nodes[0].entries).toBeNull()
    expect(errors).toEqual(['user:read is outside the scopes of this credential'])
  })

  test('is listed for a machine as well', async () => {
    const { data, errors } = await ask(
      testContext({ actor: machine('operator'), store }),
      `${first} { entries { totalCount } } } }`,
    )
    expect({ data, errors }).toEqual({ data: { syncRuns: { nodes: [{ entries: { totalCount: 3 } }] } }, errors: [] })
  })
})

test('one statement for each edge, whatever the number of IAMs and syncs', async () => {
  const iams = (first: number, edge: string) =>
    statementsOf(store, () => answer(admin, `{ iams(first: ${first}) { nodes { ${edge} } } }`))
  for (const edge of ['users(first: 2) { nodes { id } }', 'syncRuns(first: 2) { nodes { id } }', 'lastSuccessfulSync { id }']) {
    expect(await iams(1, edge), edge).toHaveLength(2)
    expect(await iams(4, edge), edge).toHaveLength(2)
  }
  const runs = (first: number) =>
    statementsOf(store, () =>
      answer(admin, `{ syncRuns(first: ${first}) { nodes { entries(first: 2) { nodes { id } } iam { id: iamid } } } }`),
    )
  expect(await runs(1)).toHaveLength(3)
  expect(await runs(6)).toHaveLength(3)
})

describe('a page reads few rows of many', () => {
  test.each([
    ['users of the IAM with most', 'large', 'users'],
    ['users after a cursor', 'large', 'users'],
    ['users of an IAM with few, late in the order of names', 'corp', 'users'],
    ['users of an IAM without any', 'empty', 'users'],
    ['syncs of the IAM with most', 'large', 'syncRuns'],
    ['syncs of an IAM with few', 'corp', 'syncRuns'],
    ['the last successful sync where none of many was', 'large', 'lastSuccessfulSync'],
  ])('%s', async (what, id, edge) => {
    const shown = edge === 'lastSuccessfulSync' ? 'id' : 'nodes { id } pageInfo { endCursor }'
    const ofEdge = (args = '') => answer(admin, `{ iam(iamid: "${id}") { edge: ${edge}${args} { ${shown} } } }`)
    const page = await ofEdge()
    const args = what.includes('cursor') ? `(first: 25, after: "${page.iam.edge.pageInfo.endCursor}")` : ''
    const sent = (await sentBy(store, () => ofEdge(args))).find(({ text }) => text.includes('LATERAL'))!
    const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sent.text}`,
      sent.values,
      { fresh: true },
    )
    const read = nodesOf(row!['QUERY PLAN'][0]!.Plan).map(
      node => (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0),
    )
    expect(Math.max(...read)).toBeLessThanOrEqual(60)
  })
})
