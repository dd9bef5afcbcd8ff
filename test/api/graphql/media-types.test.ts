// GraphQL over HTTP 4.1 and 6.4: each answer of /graphql is in the type that Accept prefers, of the server before Apollo (credential,
// body, method, limits), of Apollo before execution, and of an operation.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphqlError } from '../../../src/api/graphql/errors.ts'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { registerGraphql } from '../../../src/api/graphql/server.ts'
import type { Context } from '../../../src/authorization/context.ts'
import { createFairPool } from '../../../src/platform/database/fair-pool.ts'
import * as errors from '../../../src/platform/errors.ts'
import { createLog } from '../../../src/platform/http/log.ts'
import { createHttp } from '../../../src/platform/http/server.ts'
import { send } from '../../contract/client.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp({ logged: true })
})
afterAll(() => app?.close())

interface Body {
  data?: object
  errors?: { message: string; extensions: { code: string; requestId: string } }[]
}

const JSON_TYPE = 'application/json; charset=utf-8'
const GRAPHQL = 'application/graphql-response+json; charset=utf-8'
/** What clients send, and what its answer is in. */
const ACCEPTS: [accept: string | undefined, type: string][] = [
  // node's fetch sends */* where the caller names none.
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL],
  // Apollo Client 4, urql and graphql-request, Relay's example.
  ['application/graphql-response+json,application/json;q=0.9', GRAPHQL],
  ['application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed', GRAPHQL],
  ['application/json, application/graphql-response+json', JSON_TYPE],
  ['application/json;q=0.5, application/graphql-response+json;q=0.6', GRAPHQL],
  ['application/graphql-response+json;q=0, */*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', JSON_TYPE],
]

/** [what, request, code; in plain JSON, and in the type of GraphQL the status]. */
type Failure = [
  what: string,
  code: string,
  status: { json: number; graphql: number },
  request: RequestInit & { anonymous?: true },
]
const post = (body: unknown, type = 'application/json'): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': type },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const both = (status: number) => ({ json: status, graphql: status })
const failures: Failure[] = [
  ['no credential', 'UNAUTHENTICATED', both(401), { ...post({ query: '{ __typename }' }), anonymous: true }],
  ['no credential on a GET', 'UNAUTHENTICATED', both(401), { method: 'GET', anonymous: true }],
  ['another type', 'UNSUPPORTED_MEDIA_TYPE', both(415), post('{}', 'text/plain')],
  ['an unknown charset', 'UNSUPPORTED_MEDIA_TYPE', both(415), post('{}', 'application/json; charset=latin1')],
  ['no JSON', 'BAD_USER_INPUT', both(400), post('{"query":')],
  ['JSON too deep', 'BAD_USER_INPUT', both(400), post('['.repeat(200))],
  ['a list', 'BAD_REQUEST', both(400), post([{ query: '{ __typename }' }])],
  ['no query', 'BAD_REQUEST', both(400), post({})],
  ['variables that are a text', 'BAD_REQUEST', both(400), post({ query: '{ __typename }', variables: '{}' })],
  ['too long a body', 'PAYLOAD_TOO_LARGE', both(413), post({ query: 'x'.repeat(1_100_000) })],
  ['another method', 'METHOD_NOT_ALLOWED', both(405), { method: 'DELETE' }],
  ['a document that does not parse', 'GRAPHQL_PARSE_FAILED', { json: 200, graphql: 400 }, post({ query: '{' })],
  ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', { json: 200, graphql: 400 }, post({ query: '{ nothing }' })],
  ['a subscription', 'GRAPHQL_VALIDATION_FAILED', { json: 200, graphql: 400 }, post({ query: 'subscription { __typename }' })],
  [
    'too long a document',
    'BAD_USER_INPUT',
    { json: 200, graphql: 400 },
    post({ query: `{ ${' '.repeat(100_001)} __typename }` }),
  ],
  [
    'a variable of another type',
    'BAD_USER_INPUT',
    { json: 200, graphql: 400 },
    post({ query: 'query ($first: Int) { users(first: $first) { totalCount } }', variables: { first: 'x' } }),
  ],
  [
    'an operation that is not in the document',
    'OPERATION_RESOLUTION_FAILURE',
    both(400),
    post({ query: 'query A { __typename }', operationName: 'B' }),
  ],
]

async function ask(accept: string | undefined, { anonymous, ...request }: Failure[3]) {
  const headers = {
    ...(request.headers as Record<string, string>),
    ...(accept !== undefined && { accept }),
    ...(!anonymous && { authorization: `Bearer ${app.admin.token}` }),
  }
  const response = await fetch(`${app.url}/graphql`, { ...request, headers })
  return { response, body: (await response.json()) as Body }
}

describe.each(failures)('%s', (_, code, status, request) => {
  test.each(ACCEPTS)('with Accept: %s', async (accept, type) => {
    const { response, body } = await ask(accept, request)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.status).toBe(type === GRAPHQL ? status.graphql : status.json)
    expect(body.data).toBeUndefined()
    expect(body.errors).toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code }) })])
    expect(body.errors![0]!.extensions.requestId).toBe(response.headers.get('x-request-id'))
  })
})

test.each(ACCEPTS)('an answer with data, with Accept: %s', async (accept, type) => {
  const { response, body } = await ask(accept, post({ query: '{ __typename }' }))
  expect([response.status, response.headers.get('content-type'), body.data]).toEqual([200, type, { __typename: 'Query' }])
})

test('what accepts neither is refused before it runs', async () => {
  const query = 'mutation { createUser(input: { userid: "never" }) { user { id: databaseId } } }'
  for (const accept of ['text/html', 'application/json;q=0', 'application/xml, text/*']) {
    const { response, body } = await ask(accept, post({ query }))
    expect([response.status, response.headers.get('content-type')]).toEqual([406, JSON_TYPE])
    expect(body.errors![0]!.message).toBe('The header Accept must allow application/json or application/graphql-response+json')
    expect(body.errors![0]!.extensions.code).toBe('NOT_ACCEPTABLE')
  }
  expect((await send(app.url, 'GET', '/bim/iam/bim/user/never', { token: app.admin.token })).status).toBe(404)
})

test('HEAD is GET without its body', async () => {
  const headers = { authorization: `Bearer ${app.admin.token}`, 'apollo-require-preflight': '1' }
  const url = `${app.url}/graphql?query={__typename}`
  const [head, get] = await Promise.all(['HEAD', 'GET'].map(method => fetch(url, { method, headers })))
  const facts = (response: Response) => [
    response.status,
    ...['content-type', 'content-length'].map(name => response.headers.get(name)),
  ]
  expect(facts(head!)).toEqual(facts(get!))
  expect(head!.status).toBe(200)
})

test('none of it is an error of the log', () => {
  expect(app.logged.filter(({ level }) => Number(level) >= 40 || /error|warn|fatal/.test(String(level)))).toEqual([])
})

/** One of every class. */
const everyError: errors.RosterError[] = [
  new errors.Invalid('a', 'must be b'),
  new errors.Unauthenticated('a'),
  new errors.Forbidden('a'),
  new errors.NotFound('a'),
  new errors.MethodNotAllowed('GET', ['POST']),
  new errors.NotAcceptable('a'),
  new errors.Conflict('a'),
  new errors.PreconditionFailed('a'),
  new errors.Unprocessable('a'),
  new errors.TooLarge('a'),
  new errors.UnsupportedMediaType('a'),
  new errors.TooManyRequests('a', { retryAfter: 7 }),
  new errors.Unavailable('a', { retryAfter: 7 }),
]

test('every error before Apollo is in the type of the request, with its status and Retry-After', async () => {
  const codes = new Set(everyError.map(({ code }) => code))
  expect(Object.keys(errors.ERROR_CODES).filter(code => !codes.has(code as errors.Code))).toEqual(['INTERNAL_SERVER_ERROR'])
  for (const error of everyError)
    for (const [accept, type] of ACCEPTS) {
      const answer = graphqlError(error, { requestId: 'r', path: '/graphql', accept })
      expect(answer).toMatchObject({
        status: errors.ERROR_CODES[error.code].status,
        headers: { 'content-type': type, ...(error.retryAfter && { 'retry-after': '7' }) },
        body: { errors: [{ message: error.message, extensions: { code: error.code, requestId: 'r' } }] },
      })
    }
})

test('no place for a large answer is 503, and a full share 429, in either type', async () => {
  const schema = createSchema()
  for (const error of [new errors.Unavailable('a', { retryAfter: 7 }), new errors.TooManyRequests('a', { retryAfter: 7 })]) {
    const large = Object.assign(createFairPool({ places: 1, queue: 1, wait: 1 }), { acquire: () => Promise.reject(error) })
    const log = createLog({ level: 'silent' })
    const http = createHttp({ log })
    const contextOf = async () =>
      ({ actor: { kind: 'machine', name: 'test' }, address: '', requestId: 'r' }) as unknown as Context
    const graphql = await registerGraphql(http, { schema, log, queues: { medium: large, large }, contextOf })
    const port = await http.listen({ port: 0, host: '127.0.0.1' })
    try {
      const query = '{ users(first: 10000) { nodes { id: databaseId userid iamid } } }'
      for (const [accept, type] of ACCEPTS) {
        const json = { query }
        const answer = await send<Body>(`http://127.0.0.1:${port}`, 'POST', '/graphql', {
          json,
          headers: accept ? { accept } : {},
        })
        const headers = ['content-type', 'retry-after'].map(name => answer.headers.get(name))
        expect([answer.status, ...headers]).toEqual([errors.ERROR_CODES[error.code].status, type, '7'])
        const requestId = answer.headers.get('x-request-id')
        expect(answer.body.errors).toEqual([{ message: 'a', extensions: { code: error.code, retryAfter: 7, requestId } }])
      }
    } finally {
      await http.close()
      await graphql.stop()
    }
  }
})
