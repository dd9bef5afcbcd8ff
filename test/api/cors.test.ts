// Pages of other origins: which may call the APIs, on every route; the pages of Roster itself stay closed to all of them.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { API_PATHS } from '../../src/api/paths.ts'
import { Paths } from '../../src/platform/http/paths.ts'
import { isUnder } from '../../src/platform/http/request.ts'
import { send } from '../contract/client.ts'
import { bootApp, type TestApp } from '../harness/app.ts'

const LISTED = ['https://people.example', 'http://localhost:5173']
const LISTED_ONE = LISTED[0]!
const OTHERS = [
  'https://people.example.evil',
  'http://people.example',
  'https://people.example:8443',
  'https://PEOPLE.example',
  'null',
]
const PAGES = ['/account', '/assets', '/console', '/favicon.ico', '/graphiql', '/login']
const EXPOSED = 'Allow, ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id'

/** Every path that the app registers, its parameters filled in. */
const paths: string[] = []
const add = vi.spyOn(Paths.prototype, 'add')
const app: TestApp = await bootApp({ env: { CORS_ORIGINS: LISTED.join(', ') } })
for (const [path] of add.mock.calls) paths.push(path.replace(/:\w+|\*/g, 'x'))
add.mockRestore()
afterAll(() => app.close())

const isApi = (path: string) => API_PATHS.some(prefix => isUnder(path, prefix))
const apis = [...new Set(paths)].filter(isApi)

const allowed = (headers: Headers) => Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))
const preflight = (path: string, origin: string, names?: string) =>
  send(app.url, 'OPTIONS', path, {
    headers: {
      origin,
      'access-control-request-method': 'PUT',
      ...(names !== undefined && { 'access-control-request-headers': names }),
    },
  })

test('every path is of an API or of the pages', () => {
  expect(apis.length).toBeGreaterThan(40)
  for (const path of paths.filter(path => path !== '/' && !isApi(path)))
    expect(
      PAGES.some(page => isUnder(path, page)),
      path,
    ).toBe(true)
  for (const prefix of API_PATHS.filter(prefix => prefix !== '/schema.graphql'))
    expect(
      apis.some(path => isUnder(path, prefix)),
      prefix,
    ).toBe(true)
})

describe.each(apis)('%s', path => {
  test('lets the listed origins in, with credentials, and no other', async () => {
    for (const origin of LISTED) {
      const before = await preflight(path, origin, 'authorization, content-type')
      expect(before.status).toBe(204)
      expect(allowed(before.headers)).toEqual({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': EXPOSED,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '7200',
      })
      expect(before.headers.get('vary')).toBe('Access-Control-Request-Headers, Origin')
      // Whatever is answered, 401 and 405 too.
      for (const method of ['GET', 'POST', 'PATCH']) {
        const answer = await send(app.url, method, path, { headers: { origin } })
        expect(allowed(answer.headers), method).toEqual({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': EXPOSED,
        })
        expect(answer.headers.get('vary')).toMatch(/(^|, )Origin(,|$)/)
      }
    }
    for (const origin of OTHERS) {
      const before = await preflight(path, origin)
      expect(before.status).not.toBe(204)
      expect(allowed(before.headers)).toEqual({})
      const answer = await send(app.url, 'GET', path, { headers: { origin } })
      expect(allowed(answer.headers)).toEqual({})
      expect(answer.headers.get('vary')).toMatch(/(^|, )Origin(,|$)/)
    }
  })
})

test('the pages are for no other origin', async () => {
  for (const path of [...new Set(paths)].filter(path => !isApi(path))) {
    for (const answer of [
      await preflight(path, LISTED_ONE),
      await send(app.url, 'GET', path, { headers: { origin: LISTED_ONE } }),
    ]) {
      expect(answer.status).not.toBe(204)
      expect(allowed(answer.headers), path).toEqual({})
    }
  }
})

test('an unknown path of an API is a 404 that the page can read', async () => {
  expect((await preflight('/bim/nothing', LISTED_ONE)).status).toBe(204)
  const answer = await send(app.url, 'PUT', '/bim/nothing', { headers: { origin: LISTED_ONE }, token: app.admin.token })
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([404, LISTED_ONE])
})

test('names of headers that are none are not allowed, and an OPTIONS that is no preflight names the methods', async () => {
  const odd = await preflight('/bim/user', LISTED_ONE, 'a\tb, (c)')
  expect([odd.status, odd.headers.get('access-control-allow-headers')]).toEqual([204, null])
  const plain = await send(app.url, 'OPTIONS', '/bim/user', { headers: { origin: LISTED_ONE } })
  expect([plain.status, plain.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
})

describe('the session cookie', () => {
  let cookie: string
  beforeAll(async () => {
    const { userid, password } = app.admin
    const form = { iamid: 'bim', userid, password }
    const entered = await send(app.url, 'POST', '/login', { form, headers: { 'sec-fetch-site': 'same-origin' } })
    cookie = entered.headers.getSetCookie()[0]!.split(';')[0]!
  })
  const ask = (headers: Record<string, string>) =>
    send<any>(app.url, 'POST', '/graphql', { json: { query: '{ viewer { can } }' }, headers: { cookie, ...headers } })

  test('writes from a listed origin, and from no other', async () => {
    const listed = await ask({ origin: LISTED_ONE, 'sec-fetch-site': 'same-site' })
    expect([listed.status, listed.body.errors]).toEqual([200, undefined])
    for (const origin of OTHERS) expect((await ask({ origin, 'sec-fetch-site': 'same-site' })).status, origin).toBe(403)
  })

  test('does not read by GET /graphql alone: any page can make a browser send that', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ viewer { can } }')}`
    const answer = await send(app.url, 'GET', path, { headers: { cookie } })
    expect([answer.status, answer.text.includes('"data"')]).toEqual([400, false])
    const marked = await send(app.url, 'GET', path, { headers: { cookie, 'apollo-require-preflight': '1' } })
    expect([marked.status, marked.text.includes('"data"')]).toEqual([200, true])
  })

  test('log-in and sign-out are for no other origin', async () => {
    const headers = { origin: LISTED_ONE, 'sec-fetch-site': 'same-site', cookie }
    const form = { iamid: 'bim', userid: app.admin.userid, password: app.admin.password }
    expect((await send(app.url, 'POST', '/login', { form, headers })).status).toBe(403)
    expect((await send(app.url, 'POST', '/login/bim/logout', { headers })).status).toBe(403)
  })
})
