// Every path that is served, with every method and with doubled slashes: 405 with Allow for what it does not take, and a doubled slash
// changes nothing, also of what an anonymous caller and a wrong method get.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../../src/api/rest/routes.ts'
import { routes as scimRows } from '../../../src/scim/http/routes.ts'
import { sendRaw } from '../../contract/client.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
const places: readonly { path: string; methods: readonly string[] }[] = [
  ...routes.flatMap(row => [row, ...row.aliases]),
  { path: '/openapi.json', methods: ['GET'] },
  { path: '/graphql', methods: ['GET', 'POST'] },
  { path: '/health/live', methods: ['GET'] },
  { path: '/health/ready', methods: ['GET'] },
  { path: '/', methods: ['GET'] },
  { path: '/favicon.ico', methods: ['GET'] },
  { path: '/login', methods: ['GET', 'POST'] },
  { path: '/login/:iamid', methods: ['GET', 'POST'] },
  { path: '/login/:iamid/callback', methods: ['GET'] },
  { path: '/login/:iamid/logout', methods: ['POST'] },
  { path: '/login/:iamid/backchannel', methods: ['POST'] },
  { path: '/graphiql', methods: ['GET'] },
  { path: '/console', methods: ['GET'] },
  { path: '/account', methods: ['GET'] },
]
const templates = [...new Set(places.map(({ path }) => path))]

/** A request of the form: every parameter is one that nothing has. */
const pathOf = (template: string) => template.replace(/:\w+/g, 'x')

/** Known only from the table: all methods of the templates that the path has the form of. */
function allowed(path: string): string[] {
  const fitting = places.filter(place =>
    new RegExp(`^${place.path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`).test(path),
  )
  const methods = new Set(fitting.flatMap(place => place.methods))
  if (methods.has('GET')) methods.add('HEAD')
  return [...methods, 'OPTIONS'].toSorted()
}

async function ask(method: string, path: string, token?: string) {
  const response = await fetch(app.url + path, {
    method,
    redirect: 'manual',
    headers: { ...(token && { authorization: `Bearer ${token}` }) },
  })
  const text = (await response.text()).replace(/"(requestId|apikey|keyid)":[^,}]+/g, '')
  return { status: response.status, allow: response.headers.get('allow'), location: response.headers.get('location'), text }
}

describe.each(templates)('%s', template => {
  const path = pathOf(template)

  test('takes its methods, and is 405 with Allow for every other', async () => {
    const methods = allowed(path)
    for (const method of METHODS) {
      const { status, allow, text } = await ask(method, path)
      if (method === 'OPTIONS') {
        expect({ status, allow, text }).toEqual({ status: 204, allow: methods.join(', '), text: '' })
        continue
      }
      if (methods.includes(method)) {
        expect(status, method).not.toBe(405)
        continue
      }
      expect({ status, allow }, method).toEqual({ status: 405, allow: methods.join(', ') })
      if (method !== 'HEAD')
        expect(text).toContain(`This path does not take ${method}: use ${methods.filter(one => one !== 'OPTIONS').join(' or ')}`)
    }
  })

  test('is the same with doubled slashes before and between its fixed words', async () => {
    const doubled = [`//${path.slice(1)}`, template.replace(/\/(?!:)/g, '//').replace(/:\w+/g, 'x')]
    for (const method of [...allowed(path), 'PATCH'])
      for (const token of [undefined, app.admin.token]) {
        const single = await ask(method, path, token)
        for (const other of doubled) expect(await ask(method, other, token), `${method} ${other}`).toEqual(single)
      }
  })
})

test('TRACE is none of the methods of a path', async () => {
  const answer = await sendRaw(app.url, 'TRACE', '/bim/user')
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
})

test.each([
  ['/bim/usr', '/bim/user'],
  ['/BIM/User', '/bim/user'],
  ['/user', '/bim/user'],
  ['/user/search', '/bim/user/search'],
  ['/bim/iam/bim/usre/ana', '/bim/iam/{iamid}/user/{id}'],
  ['/bim/gruop/7/user', '/bim/group/{groupId}/user'],
  ['/graphq', '/graphql'],
  ['/openapi.jsn', '/openapi.json'],
  ['/logn', '/login'],
  ['/health/redy', '/health/ready'],
])('%s is 404 for every method and suggests %s', async (path, meant) => {
  for (const method of METHODS.filter(method => method !== 'HEAD'))
    expect(JSON.parse((await ask(method, path)).text).message, method).toBe(
      `No such path: did you mean ${meant}? GET /openapi.json lists all paths`,
    )
})

test('a path that is like none is 404 without a suggestion, and a long one costs nothing', async () => {
  for (const path of ['/nowhere', '/bim', '/bim/iam/bim/nothing/ana', `/${'a'.repeat(8_000)}`, '/a'.repeat(4_000)])
    expect(JSON.parse((await ask('GET', path)).text).message).toBe('No such path: GET /openapi.json lists all paths')
})

test('every SCIM path is the same with doubled slashes, and without the key shows the static documents alone', async () => {
  for (const { method, path } of scimRows) {
    const single = `/scim/v2/corp/${path.replace(':id', '00000000-0000-4000-8000-000000000000')}`
    const answer = await ask(method, single)
    for (const other of [`//${single.slice(1)}`, single.replace('/scim/v2/corp/', '//scim//v2/corp//')])
      expect(await ask(method, other), `${method} ${other}`).toEqual(answer)
    // Of the documents that anybody may read, none has this id.
    const isPublic = /^(ServiceProviderConfig|ResourceTypes|Schemas)/.test(path)
    expect(answer.status, single).toBe(isPublic ? (path.endsWith(':id') ? 404 : 200) : 401)
  }
})
