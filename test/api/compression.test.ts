// Which responses are compressed: long ones, but none that may hold a secret beside what the caller chose (BREACH).
import { request } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import { answers } from '../../src/api/rest/response.schemas.ts'
import { routes } from '../../src/api/rest/routes.ts'
import { SECRET_RESPONSES } from '../../src/api/secret-responses.ts'
import { bootApp } from '../harness/app.ts'

const app = await bootApp()
afterAll(() => app.close())

/** The coding, undefined for none. fetch would decode. */
function codingOf(
  path: string,
  {
    method = 'GET',
    token = app.admin.token as string | null,
    json,
  }: { method?: string; token?: string | null; json?: object } = {},
) {
  return new Promise<{ coding: string | undefined; status: number; length: number }>((resolve, reject) => {
    const body = json && JSON.stringify(json)
    const headers = {
      'accept-encoding': 'br, gzip',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    }
    const sent = request(`${app.url}${path}`, { method, headers }, async answer => {
      const bytes = Buffer.concat(await answer.toArray())
      resolve({ coding: answer.headers['content-encoding'], status: answer.statusCode!, length: bytes.length })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const SECRETS = /token$|secret|apikey$|password|link$/i
/** At any depth. */
const hasSecret = (schema: object): boolean =>
  Object.entries(schema).some(
    ([name, part]) => SECRETS.test(name) || (typeof part === 'object' && part !== null && hasSecret(part)),
  )

test('every REST response with a secret in its schema is named, with each alias', () => {
  const named = routes
    .filter(({ answers: name }) => name !== undefined && hasSecret(answers[name]))
    .flatMap(row => [row, ...row.aliases])
    .flatMap(({ methods, path }) => methods.map(method => `${method} ${path}`))
  expect(named.length).toBeGreaterThan(5)
  expect(SECRET_RESPONSES.filter(name => !name.includes('/login'))).toEqual(expect.arrayContaining(named))
  expect(named).toEqual(expect.arrayContaining(SECRET_RESPONSES.filter(name => !name.includes('/login'))))
})

describe('compressed is', () => {
  test('the OpenAPI document, and each script of the playground', async () => {
    expect(await codingOf('/openapi.json')).toMatchObject({ status: 200, coding: 'br' })
    const page = await (await fetch(`${app.url}/graphiql`)).text()
    const [script = ''] = /\/assets\/[^"]+\.js/.exec(page) ?? []
    expect(await codingOf(script, { token: null })).toMatchObject({ status: 200, coding: 'br' })
    const plain = await fetch(app.url + script, { headers: { 'accept-encoding': 'identity' } })
    expect([plain.headers.get('content-encoding'), plain.headers.get('vary')]).toEqual([null, 'accept-encoding'])
    expect((await plain.text()).length).toBeGreaterThan(1_000)
  })

  test('a query of GraphQL, and a page of REST and SCIM schemas', async () => {
    for (let at = 0; at < 30; at++)
      await app.graphql(`mutation { createGroup(input: { name: "group number ${at}" }) { group { id: databaseId } } }`)
    const json = { query: '{ groups(first: 100) { nodes { id: databaseId name } } }' }
    expect(await codingOf('/graphql', { method: 'POST', json })).toMatchObject({ status: 200, coding: 'br' })
    expect(await codingOf('/bim/group')).toMatchObject({ status: 200, coding: 'br' })
    expect(await codingOf('/scim/v2/corp/Schemas', { token: null })).toMatchObject({ status: 200, coding: 'br' })
  })
})

describe('never compressed is', () => {
  const key = (at: number) => `a${at}: createApiKey(input: { name: "key number ${at}" }) { secret apiKey { name } }`
  const keys = Array.from({ length: 40 }, (_, at) => key(at)).join(' ')

  test('a mutation of GraphQL, however long its response', async () => {
    const answer = await codingOf('/graphql', { method: 'POST', json: { query: `mutation { ${keys} }` } })
    expect(answer).toMatchObject({ status: 200, coding: undefined })
    expect(answer.length).toBeGreaterThan(2_048)
  })

  test('nor a document with an operation of each kind, when the mutation runs', async () => {
    const query = `query Q { __schema { types { name description } } } mutation M { ${keys} }`
    const run = (operationName: string) => codingOf('/graphql', { method: 'POST', json: { query, operationName } })
    expect(await run('Q')).toMatchObject({ status: 200, coding: 'br' })
    expect(await run('M')).toMatchObject({ status: 200, coding: undefined })
  })

  test('the log-in page, with a link too', async () => {
    for (const path of ['/login', '/login?token=x'.padEnd(60, 'x')]) {
      const answer = await codingOf(path, { token: null })
      expect(answer.coding, path).toBeUndefined()
      expect(answer.length).toBeGreaterThan(1_024)
    }
  })
})
