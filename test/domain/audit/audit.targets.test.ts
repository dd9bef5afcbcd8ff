// What an audit event is about, and who did it, as objects: what still exists and the caller may see.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HiddenFields } from '../../../src/api/graphql/visibility.ts'
import type { UserActor } from '../../../src/authorization/actor.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { ask, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

const EVERYTHING = ['AUDIT', 'USER_ADMIN', 'GOVERNANCE', 'PROJECT_MANAGEMENT', 'APPLICATION_ADMIN']
const DOMAIN = '11111111-2222-4333-8444-555555555555'

let store: Store
let full: UserActor
let auditor: UserActor
let other: UserActor
/** The target of each type, with its name in GraphQL. */
let targets: (readonly [type: string, id: string, found: string])[]

const id = async (text: string, values: readonly unknown[] = []) =>
  String((await store.db.query<{ id: number }>(`${text} RETURNING id`, values))[0]!.id)

beforeAll(async () => {
  store = await testStore()
  full = await makeUser(store, 'full', EVERYTHING)
  auditor = await makeUser(store, 'auditor', ['AUDIT'])
  other = await makeUser(store, 'other')
  await makeIam(store, 'corp')
  const key = `INSERT INTO api_keys (user_id, prefix, hash) VALUES ($1, 'rk_x', $2)`
  const token = `INSERT INTO tokens (user_id, prefix, hash, last_used, expires_at, ends_at, updated_at)
    VALUES ($1, 'rt_x', $2, now(), now() + interval '1 hour', now() + interval '1 hour', now())`
  await store.db.query(`INSERT INTO domains (id, name, name_key) VALUES ($1::uuid, 'Sales', 'sales')`, [DOMAIN])
  targets = [
    ['user', String(other.user.id), 'User'],
    ['group', await id(`INSERT INTO groups (iamid, name, name_key) VALUES ('bim', 'crew', 'crew')`), 'Group'],
    ['iam', 'corp', 'Iam'],
    [
      'sync',
      await id(
        `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status) VALUES ('corp', 'full', 's', false, 'finished')`,
      ),
      'SyncRun',
    ],
    ['apikey', await id(key, [other.user.id, Buffer.from('k1')]), 'ApiKey'],
    ['token', await id(token, [other.user.id, Buffer.from('t1')]), 'Token'],
    ['session', await id(token, [other.user.id, Buffer.from('t2')]), 'Token'],
    ['project', await id(`INSERT INTO projects (name, name_key, project_key) VALUES ('P', 'p', 'p')`), 'Project'],
    ['domain', DOMAIN, 'Domain'],
    ['dataSource', await id(`INSERT INTO data_sources (name, name_key) VALUES ('S', 's')`), 'DataSource'],
  ]
}, 60_000)
afterAll(() => store.close())

async function record(type: string, targetId: string, actorUserId: number | null = other.user.id): Promise<void> {
  await store.db.query(
    `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, actor_user_id, target_type, target_id, request_id)
     VALUES ('userUpdated', 'user:updateProfile', 'done', 'user', 'x', $3, $1, $2, 'r')`,
    [type, targetId, actorUserId],
  )
}

async function newest(actor: UserActor, count = 1, selection = 'actorUser { userid } target { __typename }') {
  const hidden = new HiddenFields()
  const context = Object.assign(testContext({ actor, store }), { hidden })
  const { data, errors } = await ask(context, `{ auditEvents(first: ${count}) { nodes { ${selection} } } }`)
  expect(errors).toEqual([])
  return { nodes: (data as any).auditEvents.nodes as any[], hidden: hidden.paths }
}

test('each type of target is found as the object that it is', async () => {
  for (const [type, targetId] of targets) await record(type, targetId)
  const { nodes, hidden } = await newest(full, targets.length)
  expect(nodes.toReversed().map(({ target }) => target.__typename)).toEqual(targets.map(([, , name]) => name))
  expect(nodes.map(({ actorUser }) => actorUser.userid)).toEqual(targets.map(() => 'other'))
  expect(hidden).toEqual([])
})

test('the fields of a target are those of its type', async () => {
  await record('user', String(other.user.id))
  const { nodes } = await newest(full, 1, 'target { ... on User { userid permissions } ... on Group { name } }')
  expect(nodes).toEqual([{ target: { userid: 'other', permissions: [] } }])
})

test.each([
  ['user', '2147483647'],
  ['user', '99999999999'],
  ['user', ''],
  ['user', '1 OR 1'],
  ['group', '2147483647'],
  ['iam', 'gone'],
  ['iam', ''],
  ['domain', 'no uuid'],
  ['domain', '99999999-2222-4333-8444-555555555555'],
  ['attribute', 'Country'],
  ['instance', ''],
  ['constructor', '1'],
])('the target %s %s is no object: null, and not hidden', async (type, targetId) => {
  await record(type, targetId)
  const { nodes, hidden } = await newest(full)
  expect(nodes[0].target).toBeNull()
  expect(hidden).toEqual([])
})

test('a deleted actor and a part of Roster are no users', async () => {
  await record('iam', 'corp', 2147483647)
  await record('iam', 'corp', null)
  const { nodes, hidden } = await newest(full, 2)
  expect(nodes.map(({ actorUser }) => actorUser)).toEqual([null, null])
  expect(hidden).toEqual([])
})

describe('what the caller may not list is hidden', () => {
  test('each type, for who has AUDIT alone', async () => {
    for (const [type, targetId] of targets) await record(type, targetId)
    const seen = (await newest(auditor, targets.length)).nodes.toReversed()
    expect(Object.fromEntries(targets.map(([type], at) => [type, seen[at].target?.__typename ?? null]))).toEqual({
      user: 'User',
      group: 'Group',
      iam: 'Iam',
      sync: null,
      apikey: null,
      token: null,
      session: null,
      project: null,
      domain: null,
      dataSource: null,
    })
    expect((await newest(auditor, targets.length)).hidden).toEqual(['auditEvents.nodes.target'])
  })

  test('a key of somebody else, not one of the caller', async () => {
    const own = await id(`INSERT INTO api_keys (user_id, prefix, hash) VALUES ($1, 'rk_x', $2)`, [
      auditor.user.id,
      Buffer.from('own'),
    ])
    await record('apikey', own)
    expect(await newest(auditor)).toEqual({
      nodes: [{ actorUser: { userid: 'other' }, target: { __typename: 'ApiKey' } }],
      hidden: [],
    })
  })

  test('users, for a credential whose scopes lack them', async () => {
    await record('user', String(other.user.id))
    const narrow = { ...full, credential: { ...full.credential, scopes: ['audit:list'] } }
    expect(await newest(narrow)).toEqual({
      nodes: [{ actorUser: null, target: null }],
      hidden: ['auditEvents.nodes.actorUser', 'auditEvents.nodes.target'],
    })
  })
})

test('statements do not depend on the number of events: one for each type of target but users, who come along as actors', async () => {
  const count = async (events: number) =>
    (await statementsOf(store, () => newest(full, events))).map(text => /FROM (\w+)/.exec(text)![1]).toSorted()
  for (let round = 0; round < 3; round++) for (const [type, targetId] of targets) await record(type, targetId)
  const few = await count(targets.length)
  expect(few).toHaveLength(9)
  expect(await count(3 * targets.length)).toEqual(few)
})
