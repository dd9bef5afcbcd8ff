// staleAfter and onError, and the report of users whose data from the user info endpoint may be out of date.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'

let app: TestApp
let people: Person[]
/** The answers by userid; 404 for the others. */
const answers = new Map<string, string>()
const endpoint = createServer((request, response) => {
  const body = answers.get(new URL(request.url!, 'http://endpoint').searchParams.get('userid')!)
  response.writeHead(body === undefined ? 404 : 200).end(body)
})
const GOOD = '{"groups": [{"name": "Crew"}], "authorizations": {}}'

beforeAll(async () => {
  await new Promise<void>(resolve => endpoint.listen(0, '127.0.0.1', resolve))
  app = await bootApp()
  people = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) people.push(await app.as([], { userid: name }))
})
afterAll(async () => {
  await app?.close()
  endpoint.close()
})

async function configure(more: object = {}) {
  const uri = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`
  const config = { externalUserInfo: { uri, ...more } }
  const { errors } = await app.graphql(
    'mutation ($c: JSON!) { updateIam(input: { iamid: "bim", config: $c }) { iam { id: iamid } } }',
    {
      c: config,
    },
  )
  expect(errors).toBeUndefined()
}
const logIn = async ({ userid, password }: Person): Promise<string> => {
  const { errors } = await app.graphql(
    'mutation ($u: String!, $p: String!) { logIn(input: { userid: $u, password: $p }) { token } }',
    { u: userid, p: password },
    null,
  )
  return errors?.[0].extensions.code ?? 'in'
}
const refresh = async ({ id }: Person): Promise<string> => {
  const { errors } = await app.graphql(
    'mutation ($id: Int!) { refreshUser(input: { ref: { databaseId: $id } }) { user { id: databaseId } } }',
    {
      id,
    },
  )
  return errors?.[0].extensions.code ?? 'refreshed'
}
/** The last good answer about the person becomes so much older. */
const age = ({ id }: Person, seconds: number) =>
  app.store.db.query(
    `UPDATE user_info_answers SET answered_at = answered_at - make_interval(secs => $2), failed_at = failed_at - make_interval(secs => $2) WHERE user_id = $1`,
    [id, seconds],
  )
const groupsOf = async ({ id }: Person) =>
  (await app.store.db.prisma.membership.findMany({ where: { userId: id }, include: { group: true } })).map(
    ({ group }) => group.name,
  )

const REPORT = `query ($iamid: String!, $state: UserInfoState, $first: Int, $after: String, $last: Int, $direction: Direction) {
  userInfoDrift(iamid: $iamid, state: $state, first: $first, after: $after, last: $last, direction: $direction) {
    totalCount totals { users answered neverCalled failed incomplete stale }
    pageInfo { hasNextPage endCursor } nodes { user { userid } state answeredAt failedAt failure } } }`
async function report(more: object = {}, token?: string) {
  const { data, errors } = await app.graphql(REPORT, { iamid: 'bim', ...more }, token)
  expect(errors).toBeUndefined()
  return data.userInfoDrift
}
const states = ({ nodes }: { nodes: { user: { userid: string }; state: string }[] }) =>
  nodes.map(({ user, state }) => `${user.userid}: ${state}`)

describe('without an answer', () => {
  test.each<[string, object, number | null, string]>([
    ['keep, by default', {}, null, 'in'],
    ['keep, however old the last answer', { onError: 'keep', staleAfter: 60 }, 3_600, 'in'],
    ['deny allows a log-in while the last answer is fresh', { onError: 'deny', staleAfter: 60 }, 0, 'in'],
    ['deny refuses once it is not', { onError: 'deny', staleAfter: 60 }, 120, 'UNAVAILABLE'],
    ['deny without staleAfter refuses at once', { onError: 'deny' }, 0, 'UNAVAILABLE'],
    ['deny refuses a user without any answer', { onError: 'deny', staleAfter: 60 }, null, 'UNAVAILABLE'],
  ])('%s', async (_, config, seconds, outcome) => {
    await configure()
    const person = await app.as([], { userid: 'someone' })
    await app.store.db.query('DELETE FROM user_info_answers')
    await configure(config)
    if (seconds !== null) {
      answers.set(person.userid, GOOD)
      expect(await logIn(person)).toBe('in')
      answers.delete(person.userid)
      await age(person, seconds)
    }
    const before = await groupsOf(person)
    expect(before).toEqual(seconds === null ? [] : ['Crew'])
    expect(await logIn(person)).toBe(outcome)
    expect(await refresh(person)).toBe(outcome === 'in' ? 'refreshed' : outcome)
    expect(await groupsOf(person)).toEqual(before)
    const row = await app.store.db.prisma.userInfoAnswer.findUnique({ where: { userId: person.id } })
    expect(row).toMatchObject({ failure: 'The answer has the status 404', failedAt: expect.any(Date) })
    await app.store.db.prisma.user.delete({ where: { id: person.id } })
  })

  test('a refusal issues no token', async () => {
    await configure()
    const person = await app.as([], { userid: 'tokenless' })
    await app.store.db.query('DELETE FROM tokens WHERE user_id = $1', [person.id])
    await configure({ onError: 'deny' })
    expect(await logIn(person)).toBe('UNAVAILABLE')
    expect(await app.store.db.prisma.token.count({ where: { userId: person.id } })).toBe(0)
    await app.store.db.prisma.user.delete({ where: { id: person.id } })
  })
})

describe('the report', () => {
  let admin: Person
  beforeAll(async () => {
    await configure({ staleAfter: 3_600 })
    admin = await app.as(['APPLICATION_ADMIN', 'AUDIT'], { userid: 'keeper' })
    answers.clear()
    const [a, b, c, d, e] = people as [Person, Person, Person, Person, Person]
    await app.store.db.query('DELETE FROM user_info_answers')
    for (const person of [a, b, c, d]) {
      answers.set(person.userid, GOOD)
      await logIn(person)
    }
    // a: good. b: good, but long ago. c: good, then none. d: with an invalid value. e and the administrators: never.
    await age(b, 7_200)
    answers.delete(c.userid)
    await logIn(c)
    answers.set(d.userid, '{"groups": [{"name": "Crew"}, {"name": ""}]}')
    await logIn(d)
    expect(e).toBeDefined()
  })

  test('who, why and since when; in order of userids', async () => {
    const found = await report({}, admin.token)
    expect(states(found)).toEqual([
      'admin: NEVER_CALLED',
      'b: STALE',
      'c: FAILED',
      'd: INCOMPLETE',
      'e: NEVER_CALLED',
      'keeper: NEVER_CALLED',
    ])
    expect(found.totals).toEqual({ users: 7, answered: 1, neverCalled: 3, failed: 1, incomplete: 1, stale: 1 })
    expect(found.totalCount).toBe(6)
    const [never, stale, failed, incomplete] = found.nodes
    expect(never).toMatchObject({ answeredAt: null, failedAt: null, failure: null })
    expect(stale).toMatchObject({ answeredAt: expect.any(String), failedAt: null, failure: null })
    expect(failed).toMatchObject({
      answeredAt: expect.any(String),
      failedAt: expect.any(String),
      failure: 'The answer has the status 404',
    })
    expect(incomplete).toMatchObject({ failure: expect.stringMatching(/^name must/) })
    expect(incomplete.failedAt).toBe(incomplete.answeredAt)
  })

  test('in pages, by state, from the end; the totals stay those of the IAM', async () => {
    const first = await report({ first: 2 })
    const next = await report({ first: 2, after: first.pageInfo.endCursor })
    expect([...states(first), ...states(next)]).toEqual(['admin: NEVER_CALLED', 'b: STALE', 'c: FAILED', 'd: INCOMPLETE'])
    const never = await report({ state: 'NEVER_CALLED', direction: 'DESC', first: 2 })
    expect([states(never), never.totalCount, never.totals.users]).toEqual([['keeper: NEVER_CALLED', 'e: NEVER_CALLED'], 3, 7])
    expect(states(await report({ state: 'FAILED', last: 5 }))).toEqual(['c: FAILED'])
  })

  test('without staleAfter no answer is too old', async () => {
    await configure()
    expect((await report({ state: 'STALE' })).nodes).toEqual([])
    expect((await report()).totals).toMatchObject({ answered: 2, stale: 0 })
    await configure({ staleAfter: 3_600 })
  })

  test('who is disabled is not asked about, and not in it', async () => {
    const e = people[4]!
    const set = (disabled: boolean) =>
      app.graphql('mutation ($i: SetUserDisabledInput!) { setUserDisabled(input: $i) { user { id: databaseId } } }', {
        i: { ref: { databaseId: e.id }, disabled },
      })
    await set(true)
    expect((await report()).totals).toMatchObject({ users: 6, neverCalled: 2 })
    await set(false)
  })

  test('a refresh asks again, and a user with a good answer leaves the report', async () => {
    const c = people[2]!
    answers.set(c.userid, GOOD)
    expect(await refresh(c)).toBe('refreshed')
    expect((await report({ state: 'FAILED' })).totalCount).toBe(0)
  })

  test('needs APPLICATION_ADMIN and who may read users; an IAM with an endpoint', async () => {
    for (const permissions of [['APPLICATION_ADMIN'], ['USER_ADMIN'], ['AUDIT']]) {
      const { token } = await app.as(permissions)
      const { errors } = await app.graphql(REPORT, { iamid: 'bim' }, token)
      expect(errors![0].extensions.code).toBe('FORBIDDEN')
    }
    const made = await app.graphql(
      'mutation { createIam(input: { iamid: "bare", displayName: "Bare", type: LDAP }) { iam { id: iamid } } }',
    )
    expect(made.errors).toBeUndefined()
    expect((await app.graphql(REPORT, { iamid: 'bare' })).errors![0]).toMatchObject({
      message: 'iamid must name an IAM with a user info endpoint',
      extensions: { code: 'BAD_USER_INPUT', field: 'iamid' },
    })
    expect((await app.graphql(REPORT, { iamid: 'nowhere' })).errors![0].extensions.code).toBe('NOT_FOUND')
  })
})
