import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerScim } from '../../src/scim/placeholder.ts'
import { open, parseRaw, raw, type Served, serve } from '../http/harness.ts'

let served: Served
beforeAll(async () => {
  served = await serve(registerScim)
})
afterAll(() => served.http.close())

/** Every 401 of SCIM as the wire must have it. */
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

test('the path encoded in another way is the same door', async () => {
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
  const text = received()
  expect(parseRaw(text).status).toBe(401)
})
