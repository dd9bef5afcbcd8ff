/** What bench:scale asks: the growth table of the limits, and what must not grow. */
import type pg from 'pg'
import type { Sent, Target } from '../lib/load.ts'
import { graphql } from '../lib/roster.ts'

export interface Line {
  readonly name: string
  /** The nth request: another object or page each time, where there is more than one. */
  request(n: number): Sent
  /** Default: the administrator. */
  readonly by?: Target
}

const SAMPLE = 10
const LATE_USERS = 2_000

/** Declares the cursor where one is used. */
const ask = (selection: string, variables: object = {}): Sent => ({
  method: 'POST',
  path: '/graphql',
  body: JSON.stringify({ query: `query${'cursor' in variables ? ' ($cursor: String)' : ''} ${selection}`, variables }),
})
const get = (path: string): Sent => ({ method: 'GET', path })
const always = (name: string, query: string, variables: object = {}): Line => ({ name, request: () => ask(query, variables) })

export async function lines(client: pg.Client, target: Target): Promise<Line[]> {
  const [{ largest, members, users, events }] = (
    await client.query(
      `SELECT g.group_id AS largest, g.count::int AS members, (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM audit_events) AS events
         FROM (SELECT group_id, count(*) FROM memberships GROUP BY 1 ORDER BY 2 DESC LIMIT 1) g`,
    )
  ).rows
  const people = (
    await client.query(
      `SELECT userid FROM users WHERE iamid = 'bim' AND NOT disabled AND userid <> 'admin' ORDER BY md5(userid) LIMIT ${SAMPLE}`,
    )
  ).rows.map(({ userid }) => userid as string)
  const late = await lateIam(client, target)
  return [
    ...(await ofGroups(target, { largest, members, people })),
    ...(await ofUsers(target, users, people)),
    ...ofAttributes(),
    ...ofAudit(events),
    ...late,
  ]
}

async function ofGroups(
  target: Target,
  { largest, members, people }: { largest: number; members: number; people: string[] },
): Promise<Line[]> {
  const page = (args: string) =>
    `{ groupMembers(ref: { databaseId: ${largest} }, ${args}) { nodes { databaseId name user { databaseId userid } } pageInfo { hasNextPage endCursor } } }`
  const middle = await cursorOf(
    target,
    `groupMembers(ref: { databaseId: ${largest} }, first: 1, offset: ${Math.floor(members / 2)})`,
  )
  const nested = 'groups(first: 25) { nodes { databaseId name members(first: 25) { nodes { databaseId name } } } }'
  return [
    always('members of the largest group, first page', page('first: 25')),
    always('the middle page, by cursor', page('first: 25, after: $cursor'), { cursor: middle }),
    always('before the middle, by cursor', page('last: 25, before: $cursor'), { cursor: middle }),
    always('the last page', page('last: 25')),
    always('its middle page, by offset', page(`first: 25, offset: ${Math.floor(members / 2)}`)),
    {
      name: 'groups(25){members(25)} of a user',
      request: n => ask(`{ user(ref: { name: { userid: "${people[n % SAMPLE]}" } }) { databaseId ${nested} } }`),
    },
    always(
      'group{members(25)} of the largest',
      `{ group(ref: { databaseId: ${largest} }) { databaseId members(first: 25) { nodes { databaseId name } } } }`,
    ),
    always('its count of members', `{ groupMembers(ref: { databaseId: ${largest} }, first: 1) { totalCount } }`),
  ]
}

async function ofUsers(target: Target, users: number, people: readonly string[]): Promise<Line[]> {
  const list = (args: string) =>
    `{ users(${args}) { nodes { databaseId userid profile { name email } } pageInfo { hasNextPage endCursor } } }`
  const middle = await cursorOf(target, `users(first: 1, offset: ${Math.floor(users / 2)})`)
  const common = 'CREATE_PROJECT'
  const searches = ['anna', 'mueller 5', 'zora.no', 'x m', 'qu'].map(text =>
    always(`search "${text}"`, list(`first: 25, search: "${text}"`)),
  )
  return [
    always('viewer', '{ viewer { user { databaseId userid } } }'),
    {
      name: 'one user, GraphQL',
      request: n =>
        ask(
          `{ user(ref: { name: { userid: "${people[n % SAMPLE]}" } }) { databaseId permissions profile { name } groups(first: 25) { nodes { databaseId } } } }`,
        ),
    },
    { name: 'one user, REST', request: n => get(`/bim/iam/bim/user/${people[n % SAMPLE]}`) },
    always('users, first page', list('first: 25')),
    always('users, middle page by cursor', list('first: 25, after: $cursor'), { cursor: middle }),
    always('users, last page', list('last: 25')),
    always('users, offset 90 %', list(`first: 25, offset: ${Math.floor(users * 0.9)}`)),
    always('totalCount of users', '{ users(first: 1) { totalCount } }'),
    always('totalCount of a name', '{ users(first: 1, filter: { name: "boris" }) { totalCount } }'),
    always('users by name', list('first: 25, filter: { name: "novak 1" }')),
    always('users by a permission that most have', list(`first: 25, filter: { permission: "${common}" }`)),
    always('their count', `{ users(first: 1, filter: { permission: "${common}" }) { totalCount } }`),
    { name: 'REST list of users, first page', request: () => get('/bim/user?size=25') },
    { name: 'REST list by name', request: () => get('/bim/user?size=25&name=novak%201') },
    ...searches,
  ]
}

const ofAttributes = (): Line[] => [
  always('attributeKeys', '{ attributeKeys(first: 25) { nodes { key } } }'),
  always(
    'users by key and value',
    '{ users(first: 25, filter: { attributes: [{ key: "office", value: "value-office-5" }] }) { nodes { databaseId } } }',
  ),
  always('users by key alone', '{ users(first: 25, filter: { attributes: [{ key: "office" }] }) { nodes { databaseId } } }'),
  always('users without a key', '{ users(first: 25, filter: { withoutAttribute: "office" }) { nodes { databaseId } } }'),
]

function ofAudit(events: number): Line[] {
  const list = (args: string) => `{ auditEvents(${args}) { nodes { event targetId } } }`
  return [
    always('audit, first page', list('first: 25')),
    always('audit, offset 90 %', list(`first: 25, offset: ${Math.floor(events * 0.9)}`)),
    always('audit, only DENIED', list('first: 25, filter: { outcome: DENIED }')),
  ]
}

async function cursorOf(target: Target, list: string): Promise<string> {
  const data = await graphql<Record<string, { pageInfo: { endCursor: string } }>>(
    target,
    `{ ${list} { pageInfo { endCursor } } }`,
  )
  return Object.values(data)[0]!.pageInfo.endCursor
}

/** SCIM of an IAM whose users come after all others. */
async function lateIam(client: pg.Client, target: Target): Promise<Line[]> {
  const [{ n }] = (await client.query('SELECT count(*) AS n FROM users')).rows
  const iamid = `late${n}`
  await graphql(target, 'mutation($input: CreateIamInput!) { createIam(input: $input) { iam { iamid } } }', {
    input: { iamid, displayName: iamid, type: 'OPENID', config: { scimEnabled: true } },
  })
  await client.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, scim)
     SELECT $1, 'late.' || i, 'late.' || i, 'Late ' || i, 'late ' || i, jsonb_build_object('externalId', 'x' || i) FROM generate_series(1, ${LATE_USERS}) i`,
    [iamid],
  )
  await client.query('ANALYZE users')
  const { generateScimKey } = await graphql<{ generateScimKey: { scimKey: string } }>(
    target,
    'mutation($iamid: String!) { generateScimKey(input: { iamid: $iamid }) { scimKey } }',
    { iamid },
  )
  const by = { url: target.url, token: generateScimKey.scimKey }
  const scim = (name: string, query: string): Line => ({
    name: `SCIM of a later IAM: ${name}`,
    request: () => get(`/scim/v2/${iamid}/Users?${query}`),
    by,
  })
  return [
    scim('first page', 'count=25'),
    scim('middle page', `startIndex=${LATE_USERS / 2}&count=25`),
    scim('userName eq', `filter=${encodeURIComponent('userName eq "late.77"')}`),
    scim('externalId eq', `filter=${encodeURIComponent('externalId eq "x77"')}`),
    scim('userName sw', `count=25&filter=${encodeURIComponent('userName sw "late.1"')}`),
    scim('displayName co', `count=25&filter=${encodeURIComponent('displayName co "ate 19"')}`),
  ]
}
