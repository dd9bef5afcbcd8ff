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
    const variable = await refusal('query ($id: UserId!) { user(ref: { id: $id }) { id } }', { id: value })
    expect(variable.field).toBe('id')
    const object = String(text).replace('"id":', 'id: ')
    // In an input object null is "left out", which a look-up needs an answer to as well.
    await refusal(`{ user(ref: { id: ${object} }) { id } }`)
    await refusal('query ($ref: GroupRef!) { group(ref: $ref) { id } }', { ref: { id: value } })
    await refusal(`mutation { deleteApiKey(input: { id: ${object} }) { revokedTokens } }`)
    await refusal(`mutation { revokeTokens(input: { ids: [1, ${object}] }) { revokedTokens } }`)
  })

  test('the greatest is looked up', async () => {
    expect((await refusal('{ user(ref: { id: 2147483647 }) { id } }')).message).toBe('No user with id 2147483647')
  })

  test('of domains and audit events have their own form', async () => {
    for (const id of ['x', '', 1, `${'0'.repeat(8)}-0000-0000-0000-00000000000g`]) {
      await refusal('mutation ($id: DomainId!) { deleteDomain(input: { id: $id }) { deleted } }', { id })
      await refusal('mutation ($id: DomainPermissionId!) { revokeDomainPermission(input: { id: $id }) { deleted } }', { id })
    }
    await refusal('mutation { deleteDomain(input: { id: "00000000-0000-0000-0000-000000000000" }) { deleted } }')
  })

  test('of an IAM are looked up as they are, however strange', async () => {
    for (const id of ['BIM', 'nowhere', '', 'x'.repeat(300), 'a b', '../bim']) {
      const { body } = await ask('query ($id: IamId!) { iam(id: $id) { id } }', { id })
      expect(body.data?.iam ?? null, id).toBeNull()
    }
  })
})

describe('text', () => {
  // Each text argument of the schema that reaches the store, with a place for the text.
  const places: Record<string, string> = {
    'the userid of a reference': '{ user(ref: { userid: $text }) { id } }',
    'the iamid of a reference': '{ user(ref: { iamid: $text, userid: "admin" }) { id } }',
    'the name of a filter': '{ users(filter: { name: $text }) { nodes { id } } }',
    'the userid of a filter': '{ users(filter: { userid: $text }) { nodes { id } } }',
    'the e-mail address of a filter': '{ users(filter: { email: $text }) { nodes { id } } }',
    'the value of an attribute in a filter': '{ users(filter: { attributes: [{ key: "k", value: $text }] }) { nodes { id } } }',
    'the permission of a filter': '{ users(filter: { permission: $text }) { nodes { id } } }',
    'the domain permission of a filter': '{ users(filter: { domainPermission: $text }) { nodes { id } } }',
    'the name of a group in a filter': '{ groups(filter: { name: $text }) { nodes { id } } }',
    'the key of attribute keys': '{ attributeKeys(filter: { key: $text }) { nodes { key } } }',
    'a cursor': '{ users(after: $text) { nodes { id } } }',
    'a token': '{ tokenInformation(token: $text) { id } }',
    'the target of an audit filter': '{ auditEvents(filter: { targetId: $text }) { nodes { id } } }',
    'the kind of target of an audit filter': '{ auditEvents(filter: { targetType: $text }) { nodes { id } } }',
    'an event of an audit filter': '{ auditEvents(filter: { events: [$text] }) { nodes { id } } }',
    'a new userid': 'mutation { createUser(input: { userid: $text }) { user { id } } }',
    'a new password': 'mutation { createUser(input: { userid: "never", password: $text }) { user { id } } }',
    'a new permission': 'mutation { createUser(input: { userid: "never", permissions: [$text] }) { user { id } } }',
    'a field of a profile':
      'mutation { updateProfile(input: { ref: { userid: "admin" }, profile: { about: $text } }) { user { id } } }',
    'the preferences':
      'mutation { updateProfile(input: { ref: { userid: "admin" }, profile: { preferences: { a: [$text] } } }) { user { id } } }',
    'the external ids':
      'mutation { updateProfile(input: { ref: { userid: "admin" }, profile: { externalUserIds: { a: $text } } }) { user { id } } }',
    'the name of a group': 'mutation { createGroup(input: { name: $text }) { group { id } } }',
    'the key of an attribute':
      'mutation { addAttribute(input: { owner: { user: { userid: "admin" } }, key: $text, value: "v" }) { owner { __typename } } }',
    'the value of an attribute':
      'mutation { addAttribute(input: { owner: { user: { userid: "admin" } }, key: "k", value: $text }) { owner { __typename } } }',
    'attributes as a whole':
      'mutation { replaceAttributes(input: { owner: { user: { userid: "admin" } }, attributes: { k: [$text] } }) { owner { __typename } } }',
    'the name of a key': 'mutation { createApiKey(input: { name: $text }) { secret } }',
    'a scope': 'mutation { createApiKey(input: { scopes: [$text] }) { secret } }',
    'the name of a project': 'mutation { createProject(input: { name: $text }) { project { id } } }',
    'the description of a project': 'mutation { createProject(input: { name: "never", description: $text }) { project { id } } }',
    'the name of a domain': 'mutation { createDomain(input: { name: $text }) { domain { id } } }',
    'the name of a data source': 'mutation { createDataSource(input: { name: $text }) { dataSource { id } } }',
    'the name of an IAM': 'mutation { createIam(input: { displayName: $text, type: "ldap" }) { iam { id } } }',
    'the type of an IAM': 'mutation { createIam(input: { displayName: "Never", type: $text }) { iam { id } } }',
    'the id of an IAM': 'mutation { createIam(input: { id: $text, displayName: "Never", type: "ldap" }) { iam { id } } }',
    'the configuration of an IAM':
      'mutation { createIam(input: { displayName: "Never", type: "ldap", config: { options: { host: $text } } }) { iam { id } } }',
    'group permissions of an IAM':
      'mutation { updateIam(input: { id: "bim", groupPermissions: { G: [$text] } }) { iam { id } } }',
    'the user of a sync': 'mutation { syncIam(input: { id: "bim", userId: $text }) { count } }',
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
      await ask('mutation ($name: String!) { createGroup(input: { name: $name }) { group { id } } }', { name })
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
    `mutation { updateProfile(input: { ref: { userid: "admin" }, profile: { preferences: ${preferences} } }) { user { id } } }`

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
    '{ users(first: "ten") { nodes { id } } }',
    '{ users(filter: []) { nodes { id } } }',
    '{ users(filter: { name: 7 }) { nodes { id } } }',
    '{ users(filter: { name: ["a"] }) { nodes { id } } }',
    '{ users(filter: { nothing: "a" }) { nodes { id } } }',
    '{ users(sort: { field: PASSWORD }) { nodes { id } } }',
    '{ users(sort: { field: "NAME" }) { nodes { id } } }',
    '{ users(after: "not a cursor") { nodes { id } } }',
    '{ users(after: "bnVsbA==") { nodes { id } } }',
    '{ users(first: 1, last: 1) { nodes { id } } }',
    '{ users(after: "x", offset: 1) { nodes { id } } }',
    '{ user(ref: {}) { id } }',
    'mutation { addAttribute(input: { owner: {}, key: "k", value: "v" }) { owner { __typename } } }',
    'mutation { addAttribute(input: { owner: { user: { id: 1 }, group: { id: 1 } }, key: "k", value: "v" }) { owner { __typename } } }',
    'mutation { rotateApiKey(input: { id: 1, graceSeconds: -1 }) { secret } }',
    'mutation { createIam(input: { displayName: "x", type: "ldap", config: 7 }) { iam { id } } }',
  ]) {
    await refusal(query)
  }
})
