import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { open, parseRaw, raw } from '../platform/http/harness.ts'
import { boot, type Provider, provider } from './provider.ts'

// Any caller but the SCIM client of the IAM in the path gets the same 401, whatever the request is.
let app: TestApp
let okta: Provider
let entra: Provider
const served = { url: '', port: 0 }
beforeAll(async () => {
  app = await boot()
  okta = await provider(app, 'okta')
  entra = await provider(app, 'entra')
  Object.assign(served, { url: app.url, port: Number(new URL(app.url).port) })
})
afterAll(() => app.close())

function expectUnauthorized(answer: { status: number; type: string | null; body: string }) {
  expect(answer.status).toBe(401)
  expect(answer.type).toMatch(/^application\/scim\+json/)
  expect(JSON.parse(answer.body)).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '401',
    detail: expect.any(String),
  })
}

const paths = [
  '',
  '/',
  '/Users',
  '/Users/1',
  '/Groups?filter=a',
  '/%55sers',
  '/Users%2F1',
  '/a/b/c',
  '/%zz',
  '/%00',
  '/%ff',
  '/..%2f',
  `/${'x'.repeat(4000)}`,
]

describe.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s', method => {
  test.each(paths)('/scim/v2%s', async path => {
    const response = await fetch(`${served.url}/scim/v2${path}`, { method, headers: { authorization: 'Bearer rs_anything' } })
    expectUnauthorized({ status: response.status, type: response.headers.get('content-type'), body: await response.text() })
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
  })
})

test('HEAD has the head of the answer', async () => {
  const response = await fetch(`${served.url}/scim/v2/Users`, { method: 'HEAD' })
  expect({ status: response.status, body: await response.text() }).toEqual({ status: 401, body: '' })
})

test('the path encoded in another way is the same path', async () => {
  const { status, headers, body } = await raw(
    served.port,
    'GET /%73cim/v2/Users HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  )
  expectUnauthorized({ status, type: headers['content-type'] ?? null, body })
})

test('a method without a route gets the same answer', async () => {
  const { status, headers, body } = await raw(
    served.port,
    'PURGE /scim/v2/Users HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  )
  expectUnauthorized({ status, type: headers['content-type'] ?? null, body })
})

test.each(['{"broken', '[]', '\xff'])('the body %j is not looked at', async body => {
  const response = await fetch(`${served.url}/scim/v2/Users`, { method: 'POST', body, headers: { 'content-type': 'text/x-odd' } })
  expectUnauthorized({ status: response.status, type: response.headers.get('content-type'), body: await response.text() })
})

test('the answer comes before the body', async () => {
  const { socket, received, ended } = await open(served.port)
  socket.write('POST /scim/v2/Bulk HTTP/1.1\r\nhost: x\r\ncontent-length: 50000000\r\n\r\n{')
  while (!received().includes('}')) await new Promise(resolve => socket.once('data', resolve))
  socket.destroy()
  await ended
  const { status, headers, body } = parseRaw(received())
  expectUnauthorized({ status, type: headers['content-type'] ?? null, body })
})

describe('whose key it is', () => {
  const asks = async (key: string | undefined, url = okta.url, scheme = 'Bearer ') => {
    const response = await fetch(`${url}/Users`, key === undefined ? {} : { headers: { authorization: scheme + key } })
    const answer = { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
    if (answer.status !== 200) expectUnauthorized(answer)
    return answer.status
  }
  const configure = (config: object) =>
    app.graphql('mutation($input: UpdateIamInput!) { updateIam(input: $input) { iam { id: iamid } } }', {
      input: { iamid: 'okta', config },
    })

  test("only the IAM's own key opens it", async () => {
    expect(await asks(okta.key)).toBe(200)
    expect(await asks(entra.key)).toBe(401)
    expect(await asks(undefined)).toBe(401)
    expect(await asks(okta.key, okta.url.replace('okta', 'nobody'))).toBe(401)
    expect(await asks(okta.key, okta.url.replace('okta', 'bim'))).toBe(401)
  })

  test('no user, no API key and no other scheme opens it', async () => {
    expect(await asks(app.admin.token)).toBe(401)
    expect(await asks(await app.admin.key())).toBe(401)
    expect(await asks(okta.key, okta.url, '')).toBe(401)
    expect(await asks(okta.key, okta.url, 'Basic ')).toBe(401)
  })

  test('a SCIM key opens nothing else', async () => {
    const { errors } = await app.graphql('{ viewer { can } }', {}, okta.key)
    expect(errors?.[0].extensions.code).toBe('UNAUTHENTICATED')
    const rest = await fetch(`${app.url}/bim/user`, { headers: { authorization: `Bearer ${okta.key}` } })
    expect({ status: rest.status, body: await rest.json() }).toMatchObject({ status: 401, body: { error: 'Unauthorized' } })
  })

  test('the IAM is named by its decoded segment, and by no other', async () => {
    expect(await asks(okta.key, okta.url.replace('okta', '%6fkta'))).toBe(200)
    expect(await asks(okta.key, okta.url.replace('okta', 'entra/../okta%2f'))).toBe(401)
    expect(await asks(okta.key, okta.url.replace('/okta', '//okta'))).toBe(401)
    expect(await asks(okta.key, okta.url.replace('okta', 'okta%00'))).toBe(401)
  })

  test('SCIM switched off, and a new key without a grace period, hold at once', async () => {
    await configure({ scimEnabled: false })
    expect(await asks(okta.key)).toBe(401)
    await configure({ supportedActions: ['scimEnabled'] })
    expect(await asks(okta.key)).toBe(200)
    await app.graphql('mutation { generateScimKey(input: { iamid: "okta", graceSeconds: 0 }) { scimKey } }')
    expect(await asks(okta.key)).toBe(401)
  })
})
