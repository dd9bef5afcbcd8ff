/** The workloads W1 to W5: what each server is asked, and the data of its answer in one form. */
import type pg from 'pg'
import type { Sent } from '../lib/load.ts'
import { graphql } from '../lib/roster.ts'

export type Flavour = 'raw' | 'PostGraphile' | 'Roster'
export interface Workload {
  readonly name: string
  readonly title: string
  /** How many times slower than raw Roster may be. */
  readonly goal: number
  readonly connections: readonly number[]
  /** Of one slice. */
  readonly seconds: number
  readonly requests: Readonly<Partial<Record<Flavour, readonly Sent[]>>>
  /** The answer's data, without its envelope. */
  data(answer: unknown): unknown
  /** What it added is deleted after each slice. */
  readonly writes?: boolean
}

const SAMPLE = 500
/** More than a slice can add. */
const PAIRS = 60_000

const ask = (operationName: string, query: string, variables: object): Sent => ({
  method: 'POST',
  path: '/graphql',
  body: JSON.stringify({ operationName, query, variables }),
})

const ONE = {
  Roster: `query One($userid: String!) { user(ref: { name: { userid: $userid } }) { id: databaseId iamid userid disabled createdAt
    profile { id: databaseId name email phone location organization preferences } permissions groups(first: 1000) { nodes { id: databaseId name description } } attributes { key values } } }`,
  PostGraphile: `query One($userid: String!) { user: allUsersList(condition: { iamid: "bim", useridKey: $userid }) { id: rowId iamid userid disabled createdAt
    profile_id: profileId profile_name: name profile_email: email profile_phone: phone profile_location: location profile_organization: organization profile_preferences: preferences
    permissions: userPermissionsByUserIdList(orderBy: ROW_ID_ASC) { permission } groups: groupsByNameList { id: rowId name description } attributes: userAttributesByUserIdList { key value } } }`,
}
const MANY = {
  Roster: `query Many($name: String!) { users(first: 25, filter: { name: $name }) { nodes { id: databaseId userid profile { email } groups(first: 1000) { nodes { id: databaseId name } } attributes { key values } } } }`,
  PostGraphile: `query Many($name: String!) { users: benchSearchList(part: $name, first: 25) { id: rowId userid profile_email: email groups: groupsByNameList { id: rowId name } attributes: userAttributesByUserIdList { key value } } }`,
}
const NESTED = {
  Roster: `query Nested($after: String!) { users(first: 100, after: $after) { nodes { id: databaseId userid groups(first: 25) { nodes { id: databaseId name members(first: 10) { nodes { id: databaseId name } } } } } } }`,
  PostGraphile: `query Nested($nameKey: String!, $id: Int!) { users: benchAfterList(afterName: $nameKey, afterId: $id, first: 100) { id: rowId userid groups: groupsByNameList(first: 25) { id: rowId name members: membersByNameList(first: 10) { id: rowId name } } } }`,
}
const ADD = `mutation Add($group: Int!, $userid: String!) { benchAdd(input: { toGroup: $group, member: $userid }) { result } }`

const PARTS = ['anna m', 'novak 1', 'boris', 'keller 9', 'zora', 'hoffman 77', 'tanaka 4', 'irene s', 'diego h', 'quinn 0']

export async function workloads(client: pg.Client, roster: { url: string; token: string }): Promise<Workload[]> {
  const people = await column(
    client,
    `SELECT userid FROM users WHERE NOT disabled AND userid <> 'admin' ORDER BY md5(userid) LIMIT ${SAMPLE}`,
  )
  const places = await placesOf(client, roster)
  const pairs = await freePairs(client)
  const one = (query: string) => people.map(userid => ask('One', query, { userid }))
  const many = (query: string) => PARTS.map(name => ask('Many', query, { name }))
  const point = people.map<Sent>(userid => ({ method: 'GET', path: `/bim/iam/bim/user/${userid}` }))
  const add = pairs.map<Sent>(({ group, userid }) => ({
    method: 'POST',
    path: `/bim/group/${group}/user`,
    body: JSON.stringify({ userid, iamid: 'bim' }),
  }))
  const first = (value: unknown) => (Array.isArray(value) ? value[0] : value)
  return [
    {
      name: 'W1',
      title: 'one user: profile, permissions, groups, attributes',
      goal: 1.8,
      connections: [16],
      seconds: 1,
      requests: { raw: one(''), PostGraphile: one(ONE.PostGraphile), Roster: one(ONE.Roster) },
      data: answer => first((answer as { data: { user: unknown } }).data.user),
    },
    {
      name: 'W2',
      title: '25 users by partial name: groups, attributes',
      goal: 1.3,
      connections: [1, 16, 64],
      seconds: 1,
      requests: { raw: many(''), PostGraphile: many(MANY.PostGraphile), Roster: many(MANY.Roster) },
      data: answer => (answer as { data: { users: unknown } }).data.users,
    },
    {
      name: 'W4',
      title: 'the user of W1 on its /bim path',
      goal: 1.5,
      connections: [16],
      seconds: 1,
      requests: { raw: point, Roster: point },
      data: answer => answer,
    },
    {
      name: 'W5',
      title: 'add a member, with its audit event',
      goal: 4,
      connections: [16],
      seconds: 1,
      requests: { raw: add, PostGraphile: pairs.map(pair => ask('Add', ADD, pair)), Roster: add },
      data: answer => {
        const { data } = answer as { data?: { benchAdd: { result: object } } }
        const { group, profile } = (data ? data.benchAdd.result : answer) as { group: number; profile: number }
        return { group, profile }
      },
      writes: true,
    },
    // Last: what is left of it must not slow others.
    {
      name: 'W3',
      title: '100 users × 25 groups × first 10 members by name',
      goal: 1.8,
      connections: [16],
      seconds: 3,
      requests: {
        raw: places.map(place => ask('Nested', '', place)),
        PostGraphile: places.map(({ nameKey, id }) => ask('Nested', NESTED.PostGraphile, { nameKey, id })),
        Roster: places.map(({ after }) => ask('Nested', NESTED.Roster, { after })),
      },
      data: answer => (answer as { data: { users: unknown } }).data.users,
    },
  ]
}

async function column(client: pg.Client, text: string): Promise<string[]> {
  const { rows } = await client.query({ text, rowMode: 'array' })
  return rows.map(([value]) => value)
}

type Page = { users: { nodes: { id: number }[]; pageInfo: { endCursor: string } } }
/** Where pages of W3 begin: Roster's cursor, and what it stands for. */
async function placesOf(client: pg.Client, roster: { url: string; token: string }) {
  const [{ size }] = (await client.query('SELECT least(1000, count(*) / 25)::int AS size FROM users')).rows
  const places: { after: string; nameKey: string; id: number }[] = []
  for (let after: string | null = null; places.length < 20; ) {
    const { users }: Page = await graphql<Page>(
      roster,
      'query ($after: String, $size: Int!) { users(first: $size, after: $after) { nodes { id: databaseId } pageInfo { endCursor } } }',
      { after, size },
    )
    after = users.pageInfo.endCursor
    const { rows } = await client.query(`SELECT name_key AS "nameKey", id FROM users WHERE id = $1`, [users.nodes.at(-1)!.id])
    places.push({ after, ...rows[0] })
  }
  return places
}

async function freePairs(client: pg.Client): Promise<{ group: number; userid: string }[]> {
  const { rows: users } = await client.query(
    `SELECT id, userid FROM users WHERE NOT disabled AND userid <> 'admin' ORDER BY md5(userid) LIMIT ${PAIRS}`,
  )
  const { rows: groups } = await client.query('SELECT id FROM groups ORDER BY md5(name)')
  const pairs = Array.from({ length: PAIRS }, (_, n) => ({
    user: users[n % users.length],
    // Other groups when all users had their turn.
    group: groups[(n + Math.floor(n / users.length)) % groups.length].id as number,
  }))
  const { rows: taken } = await client.query(
    `SELECT p.n::int FROM unnest($1::int[], $2::int[]) WITH ORDINALITY p(user_id, group_id, n)
      WHERE EXISTS (SELECT FROM memberships m WHERE m.user_id = p.user_id AND m.group_id = p.group_id)`,
    [pairs.map(({ user }) => user.id), pairs.map(({ group }) => group)],
  )
  const isTaken = new Set(taken.map(({ n }) => n - 1))
  return pairs.filter((_, n) => !isTaken.has(n)).map(({ user, group }) => ({ group, userid: user.userid }))
}
