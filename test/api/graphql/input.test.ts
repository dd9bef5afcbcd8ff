// Bad input in literals and in variables: refused as the caller's fault, whatever it is, and nothing changes.
import { afterAll, describe, expect, test } from 'vitest'
import { send } from '../../contract/client.ts'
import { expectNoLeak } from '../../contract/world.ts'
import { bootApp } from '../../harness/app.ts'

const app = await bootApp()
afterAll(() => app.close())
const me = app.admin

interface Body {
  data?: Record<string, unknown> | null
  errors?: { message: string; extensions: Record<string, unknown> }[]
}
const ask = (query: string, variables: object = {}) =>
  send<Body>(app.url, 'POST', '/graphql', { token: me.token, json: { query, variables } })

/** Refused with a code of the caller's fault; answers the message. */
async function refusal(query: string, variables: object = {}): Promise<{ message: string; field: unknown }> {
  const { status, body, text } = await ask(query, variables)
  expect(status, text.slice(0, 300)).toBeLessThan(500)
  expect(body.errors, `${query.slice(0, 200)} ${text.slice(0, 300)}`).toBeDefined()
  const { message, extensions } = body.errors![0]!
  expect(extensions.code, message).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED|NOT_FOUND)$/)
  expect(Object.values(body.data ?? {}).filter(value => value !== null)).toEqual([])
  expectNoLeak(text)
  return { message, field: extensions.field }
}

const literal = (value: unknown): string => JSON.stringify(value)

describe('ids', () => {
  const bad = [0, -1, 2 ** 31, 2 ** 53, 1.5, '1', true, null, [1], { id: 1 }]

  test.each(bad.map(value => [literal(value), value]))('%s is no id, in a variable and in the document', async (text, value) => {
    const variable = await refusal('query ($id: Int!) { user(ref: { databaseId: $id }) { id: databaseId } }', { id: value })
    expect(variable.field).toBe(value === 0 || value === -1 ? 'ref.databaseId' : 'id')
    const object = String(text).replace('"id":', 'id: ')
    // In an input object null is "left out", which a look-up needs an answer to as well.
    await refusal(`{ user(ref: { databaseId: ${object} }) { id: databaseId } }`)
    await refusal('query ($ref: GroupRef!) { group(ref: $ref) { id: databaseId } }', { ref: { databaseId: value } })
    await refusal(`mutation { deleteApiKey(input: { ref: { databaseId: ${object} } }) { revokedTokens } }`)
    await refusal(`mutation { revokeTokens(input: { ids: [${object}] }) { revokedTokens } }`)
  })

  test('the greatest is looked up', async () => {
    expect((await refusal('{ user(ref: { databaseId: 2147483647 }) { id: databaseId } }')).message).toBe(
      'No user with id 2147483647',
    )
  })

  test('of domains and audit events have their own form', async () => {
    for (const id of ['x', '', 1, `${'0'.repeat(8)}-0000-0000-0000-00000000000g`]) {
      await refusal('mutation ($id: String!) { deleteDomain(input: { ref: { uuid: $id } }) { deletedId } }', { id })
      await refusal('mutation ($id: String!) { revokeDomainPermission(input: { ref: { uuid: $id } }) { deletedId } }', { id })
    }
    await refusal('mutation { deleteDomain(input: { ref: { uuid: "00000000-0000-0000-0000-000000000000" } }) { deletedId } }')
  })

  test('of an IAM are looked up as they are, however strange', async () => {
    for (const id of ['BIM', 'nowhere', '', 'x'.repeat(300), 'a b', '../bim']) {
      const { body } = await ask('query ($id: String!) { iam(iamid: $id) { id: iamid } }', { id })
      expect(body.data?.iam ?? null, id).toBeNull()
    }
  })
})

describe('text', () => {
  // Each text argument of the schema that reaches the store, with a place for the text.
  const places: Record<string, string> = {
    'the userid of a reference': '{ user(ref: { name: { userid: $text } }) { id: databaseId } }',
    'the iamid of a reference': '{ user(ref: { name: { iamid: $text, userid: "admin" } }) { id: databaseId } }',
    'the name of a filter': '{ users(filter: { name: $text }) { nodes { id: databaseId } } }',
    'the userid of a filter': '{ users(filter: { userid: $text }) { nodes { id: databaseId } } }',
    'the e-mail address of a filter': '{ users(filter: { email: $text }) { nodes { id: databaseId } } }',
    'the value of an attribute in a filter':
      '{ users(filter: { attributes: [{ key: "k", value: $text }] }) { nodes { id: databaseId } } }',
    'the permission of a filter': '{ users(filter: { permission: $text }) { nodes { id: databaseId } } }',
    'the domain permission of a filter': '{ users(filter: { domainPermission: $text }) { nodes { id: databaseId } } }',
    'the name of a group in a filter': '{ groups(filter: { name: $text }) { nodes { id: databaseId } } }',
    'the key of attribute keys': '{ attributeKeys(filter: { key: $text }) { nodes { key } } }',
    'a cursor': '{ users(after: $text) { nodes { id: databaseId } } }',
    'a token': '{ tokenInformation(token: $text) { id: databaseId } }',
    'the target of an audit filter': '{ auditEvents(filter: { targetId: $text }) { nodes { id } } }',
    'the kind of target of an audit filter': '{ auditEvents(filter: { targetType: $text }) { nodes { id } } }',
    'an event of an audit filter': '{ auditEvents(filter: { events: [$text] }) { nodes { id } } }',
    'a new userid': 'mutation { createUser(input: { userid: $text }) { user { id: databaseId } } }',
    'a new password': 'mutation { createUser(input: { userid: "never", password: $text }) { user { id: databaseId } } }',
    'a new permission': 'mutation { createUser(input: { userid: "never", permissions: [$text] }) { user { id: databaseId } } }',
    'a field of a profile':
      'mutation { updateProfile(input: { ref: { name: { userid: "admin" } }, profile: { about: $text } }) { user { id: databaseId } } }',
    'the preferences':
      'mutation { updateProfile(input: { ref: { name: { userid: "admin" } }, profile: { preferences: { a: [$text] } } }) { user { id: databaseId } } }',
    'the external ids':
      'mutation { updateProfile(input: { ref: { name: { userid: "admin" } }, profile: { externalUserIds: { a: $text } } }) { user { id: databaseId } } }',
    'the name of a group': 'mutation { createGroup(input: { name: $text }) { group { id: databaseId } } }',
    'the key of an attribute':
      'mutation { addAttribute(input: { owner: { user: { name: { userid: "admin" } } }, key: $text, value: "v" }) { owner { __typename } } }',
    'the value of an attribute':
      'mutation { addAttribute(input: { owner: { user: { name: { userid: "admin" } } }, key: "k", value: $text }) { owner { __typename } } }',
    'attributes as a whole':
      'mutation { replaceAttributes(input: { owner: { user: { name: { userid: "admin" } } }, attributes: { k: [$text] } }) { owner { __typename } } }',
    'the name of a key': 'mutation { createApiKey(input: { name: $text }) { secret } }',
    'a scope': 'mutation { createApiKey(input: { scopes: [$text] }) { secret } }',
    'the name of a project': 'mutation { createProject(input: { name: $text }) { project { id: databaseId } } }',
    'the description of a project':
      'mutation { createProject(input: { name: "never", description: $text }) { project { id: databaseId } } }',
    'the name of a domain': 'mutation { createDomain(input: { name: $text }) { domain { id: uuid } } }',
    'the name of a data source': 'mutation { createDataSource(input: { name: $text }) { dataSource { id: databaseId } } }',
    'the name of an IAM': 'mutation { createIam(input: { displayName: $text, type: LDAP }) { iam { id: iamid } } }',
    'the type of an IAM': 'mutation { createIam(input: { displayName: "Never", type: $text }) { iam { id: iamid } } }',
    'the id of an IAM': 'mutation { createIam(input: { iamid: $text, displayName: "Never", type: LDAP }) { iam { id: iamid } } }',
    'the configuration of an IAM':
      'mutation { createIam(input: { displayName: "Never", type: LDAP, config: { options: { host: $text } } }) { iam { id: iamid } } }',
    'group permissions of an IAM':
      'mutation { updateIam(input: { iamid: "bim", groupPermissions: { G: [$text] } }) { iam { id: iamid } } }',
    'the user of a sync': 'mutation { syncIam(input: { iamid: "bim", userId: $text }) { count } }',
    'a log-in': 'mutation { logIn(input: { userid: $text, password: "x" }) { token } }',
    'a password of a log-in': 'mutation { logIn(input: { userid: "somebody else", password: $text }) { token } }',
    'a key to log in with': 'mutation { authenticateApiKey(input: { apikey: $text }) { token } }',
  }
  const bad = ['a\0b', '\ud800', 'a\udc00b']
  /** Answered like any text that is not found, or refused; never a fault of ours. */
  const codes = /^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED|NOT_FOUND|UNAUTHENTICATED)$/

  test.each(Object.entries(places))('NUL and lone surrogates in %s', async (_, document) => {
    const kind = /^\{/.test(document) ? 'query' : 'mutation'
    const declared = `${kind} ($text: ${/iamid: \$|createIam\(input: \{ id: \$/.test(document) ? 'IamId' : 'String'}!) ${document.replace(/^mutation /, '')}`
    for (const text of bad) {
      // JSON.stringify writes what is bad as an escape, which GraphQL reads alike.
      const inDocument = document.replace('$text', JSON.stringify(text))
      const answers = [
        await ask(inDocument),
        ...(document.includes('{ a: [$') || document.includes('$text }') || document.includes('$text)')
          ? [await ask(declared, { text })]
          : []),
      ]
      for (const { status, body, text: raw } of answers) {
        expect(status, raw).toBeLessThan(500)
        expect(body.errors?.[0]?.extensions.code, `${inDocument} ${raw}`).toMatch(codes)
        expectNoLeak(raw)
      }
    }
  })

  test('%, _ and \\ mean themselves in partial matches', async () => {
    for (const name of ['50%_off', 'a\\b'])
      await ask('mutation ($name: String!) { createGroup(input: { name: $name }) { group { id: databaseId } } }', { name })
    const found = async (name: string) =>
      (await ask('query ($name: String) { groups(filter: { name: $name }) { nodes { name } } }', { name })).body.data
    expect(await found('%')).toEqual({ groups: { nodes: [{ name: '50%_off' }] } })
    expect(await found('_')).toEqual({ groups: { nodes: [{ name: '50%_off' }] } })
    expect(await found('\\')).toEqual({ groups: { nodes: [{ name: 'a\\b' }] } })
    expect(await found('0%o')).toEqual({ groups: { nodes: [] } })
  })
})

describe('JSON in the document', () => {
  const set = (preferences: string) =>
    `mutation { updateProfile(input: { ref: { name: { userid: "admin" } }, profile: { preferences: ${preferences} } }) { user { id: databaseId } } }`

  test('of many levels is refused', async () => {
    await refusal(set(`{ a: ${'['.repeat(2_000)}${']'.repeat(2_000)} }`))
    await refusal(set(`${'{ a: '.repeat(1_000)}1${' }'.repeat(1_000)}`))
  })

  test('with keys that reach a prototype is refused', async () => {
    for (const key of ['__proto__', 'constructor']) {
      await refusal(set(`{ ${key}: { polluted: true } }`))
      await refusal(set(`{ a: [{ ${key}: 1 }] }`))
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('that is no object is refused', async () => {
    for (const value of ['7', '"text"', '[1]', 'true']) expect((await refusal(set(value))).field).toBe('profile.preferences')
  })
})

describe('times', () => {
  const bad = ['', 'yesterday', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00', '2026-01-01', '99999-01-01T00:00:00Z', 7, true, {}]

  test.each(bad.map(value => [literal(value), value]))('%s is no time', async (_, value) => {
    await refusal('query ($from: DateTime) { auditEvents(filter: { from: $from }) { nodes { id } } }', { from: value })
    await refusal('mutation ($at: DateTime) { createApiKey(input: { expiresAt: $at }) { secret } }', { at: value })
  })

  test('the first and the last are answered', async () => {
    const query = '{ auditEvents(filter: { from: "0000-01-01T00:00:00Z", to: "9999-12-31T23:59:59.999Z" }) { nodes { id } } }'
    expect((await ask(query)).body.errors).toBeUndefined()
  })
})

test('wrong types, unknown fields and unknown values of enums are refused', async () => {
  for (const query of [
    '{ users(first: "ten") { nodes { id: databaseId } } }',
    '{ users(filter: []) { nodes { id: databaseId } } }',
    '{ users(filter: { name: 7 }) { nodes { id: databaseId } } }',
    '{ users(filter: { name: ["a"] }) { nodes { id: databaseId } } }',
    '{ users(filter: { nothing: "a" }) { nodes { id: databaseId } } }',
    '{ users(sort: { field: PASSWORD }) { nodes { id: databaseId } } }',
    '{ users(sort: { field: "NAME" }) { nodes { id: databaseId } } }',
    '{ users(after: "not a cursor") { nodes { id: databaseId } } }',
    '{ users(after: "bnVsbA==") { nodes { id: databaseId } } }',
    '{ users(first: 1, last: 1) { nodes { id: databaseId } } }',
    '{ users(after: "x", offset: 1) { nodes { id: databaseId } } }',
    '{ user(ref: {}) { id: databaseId } }',
    'mutation { addAttribute(input: { owner: {}, key: "k", value: "v" }) { owner { __typename } } }',
    'mutation { addAttribute(input: { owner: { user: { databaseId: 1 }, group: { databaseId: 1 } }, key: "k", value: "v" }) { owner { __typename } } }',
    'mutation { rotateApiKey(input: { ref: { databaseId: 1 }, graceSeconds: -1 }) { secret } }',
    'mutation { createIam(input: { displayName: "x", type: LDAP, config: 7 }) { iam { id: iamid } } }',
  ]) {
    await refusal(query)
  }
})
