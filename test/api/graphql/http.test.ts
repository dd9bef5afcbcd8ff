// GraphQL over HTTP: the specification's own audit, who may send what without a credential, CSRF, and what an error says.
import { request } from 'node:http'
import { serverAudits } from 'graphql-http'
import { afterAll, describe, expect, test } from 'vitest'
import { type Answer, type Sent, send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'

const app = await bootApp()
afterAll(() => app.close())
const { admin } = app

interface Body {
  data?: Record<string, unknown> | null
  errors?: { message: string; path?: string[]; extensions: Record<string, unknown> }[]
  extensions?: { cost?: number }
}
const post = (json: unknown, sent: Sent = {}) => send<Body>(app.url, 'POST', '/graphql', { json, ...sent })
const as =
  (token: string) =>
  (query: string, variables: object = {}) =>
    post({ query, variables }, { token })
const byAdmin = as(admin.token)

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'
const right = { input: { userid: admin.userid, password: admin.password } }

/** Refused before GraphQL: 401 in JSON, with the challenge, no data, and no word on what the document asked for. */
function expectUnauthenticated(answer: Answer<Body>): void {
  expect(answer.status, answer.text).toBe(401)
  expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  expect(answer.body).toEqual({
    errors: [
      {
        message: expect.stringMatching(/Authorization: Bearer|log in again/),
        extensions: { code: 'UNAUTHENTICATED', requestId: answer.headers.get('x-request-id') },
      },
    ],
  })
}

test('the audit of GraphQL over HTTP finds nothing: no error, no warning, no notice', async () => {
  const withToken = (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${admin.token}` } })
  const audits = serverAudits({ url: `${app.url}/graphql`, fetchFn: withToken })
  expect(audits.length).toBeGreaterThan(50)
  const results = await Promise.all(audits.map(audit => audit.fn()))
  const findings = results
    .filter(({ status }) => status !== 'ok')
    .map(result => `${result.status.padEnd(6)}  ${result.id}  ${result.name}`)
  expect(findings).toEqual([])
}, 60_000)

describe('without a credential', () => {
  const PROFILE = 'viewer { user { profile { databaseId } } }'
  test('the log-in mutations run, one or many, whatever their variables', async () => {
    const one = await post({ query: LOG_IN, variables: right })
    expect(one.body.data).toEqual({ logIn: { token: expect.stringMatching(/^rt_/) } })
    const input = `input: { userid: ${JSON.stringify(admin.userid)}, password: ${JSON.stringify(admin.password)} }`
    const profile = { viewer: { user: { profile: { databaseId: admin.profileId } } } }
    const two = await post({ query: `mutation { a: logIn(${input}) { ${PROFILE} } b: logIn(${input}) { ${PROFILE} } }` })
    expect(two.body.data).toEqual({ a: profile, b: profile })
    const key = await admin.key()
    const byKey = await post({
      query: `mutation ($k: String!) { authenticateApiKey(input: { apikey: $k }) { ${PROFILE} } }`,
      variables: { k: key },
    })
    expect(byKey.body.data).toEqual({ authenticateApiKey: profile })
  })

  test('a log-in mutation that fails says why with its code, and HTTP 200', async () => {
    const wrong = await post({ query: LOG_IN, variables: { input: { ...right.input, password: 'wrong' } } })
    expect(wrong.status).toBe(200)
    expect(wrong.body).toMatchObject({
      data: { logIn: null },
      errors: [{ path: ['logIn'], extensions: { code: 'UNAUTHENTICATED' } }],
    })
  })

  const input = 'input: { userid: "a", password: "b" }'
  const hashed = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } }
  const documents: Record<string, unknown> = {
    'a query': { query: '{ viewer { can } }' },
    introspection: { query: '{ __schema { types { name } } }' },
    'the name of a type': { query: '{ __typename }' },
    'the name of a type, as a mutation': { query: 'mutation { __typename }' },
    'another mutation': { query: 'mutation { logOut { revokedTokens } }' },
    'a log-in with something else': { query: `mutation { logIn(${input}) { token } logOut { revokedTokens } }` },
    'a log-in with another operation': {
      query: `mutation A { logIn(${input}) { token } } query B { viewer { can } }`,
      operationName: 'A',
    },
    'a log-in in a fragment': { query: `mutation { ...F } fragment F on Mutation { logIn(${input}) { token } }` },
    'a log-in in an inline fragment': { query: `mutation { ... { logIn(${input}) { token } } }` },
    'a fragment that maps the schema': { query: `mutation { logIn(${input}) { token ... on User { permisions } } }` },
    'a variable that maps the schema': { query: `mutation ($ref: UserRf) { logIn(${input}) { token } }` },
    'a definition of types': { query: 'type A { b: Int }' },
    nothing: { query: '' },
    'no query': {},
    'a query that is no text': { query: { kind: 'Document' } },
    'a persisted query with its document': { query: '{ viewer { can } }', extensions: hashed },
    'a persisted query whose document is null': { query: null, extensions: hashed },
    'a persisted query without a hash': { extensions: { persistedQuery: null } },
    'a document that does not parse': { query: 'mutation {' },
    'a batch': [{ query: LOG_IN, variables: right }],
    null: null,
    'a text': 'mutation',
  }
  test.each(Object.entries(documents))('%s is 401', async (_, json) => {
    expectUnauthenticated(await post(json))
  })

  test('the hash of a persisted query is refused with the code on which clients send the log-in itself', async () => {
    const { status, headers, body } = await post({ extensions: hashed, variables: right, operationName: 7 })
    expect(status).toBe(200)
    const requestId = headers.get('x-request-id')
    const extensions = { code: 'PERSISTED_QUERY_NOT_SUPPORTED', requestId }
    expect(body).toEqual({ errors: [{ message: 'PersistedQueryNotSupported', extensions }] })
  })

  test('what is not JSON, not UTF-8, or nothing at all is 401', async () => {
    for (const [raw, type] of [
      ['{"query":', 'application/json'],
      ['{}', 'text/plain'],
      [Buffer.from([0x7b, 0xff]), 'application/json'],
      ['', 'application/json'],
    ] as const) {
      expectUnauthenticated(await post(undefined, { raw, type }))
    }
    expectUnauthenticated(await send<Body>(app.url, 'POST', '/graphql'))
  })

  test.each(['?query={__typename}', '?query={viewer{can}}', '', '?query=%E0'])('GET /graphql%s is 401', async path => {
    expectUnauthenticated(await send<Body>(app.url, 'GET', `/graphql${path}`, { headers: { 'apollo-require-preflight': '1' } }))
  })

  test('a body of 50 MB is 401 before it is read', async () => {
    const { hostname, port } = new URL(app.url)
    const headers = { 'content-type': 'application/json', 'content-length': 50 * 1024 * 1024 }
    const status = await new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path: '/graphql', method: 'POST', headers }, answer => {
        resolve(answer.statusCode)
        asked.destroy()
      })
      asked.on('error', reject)
      // No byte of the body is sent: an answer shows that the server does not wait for it.
      asked.flushHeaders()
    })
    expect(status).toBe(401)
  })

  test('a long log-in is no log-in: 401', async () => {
    const variables = { input: { ...right.input, password: 'x'.repeat(40_000) } }
    expectUnauthenticated(await post({ query: LOG_IN, variables }))
  })
})

describe('with a credential', () => {
  test('token and key, with and without the word Bearer, in any case', async () => {
    const key = await admin.key()
    for (const authorization of [
      `Bearer ${admin.token}`,
      admin.token,
      `Bearer ${key}`,
      key,
      `bearer ${admin.token}`,
      `BEARER  ${key}`,
    ]) {
      const answer = await post({ query: '{ viewer { user { userid } credential } }' }, { headers: { authorization } })
      expect(answer.body.data, authorization.slice(0, 12)).toMatchObject({ viewer: { user: { userid: admin.userid } } })
    }
  })

  test('one that is bad is 401, for a log-in mutation too', async () => {
    const flipped = admin.token.slice(0, -1) + (admin.token.endsWith('a') ? 'b' : 'a')
    const bad = [
      'Bearer nonsense',
      'nonsense',
      '',
      'Bearer',
      `Bearer ${flipped}`,
      `Bearer ${admin.token} ${admin.token}`,
      'Basic YWRtaW46YWRtaW4=',
      `Bearer ${admin.token.replace('rt_', 'ri_')}`,
    ]
    for (const authorization of bad) {
      expectUnauthenticated(await post({ query: LOG_IN, variables: right }, { headers: { authorization } }))
      expectUnauthenticated(await post({ query: '{ __typename }' }, { headers: { authorization } }))
    }
  })

  test('introspection works, and a GET with the header that forms cannot send', async () => {
    const types = await byAdmin('{ __schema { types { name } } }')
    expect(types.text).toContain('"UserFilter"')
    const headers = { 'apollo-require-preflight': 'true' }
    const got = await send<Body>(app.url, 'GET', '/graphql?query={viewer{user{userid}}}', { token: admin.token, headers })
    expect(got.body.data).toEqual({ viewer: { user: { userid: admin.userid } } })
    const mutation = await send<Body>(app.url, 'GET', '/graphql?query=mutation{logOut{revokedTokens}}', {
      token: admin.token,
      headers,
    })
    expect([mutation.status, mutation.body.errors![0]!.extensions.code]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect((await byAdmin('{ viewer { can } }')).status).toBe(200)
  })
})

describe('CSRF', () => {
  test.each([
    ['text', 'text/plain', JSON.stringify({ query: '{ viewer { can } }' })],
    ['a form', 'application/x-www-form-urlencoded', `query=${encodeURIComponent('{ viewer { can } }')}`],
    [
      'a form with files',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n{viewer{can}}\r\n--x--\r\n',
    ],
    ['an unnamed type', undefined, JSON.stringify({ query: '{ viewer { can } }' })],
  ])('%s, which a page elsewhere can send, is refused', async (_, type, raw) => {
    const answer = await post(undefined, { raw: Buffer.from(raw), type, token: admin.token })
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    expect(answer.text).not.toContain('"data"')
  })

  test('a GET with a credential in a header is answered: no page elsewhere can send that without a preflight', async () => {
    const answer = await send<Body>(app.url, 'GET', '/graphql?query={viewer{can}}', { token: admin.token })
    expect(answer.status).toBe(200)
    expect(answer.body.data).toMatchObject({ viewer: { can: expect.arrayContaining(['user:list']) } })
  })

  test('no answer allows another origin to read it', async () => {
    const answer = await post(
      { query: '{ viewer { can } }' },
      { token: admin.token, headers: { origin: 'https://elsewhere.example' } },
    )
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('an error', () => {
  const asked: [string, string, object, string, string | undefined][] = [
    [
      'of a rule',
      'mutation ($p: String!) { setPassword(input: { ref: { name: { userid: "nobody" } }, password: $p }) { success } }',
      { p: '' },
      'BAD_USER_INPUT',
      'password',
    ],
    [
      'of a variable',
      'query ($ref: UserRef!) { user(ref: $ref) { id: databaseId } }',
      { ref: { databaseId: 0 } },
      'BAD_USER_INPUT',
      'ref.databaseId',
    ],
    ['of a missing variable', 'query ($ref: UserRef!) { user(ref: $ref) { id: databaseId } }', {}, 'BAD_USER_INPUT', 'ref'],
    ['of a look-up', '{ user(ref: { name: { userid: "nobody" } }) { id: databaseId } }', {}, 'NOT_FOUND', undefined],
    [
      'of a conflict',
      'mutation { createUser(input: { userid: "ADMIN" }) { user { id: databaseId } } }',
      {},
      'CONFLICT',
      undefined,
    ],
    ['of the language', '{ viewer { nothing } }', {}, 'GRAPHQL_VALIDATION_FAILED', undefined],
    ['of the syntax', '{ viewer {', {}, 'GRAPHQL_PARSE_FAILED', undefined],
  ]
  test.each(asked)(
    '%s carries its code, the field at fault and the request id, and no stack',
    async (_, query, variables, code, field) => {
      const answer = await byAdmin(query, variables)
      const requestId = answer.headers.get('x-request-id')
      expect(requestId).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
      expect(answer.body.errors).toHaveLength(1)
      const { rule, ...extensions } = answer.body.errors![0]!.extensions as Record<string, unknown>
      expect(extensions).toEqual({ code, requestId, ...(field === undefined ? {} : { field }) })
      // The message is made of both.
      for (const part of [rule, rule && field]) if (part !== undefined) expect(answer.body.errors![0]!.message).toContain(part)
      expect(rule !== undefined).toBe(field !== undefined && Object.keys(variables).length > 0)
      expect(answer.text).not.toMatch(/stacktrace|node_modules|\.ts:\d|SELECT /)
    },
  )

  test('repeats no value: it may be a password in the wrong place', async () => {
    const login = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'
    const secret = 'swordfish'
    const input = { userid: 'ana', password: secret }
    const answers = [
      await byAdmin(login, { input: { ...input, password: [secret] } }),
      await byAdmin(login, { input: { ...input, password: { at: secret, '"; x': secret } } }),
      await byAdmin(login, { input: secret }),
      await byAdmin('query ($id: Int) { user(ref: { databaseId: $id }) { id: databaseId } }', { id: secret }),
      await byAdmin('query ($first: Int) { users(first: $first) { totalCount } }', { first: secret }),
      await byAdmin(`{ users(first: "${secret}") { totalCount } }`),
      await byAdmin(`{ user(ref: { databaseId: "${secret}" }) { id: databaseId } }`),
      await byAdmin(`mutation { logIn(input: { userid: "ana", password: ["${secret}"] }) { token } }`),
      await byAdmin(`mutation { logIn(input: { userid: "ana", password "${secret}" }) { token } }`),
      await byAdmin(`mutation { logIn(input: { userid: "ana", password: """a""" "${secret}" }) { token } }`),
    ]
    for (const { text, body } of answers) {
      expect(body.errors![0]!.message).toMatch(/\w{5}/)
      expect(text).not.toContain(secret)
    }
    expect(answers[0]!.body.errors![0]).toMatchObject({
      message: 'Variable "$input" got an invalid value at "input.password"; String cannot represent a non string value',
      extensions: { field: 'input.password', rule: 'String cannot represent a non string value' },
    })
  })

  test('of several inputs has each as a fault, with a hint for unknown fields', async () => {
    const query =
      'mutation ($input: CreateGroupInput!, $whole: Boolean!) { createGroup(input: $input) { group { id: databaseId @include(if: $whole) } } }'
    const { body } = await byAdmin(query, { input: { nam: 'x', iamid: 'bim', email: ['secret'] } })
    const faults = [
      { field: 'input.email', rule: 'String cannot represent a non string value' },
      { field: 'input', rule: 'Field "name" of required type "String!" was not provided.' },
      { field: 'input', rule: 'Field "nam" is not defined by type "CreateGroupInput". Did you mean "name"?' },
      { field: 'whole', rule: 'is missing' },
    ]
    expect(body.errors).toHaveLength(1)
    const { code, field, rule, faults: found } = body.errors![0]!.extensions as any
    expect([code, { field, rule }]).toEqual(['BAD_USER_INPUT', found[0]])
    expect(found).toEqual(expect.arrayContaining(faults))
    expect(found).toHaveLength(faults.length)
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  test('hints no anonymous caller at the schema, in no part of the answer', async () => {
    const answer = await post({ query: LOG_IN, variables: { input: { usrid: 'a', passwrd: 'b' } } })
    expect(answer.body.errors![0]!.extensions.faults).toHaveLength(4)
    expect(answer.text).not.toMatch(/did you mean/i)
  })

  test('of the policy is FORBIDDEN with null in its place, and the rest is answered', async () => {
    const answer = await as((await app.as([])).token)(
      '{ viewer { credential } user(ref: { name: { userid: "admin" } }) { id: databaseId } }',
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      data: { viewer: { credential: 'LOGIN' }, user: null },
      errors: [
        { message: 'user:read needs the permission USER_ADMIN or AUDIT', path: ['user'], extensions: { code: 'FORBIDDEN' } },
      ],
    })
  })

  test('keeps the request id that a proxy gave', async () => {
    const answer = await post({ query: '{ viewer {' }, { token: admin.token, headers: { 'x-request-id': 'proxy-7' } })
    expect(answer.headers.get('x-request-id')).toBe('proxy-7')
    expect(answer.body.errors![0]!.extensions.requestId).toBe('proxy-7')
  })
})
