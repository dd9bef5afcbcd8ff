// What is asked about service accounts reads those of one owner, however many users, groups and accounts there are.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  accountList,
  countOwned,
  isMemberOf,
  ownedByGroup,
  ownedByUsers,
} from '../../../src/domain/users/service-accounts.store.ts'
import { readPage } from '../../../src/platform/database/pagination.ts'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { nodesOf, type PlanNode, sentBy } from '../../harness/plans.ts'

const MANY = 3_000
/** Rows of the answers, and some for the pages that they are in. */
const FEW = 60

let store: Store
let person: number
let crew: number
beforeAll(async () => {
  store = await testStore()
  const { db } = store
  const series = 'generate_series(1, $1::int) i'
  const people = await db.query<{ id: number }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'bim', 'u' || i, 'u' || i, 'U', 'u' || i FROM ${series} RETURNING id`,
    [MANY],
  )
  const crews = await db.query<{ id: number }>(
    `INSERT INTO groups (iamid, name, name_key) SELECT 'bim', 'g' || i, 'g' || i FROM ${series} RETURNING id`,
    [MANY],
  )
  person = people[0]!.id
  crew = crews[0]!.id
  await db.query('INSERT INTO memberships (group_id, user_id) SELECT g, u FROM unnest($1::int[], $2::int[]) x(g, u)', [
    crews.map(({ id }) => id),
    people.map(({ id }) => id),
  ])
  // One of each person, and one of each group.
  await db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, kind, owner_user_id, owner_group_id)
     SELECT 'bim', 's' || n, 's' || n, 'S', 's' || lpad(n::text, 6, '0'), 'SERVICE', u, NULL FROM unnest($1::int[]) WITH ORDINALITY x(u, n)
     UNION ALL SELECT 'bim', 't' || n, 't' || n, 'T', 't' || lpad(n::text, 6, '0'), 'SERVICE', NULL, g FROM unnest($2::int[]) WITH ORDINALITY x(g, n)`,
    [people.map(({ id }) => id), crews.map(({ id }) => id)],
  )
  await db.query('ANALYZE')
}, 60_000)
afterAll(() => store.close())

const listed = async (db: Db, more: Partial<Parameters<typeof accountList>[0]>) => {
  const list = accountList({ filter: {}, sort: null, wanted: undefined, owner: null, of: null, ...more })
  const { nodes } = await readPage(db, list, { first: 25 })
  return nodes.map(({ userid }) => userid)
}

const calls: Record<string, (db: Db) => Promise<unknown>> = {
  'the first page of all': async db => expect(await listed(db, {})).toHaveLength(25),
  'those of one and of their groups': async db => expect(await listed(db, { of: person })).toEqual(['s1', 't1']),
  'those of one user': async db =>
    expect(await listed(db, { owner: { ownerUserId: person, ownerGroupId: null } })).toEqual(['s1']),
  'those of one group': async db =>
    expect(await listed(db, { owner: { ownerUserId: null, ownerGroupId: crew } })).toEqual(['t1']),
  'the cap of a user': async db => expect(await countOwned(db, { ownerUserId: person, ownerGroupId: null })).toBe(1),
  'the cap of a group': async db => expect(await countOwned(db, { ownerUserId: null, ownerGroupId: crew })).toBe(1),
  'membership of the owner': async db => expect(await isMemberOf(db, crew, person)).toBe(true),
  'what a deleted user leaves': async db =>
    expect(await ownedByUsers(db, { ids: [person] })).toEqual(new Map([[person, ['s1']]])),
  'what a deleted group leaves': async db => expect(await ownedByGroup(db, crew)).toEqual(['t1']),
}

test.each(Object.keys(calls))('%s', async name => {
  const [sent] = await sentBy(store, () => calls[name]!(store.db))
  const { text, values } = sent!
  const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
    values,
    { fresh: true },
  )
  const read = nodesOf(row!['QUERY PLAN'][0]!.Plan).map(node => {
    const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)
    return { node: node['Node Type'], of: node['Relation Name'], rows: Math.round(each * (node['Actual Loops'] ?? 0)) }
  })
  expect(read.filter(({ rows }) => rows > FEW)).toEqual([])
})
