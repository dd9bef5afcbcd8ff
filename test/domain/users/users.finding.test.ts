// What a search of users and groups finds, and for whom.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { stockPeople } from './people.ts'

let app: TestApp
let nobody: Person
beforeAll(async () => {
  app = await bootApp()
  nobody = await app.as([])
  await stockPeople(app.store)
}, 120_000)
afterAll(() => app?.close())

const QUERY = `query ($search: String, $filter: UserFilter) { users(first: 100, search: $search, filter: $filter) { totalCount nodes { userid } } }`
async function found(search: string | null, { filter = {}, token = app.admin.token }: { filter?: object; token?: string } = {}) {
  const { data, errors } = await app.graphql(QUERY, { search, filter: { iamids: ['bim', 'corp', 'saas'], ...filter } }, token)
  expect(errors, `${search} ${JSON.stringify(filter)}`).toBeUndefined()
  expect(data.users.totalCount).toBe(data.users.nodes.length)
  const others = [app.admin.userid, nobody.userid]
  return data.users.nodes.map(({ userid }: { userid: string }) => userid).filter((userid: string) => !others.includes(userid))
}

describe('a search', () => {
  test.each([
    ['ines', ['ines.silva']],
    ['INÊS', ['ines.silva']],
    ['ine\u0302s', ['ines.silva']],
    ['nystrom', ['nystrom']],
    ['nyström', ['nystrom']],
    ['ström', ['nystrom']],
    ['bjorn ase', ['bjorn']],
    ['strasse', ['STRASSE']],
    ['straße', ['STRASSE']],
    ['lukasz', ['lukasz']],
    ['o’hara', ['lukasz']],
    ['елка', ['elka']],
    ['петр', ['elka']],
    ['@lake', ['nystrom']],
    ['lake anna', ['nystrom']],
    ['Nyström, Anna', ['nystrom']],
    ['<ines@silva.example>', ['ines.silva']],
    ['anna silva', []],
    // Short words: where a field or a word in it begins.
    ['in', ['ines.silva']],
    ['si', ['ines.silva']],
    ['ny an', ['nystrom']],
    ['es', []],
    ['b', ['bjorn']],
    ["o'", ['lukasz']],
    // What patterns mean something by is taken literally.
    ['%%%', []],
    ['_____', []],
    ['in_s', []],
    ['\\\\', []],
  ])('for %j finds %j', async (search, userids) => {
    expect(await found(search)).toEqual(userids)
    expect(await found(search, { token: nobody.token })).toEqual(userids)
  })

  test('with nothing but blanks is none', async () => {
    const all = await found(null)
    expect(all.length).toBeGreaterThan(5)
    for (const blank of ['', ' ', '\t\n']) expect(await found(blank)).toEqual(all)
  })

  test.each([
    ['a1b2c3d4', 'bjorn'],
    ['b2c3', 'bjorn'],
    ['uwe_snow', 'STRASSE'],
    ['OKTA-77', 'lukasz'],
    ['elka-sub', 'elka'],
  ])('for the external id %j finds %s with USER_ADMIN, and nobody without', async (search, userid) => {
    expect(await found(search)).toEqual([userid])
    expect(await found(search, { token: nobody.token })).toEqual([])
    const auditor = await app.as(['AUDIT', 'GOVERNANCE', 'APPLICATION_ADMIN'])
    expect(await found(search, { token: auditor.token })).toEqual([])
  })

  test.each([
    [['user:list'], []],
    [['user:list', 'user:search', 'user:readProfile'], []],
    [['user:list', 'user:read', 'user:readProfile'], ['bjorn']],
  ])('for an external id with a key of %j finds %j', async (scopes, userids) => {
    const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }'
    const { data } = await app.graphql(query, { input: { name: scopes.join(), scopes } })
    expect(await found('a1b2c3d4', { token: data.createApiKey.secret })).toEqual(userids)
  })

  test('does not look at other hidden fields', async () => {
    for (const search of ['5550001', 'snowflakeUser', 'externalId']) expect(await found(search)).toEqual([])
  })

  test('follows changes of what it looks at', async () => {
    const input = { ref: { name: { userid: 'ines.silva' } }, profile: { name: 'Zoë Silva', externalUserIds: { x: 'Moved-1' } } }
    const changed = await app.graphql(
      'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id: databaseId } } }',
      {
        input,
      },
    )
    expect(changed.errors).toBeUndefined()
    expect(await found('zoe')).toEqual(['ines.silva'])
    expect(await found('moved-1 zoe')).toEqual(['ines.silva'])
    await app.store.db.query(`UPDATE users SET name = 'Inês Silva', name_key = 'inês silva' WHERE userid = 'ines.silva'`)
    expect(await found('zoe')).toEqual([])
  })

  test.each([
    ['x'.repeat(257), /at most 256 characters/],
    ['a b c d e f g h i j k', /at most 10 words/],
  ])('that is too long is refused by its name', async (search, message) => {
    for (const list of ['users', 'groups']) {
      const query = `query ($search: String) { ${list}(search: $search) { totalCount } }`
      const { errors } = await app.graphql(query, { search })
      expect(errors?.[0]).toMatchObject({
        message: expect.stringMatching(message),
        extensions: { code: 'BAD_USER_INPUT', field: 'search' },
      })
    }
  })

  test('of groups folds accents too', async () => {
    await app.store.db.query(`INSERT INTO groups (iamid, name, name_key) VALUES ('bim', 'Équipe Nord', 'équipe nord')`)
    const names = async (search: string) =>
      (await app.graphql(`query ($search: String) { groups(search: $search) { totalCount nodes { name } } }`, { search })).data
        .groups.nodes
    for (const search of ['equipe', 'QUIPE nord', 'éq', 'no'])
      expect(await names(search), search).toEqual([{ name: 'Équipe Nord' }])
    for (const search of ['equipe sud', 'ip']) expect(await names(search), search).toEqual([])
  })
})
