// The audit events of a user: by role, paged by cursor, read from the indexes however many events there are.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { HiddenFields } from '../../../src/api/graphql/visibility.ts'
import type { UserActor } from '../../../src/authorization/actor.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { ask, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { nodesOf, type PlanNode, sentBy } from '../../harness/plans.ts'

let store: Store
let auditor: UserActor
/** `busy` does what most events tell, `quiet` and `none` little and nothing. */
let busy: UserActor
let quiet: UserActor
let none: UserActor

async function record(actorUserId: number | null, targetId: number | string, count = 1, targetType = 'user'): Promise<void> {
  await store.db.query(
    `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, actor_user_id, target_type, target_id, request_id)
     SELECT 'userUpdated', 'user:updateProfile', 'done', 'user', 'x', $1, $4, $2, 'r' FROM generate_series(1, $3::int)`,
    [actorUserId, String(targetId), count, targetType],
  )
}

beforeAll(async () => {
  store = await testStore()
  auditor = await makeUser(store, 'auditor', ['AUDIT', 'USER_ADMIN'])
  busy = await makeUser(store, 'busy')
  quiet = await makeUser(store, 'quiet')
  none = await makeUser(store, 'none')
  await record(busy.user.id, quiet.user.id)
  await record(quiet.user.id, quiet.user.id)
  await record(quiet.user.id, busy.user.id)
  await record(quiet.user.id, quiet.user.id, 1, 'group')
  await record(null, quiet.user.id)
  await record(busy.user.id, 'elsewhere', 30_000, 'iam')
  await store.db.query('ANALYZE')
}, 60_000)
afterAll(() => store.close())

async function eventsOf(user: UserActor, args: string, selection = 'nodes { id } totalCount') {
  const text = `query ($id: Int!) { user(ref: { databaseId: $id }) { auditEvents${args} { ${selection} } } }`
  const { data, errors } = await ask(testContext({ actor: auditor, store }), text, { id: user.user.id })
  expect(errors).toEqual([])
  return (data as any).user.auditEvents
}
const ids = (page: { nodes: { id: string }[] }) => page.nodes.map(({ id }) => Number(fromGlobalId(id)!.key))

describe('the role', () => {
  test.each([
    ['(role: ACTOR)', [4, 3, 2]],
    ['(role: TARGET)', [5, 2, 1]],
    ['(role: ANY)', [5, 4, 3, 2, 1]],
    ['', [5, 4, 3, 2, 1]],
    ['(role: null)', [5, 4, 3, 2, 1]],
  ])('%s', async (args, expected) => {
    const page = await eventsOf(quiet, args)
    expect(ids(page)).toEqual(expected)
    expect(page.totalCount).toBe(expected.length)
  })

  test('of who has no events', async () => {
    expect(await eventsOf(none, '')).toEqual({ nodes: [], totalCount: 0 })
  })

  test('of an actor of very many', async () => {
    const page = await eventsOf(busy, '(first: 2)', 'totalCount pageInfo { hasNextPage }')
    expect(page).toEqual({ totalCount: 30_002, pageInfo: { hasNextPage: true } })
  })
})

describe('who joined or left a group', () => {
  const member = (id: number) => ({
    members: [
      { id: 99_999, name: 'bim/other' },
      { id, name: 'bim/some' },
    ],
  })

  test('is target of the event, once, by any actor', async () => {
    const joined = await makeUser(store, 'joined')
    const { id } = joined.user
    const insert = (actor: number | null, event: string, facts: { before?: object; after?: object }) =>
      store.db.query<{ id: string }>(
        `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, actor_user_id, target_type, target_id, request_id, before, after)
         VALUES ($2, 'group:addMember', 'done', 'user', 'x', $1, 'group', '7', 'r', $3, $4) RETURNING id::text`,
        [actor, event, facts.before ?? null, facts.after ?? null],
      )
    const made = [
      await insert(null, 'groupUserAdded', { after: member(id) }),
      await insert(id, 'groupUserDeleted', { before: member(id) }),
      await insert(auditor.user.id, 'groupUserAdded', { after: member(id) }),
    ].map(([row]) => Number(row!.id))
    await insert(null, 'groupUserAdded', { after: member(id + 1) })
    await insert(null, 'groupUpdated', { after: member(id) })
    const [first, second, third] = made
    for (const [role, expected] of [
      ['TARGET', [third, second, first]],
      ['ANY', [third, second, first]],
      ['ACTOR', [second]],
    ] as const) {
      const page = await eventsOf(joined, `(role: ${role})`)
      expect([role, ids(page), page.totalCount]).toEqual([role, expected, expected.length])
    }
    const rest = await eventsOf(joined, '(first: 1)', 'nodes { id } pageInfo { endCursor }')
    expect(ids(await eventsOf(joined, `(first: 5, after: "${rest.pageInfo.endCursor}")`, 'nodes { id }'))).toEqual([
      second,
      first,
    ])
  })
})

describe('pages', () => {
  const selection = 'nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'

  test('by cursor, forward and backward, each event once', async () => {
    const first = await eventsOf(quiet, '(first: 2)', selection)
    expect([ids(first), first.pageInfo.hasNextPage]).toEqual([[5, 4], true])
    const second = await eventsOf(quiet, `(first: 2, after: "${first.pageInfo.endCursor}")`, selection)
    expect([ids(second), second.pageInfo.hasPreviousPage]).toEqual([[3, 2], true])
    const third = await eventsOf(quiet, `(first: 2, after: "${second.pageInfo.endCursor}")`, selection)
    expect([ids(third), third.pageInfo.hasNextPage]).toEqual([[1], false])
    const back = await eventsOf(quiet, `(last: 2, before: "${third.pageInfo.startCursor}")`, selection)
    expect(ids(back)).toEqual([3, 2])
    expect(ids(await eventsOf(quiet, '(last: 2)'))).toEqual([2, 1])
  })

  test('by offset', async () => {
    expect(ids(await eventsOf(quiet, '(first: 2, offset: 1)'))).toEqual([4, 3])
  })

  test('larger than what the embedded database reads at once', async () => {
    const page = await eventsOf(busy, '(role: ACTOR, first: 10000, offset: 1)')
    expect(ids(page)).toEqual(Array.from({ length: 10_000 }, (_, at) => 30_004 - at))
  })

  test('a cursor of another list is at fault', async () => {
    const { data } = await ask(testContext({ actor: auditor, store }), '{ auditEvents { pageInfo { endCursor } } }')
    const cursor = (data as any).auditEvents.pageInfo.endCursor
    const text = `query ($id: Int!) { user(ref: { databaseId: $id }) { auditEvents(after: "${cursor}") { nodes { id } } } }`
    const { errors } = await ask(testContext({ actor: auditor, store }), text, { id: quiet.user.id })
    expect(errors).toEqual(['after must be a cursor of this list in the same order'])
  })
})

test('it is hidden without AUDIT, also one’s own', async () => {
  const hidden = new HiddenFields()
  const context = Object.assign(testContext({ actor: quiet, store }), { hidden })
  const { data, errors } = await ask(context, '{ viewer { user { auditEvents { totalCount } } } }')
  expect({ data, errors, hidden: hidden.paths }).toEqual({
    data: { viewer: { user: { auditEvents: null } } },
    errors: [],
    hidden: ['viewer.user.auditEvents'],
  })
})

test('one statement for the pages of all users, and one for their counts', async () => {
  const list = (first: number, fields: string) =>
    statementsOf(store, () =>
      ask(
        testContext({ actor: auditor, store }),
        `{ users(first: ${first}) { nodes { auditEvents(first: 2) { nodes { id } ${fields} } } } }`,
      ),
    )
  expect(await list(1, '')).toHaveLength(2)
  expect(await list(4, '')).toHaveLength(2)
  expect(await list(4, 'totalCount')).toHaveLength(3)
})

test.each(['ACTOR', 'TARGET', 'ANY'])('a page reads few rows, whatever the user did: role %s', async role => {
  for (const user of [busy, quiet, none]) {
    const sent = await sentBy(store, () => eventsOf(user, `(role: ${role})`, 'nodes { id }'))
    const { text, values } = sent.find(({ text }) => text.includes('audit_events'))!
    const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      values,
      { fresh: true },
    )
    const read = nodesOf(row!['QUERY PLAN'][0]!.Plan).map(
      node => (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0),
    )
    expect(Math.max(...read), `${role} of ${user.user.userid}`).toBeLessThanOrEqual(60)
  }
})
