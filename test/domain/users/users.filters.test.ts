// The filters of users by state, times and sources, and the counts of those that match: what each finds, and for whom.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { sentBy } from '../../harness/plans.ts'
import { stockPeople } from './people.ts'

let app: TestApp
let nobody: Person
let auditor: Person
beforeAll(async () => {
  app = await bootApp()
  nobody = await app.as([])
  auditor = await app.as(['AUDIT', 'GOVERNANCE', 'APPLICATION_ADMIN'])
  await stockPeople(app.store)
  const { db } = app.store
  await db.query(`INSERT INTO groups (iamid, name, name_key) VALUES ('corp', 'Crew', 'crew')`)
  await db.query(
    `INSERT INTO memberships (group_id, user_id, sources) SELECT g.id, u.id, '{user info,corp}' FROM groups g, users u WHERE g.name = 'Crew' AND u.userid = 'bjorn'`,
  )
  await db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source) SELECT id, 'Team', 'team', 'a', CASE userid WHEN 'elka' THEN 'saas' ELSE 'bim' END
       FROM users WHERE userid IN ('elka', 'nystrom', 'bjorn')`,
  )
  await db.query(
    `INSERT INTO user_permissions (user_id, permission, source) SELECT id, 'GOVERNANCE', 'corp' FROM users WHERE userid = 'lukasz'`,
  )
  await db.query(
    `INSERT INTO user_permissions (user_id, permission) SELECT id, p FROM users, unnest('{GOVERNANCE,OF_OUR_OWN}'::text[]) p WHERE userid = 'bjorn'`,
  )
  await db.query(
    `INSERT INTO invitations (user_id, prefix, hash, expires_at) SELECT id, 'ri_', userid::bytea, now() + CASE userid WHEN 'ines.silva' THEN 1 ELSE -1 END * interval '1 hour'
       FROM users WHERE userid IN ('ines.silva', 'nystrom')`,
  )
}, 120_000)
afterAll(() => app?.close())

const QUERY = `query ($filter: UserFilter) { users(first: 100, filter: $filter, sort: { field: CREATED_AT }) { totalCount nodes { userid } } }`
const ask = (filter: object, token = app.admin.token) => app.graphql(QUERY, { filter }, token)
async function found(filter: object, token?: string): Promise<string[]> {
  const { data, errors } = await ask(filter, token)
  expect(errors, JSON.stringify(filter)).toBeUndefined()
  expect(data.users.totalCount).toBe(data.users.nodes.length)
  const others = [app.admin, nobody, auditor].map(({ userid }) => userid)
  return data.users.nodes.map(({ userid }: { userid: string }) => userid).filter((userid: string) => !others.includes(userid))
}

const enabled = ['elka', 'ines.silva', 'nystrom', 'bjorn', 'STRASSE', 'lukasz']
const except = (...gone: string[]) => enabled.filter(userid => !gone.includes(userid))

describe('everybody filters by', () => {
  test.each([
    [{ neverLoggedIn: true }, except('bjorn', 'lukasz')],
    [{ neverLoggedIn: false }, ['bjorn', 'lukasz']],
    [{ lastLoginFrom: '2026-03-01T00:00:00Z' }, ['bjorn', 'lukasz']],
    [{ lastLoginFrom: '2026-03-01T00:00:00.001Z' }, ['lukasz']],
    [{ lastLoginTo: '2026-06-01T00:00:00Z' }, ['bjorn']],
    [{ lastLoginFrom: '2026-03-01T00:00:00Z', lastLoginTo: '2026-07-01T02:00:00+02:00' }, ['bjorn', 'lukasz']],
    [{ lastLoginTo: '2026-01-01T00:00:00Z', neverLoggedIn: true }, []],
    [{ createdTo: '2026-01-01T00:00:00Z' }, ['elka']],
    [{ createdFrom: '2026-01-01T00:00:00Z', createdTo: '2026-01-01T00:00:00.001Z' }, except('elka')],
    [{ createdFrom: '2019-01-01T00:00:00Z', createdTo: '2019-02-01T00:00:00Z' }, []],
  ])('%j', async (filter, userids) => {
    const all = await found({ ...filter, iamids: ['bim', 'corp', 'saas'] })
    expect(all).toEqual(userids)
    expect(await found(filter, nobody.token)).toEqual(all)
  })
})

describe('with USER_ADMIN alone one filters by', () => {
  test.each([
    [{ withoutAttribute: 'TEAM' }, except('elka', 'nystrom', 'bjorn')],
    [{ withoutAttribute: 'no such key' }, enabled],
    [{ source: 'corp' }, ['bjorn', 'lukasz']],
    [{ source: 'saas' }, ['elka']],
    [{ source: 'user info' }, ['bjorn']],
    [{ source: 'bim' }, ['nystrom', 'bjorn']],
    [{ source: 'CORP' }, []],
    [{ disabledBy: 'SOURCE' }, ['left']],
    [{ disabledBy: 'ADMINISTRATOR' }, ['barred', 'oldbarred']],
    [{ disabledBy: 'ADMINISTRATOR', includeDisabled: false }, []],
    [{ disabledBy: 'SOURCE', iamids: ['corp'] }, []],
    [{ invited: true }, ['ines.silva']],
    [{ invited: false, iamids: ['bim'] }, ['nystrom']],
  ])('%j', async (filter, userids) => {
    expect(await found(filter)).toEqual(userids)
    for (const caller of [nobody, auditor]) {
      const { data, errors } = await ask(filter, caller.token)
      expect(data.users).toBeNull()
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' }, message: expect.stringContaining('user:search') })
    }
  })

  test('who disabled a user is a field', async () => {
    const query = `{ users(filter: { includeDisabled: true }) { nodes { userid disabledBy } } }`
    const by = async (token: string) =>
      Object.fromEntries(
        (await app.graphql(query, {}, token)).data.users.nodes.map((node: { userid: string; disabledBy: string }) => [
          node.userid,
          node.disabledBy,
        ]),
      )
    const expected = { left: 'SOURCE', barred: 'ADMINISTRATOR', oldbarred: 'ADMINISTRATOR', elka: null }
    expect(await by(app.admin.token)).toMatchObject(expected)
    expect(new Set(Object.values(await by(nobody.token)))).toEqual(new Set([null]))
  })
})

describe('facets', () => {
  const FACETS = `facets { iams { iamid count iam { displayName } } states { state count } permissions { permission count } isComplete }`
  const facetsOf = async (args: string, token = app.admin.token) => {
    const { data, errors, extensions } = await app.graphql(`{ users(first: 1, ${args}) { ${FACETS} } }`, {}, token)
    expect(errors).toBeUndefined()
    return { facets: data.users.facets, extensions }
  }
  const states = (ENABLED: number, DISABLED: number, INVITED: number, NEVER_LOGGED_IN: number) =>
    Object.entries({ ENABLED, DISABLED, INVITED, NEVER_LOGGED_IN }).map(([state, count]) => ({ state, count }))

  test('count all that match, whatever the page', async () => {
    const { facets } = await facetsOf('filter: { iamids: ["corp", "saas"], includeDisabled: true }')
    expect(facets).toEqual({
      iams: [
        { iamid: 'corp', count: 3, iam: { displayName: 'Corp' } },
        { iamid: 'saas', count: 2, iam: { displayName: 'Saas' } },
      ],
      states: states(4, 1, 0, 3),
      // By a source and locally; names of one's own are not counted.
      permissions: [{ permission: 'GOVERNANCE', count: 2 }],
      isComplete: true,
    })
  })

  test('follow the search and the filters', async () => {
    expect((await facetsOf('search: "ines"')).facets).toEqual({
      iams: [{ iamid: 'bim', count: 1, iam: { displayName: 'Immuta' } }],
      states: states(1, 0, 1, 1),
      permissions: [],
      isComplete: true,
    })
    expect((await facetsOf('search: "nothing like it"')).facets).toMatchObject({ iams: [], states: states(0, 0, 0, 0) })
    expect((await facetsOf('search: "...", filter: { includeEnabled: false }')).facets.states).toEqual(states(0, 0, 0, 0))
  })

  test('are hidden without USER_ADMIN, and say so', async () => {
    const { facets, extensions } = await facetsOf('search: "ines"', nobody.token)
    expect(facets).toBeNull()
    expect(extensions.hidden).toEqual(['users.facets'])
  })

  test('take one statement, only if they are selected and once however often, and they cost', async () => {
    const cost = async (selection: string) => {
      let answer: Awaited<ReturnType<typeof app.graphql>> | undefined
      const sent = await sentBy(app.store, async () => {
        answer = await app.graphql(`{ users { ${selection} } }`)
      })
      return { sent: sent.filter(({ text }) => text.includes('matched')).length, cost: answer!.extensions.cost as number }
    }
    const without = await cost('nodes { id }')
    const once = await cost('nodes { id } facets { isComplete }')
    const often = await cost('nodes { id } a: facets { isComplete } b: facets { isComplete }')
    expect([without.sent, once.sent, often.sent]).toEqual([0, 1, 1])
    expect(once.cost - without.cost).toBeGreaterThan(5_000)
  })
})
