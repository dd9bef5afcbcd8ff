import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpServer } from '../../../src/platform/http/types.ts'
import { ask as askOf, raw, type Served, serve } from './harness.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const JSON_BODY = { 'content-type': 'application/json' }

function routes(http: HttpServer): void {
  http.route({
    method: METHODS,
    path: '/echo/:id',
    handler: async ({ method, path, query, params, body, requestId, address }) => {
      const answer = { method, path, query, id: params.id, body, hasBody: body !== undefined, requestId, address }
      return { status: 200, body: answer }
    },
  })
  http.route({ method: 'GET', path: '/rest/*', handler: async ({ params }) => ({ status: 200, body: { rest: params['*'] } }) })
  http.route({ method: 'POST', path: '/raw', body: 'raw', handler: async ({ body }) => ({ status: 200, body: body as Buffer }) })
  http.route({ method: 'POST', path: '/json', body: 'json', handler: async ({ body }) => ({ status: 200, body: { body } }) })
  http.route({ method: 'GET', path: '/alive', handler: async () => ({ status: 200, body: { status: 'ok' } }) })
}

let served: Served
const ask = (path: string, init?: RequestInit) => askOf(served, path, init)

beforeAll(async () => {
  served = await serve(routes)
})
afterAll(() => served.http.close())

describe('bodies', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/scim+json'])(
    'takes %s',
    async type => {
      const { status, json } = await ask('/echo/1', { method: 'POST', headers: { 'content-type': type }, body: '{"a":"é"}' })
      expect([status, json.body]).toEqual([200, { a: 'é' }])
    },
  )

  it('takes forms, but not where only JSON is taken', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await ask('/echo/1', { method: 'PUT', headers: form, body: 'a=1&a=2&b=%C3%A9' })).json.body).toEqual({
      a: ['1', '2'],
      b: 'é',
    })
    const refused = await ask('/json', { method: 'POST', headers: form, body: 'a=1' })
    expect(refused.json).toEqual({
      statusCode: 415,
      error: 'Unsupported Media Type',
      message: 'Content-Type must be application/json',
    })
  })

  it.each(['text/plain', 'multipart/form-data; boundary=x', 'garbage', 'application/jsonx', 'text/json'])(
    'refuses %s with 415',
    async type => {
      const { status, json } = await ask('/echo/1', { method: 'POST', headers: { 'content-type': type }, body: '{}' })
      expect(status).toBe(415)
      expect(json.message).toBe('Content-Type must be application/json or application/x-www-form-urlencoded')
    },
  )

  it('refuses a body without a content type', async () => {
    const { status, body } = await raw(
      served.port,
      'POST /echo/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}',
    )
    expect([status, JSON.parse(body).message]).toEqual([415, expect.stringMatching(/^Content-Type must be/)])
  })

  it.each([
    ['application/json; charset=latin1', undefined],
    ['application/x-www-form-urlencoded; charset=utf-16', undefined],
    ['application/json', 'gzip'],
  ])('refuses %s with encoding %s', async (type, encoding) => {
    const headers = { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) }
    const { status, json } = await ask('/echo/1', { method: 'POST', headers, body: '{}' })
    expect([status, json.message]).toEqual([415, expect.stringMatching(/charset|Content-Encoding/i)])
  })

  it.each(METHODS.flatMap(method => ['application/json', 'garbage', 'text/html'].map(type => [method, type])))(
    'takes an empty %s body of type %s as none',
    async (method, type) => {
      const { status, json } = await ask('/echo/1', { method, headers: { 'content-type': type } })
      expect([status, json.hasBody]).toEqual([200, false])
    },
  )

  it('takes an empty chunked body as none', async () => {
    const request =
      'DELETE /echo/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'
    const { status, body } = await raw(served.port, request)
    expect([status, JSON.parse(body).hasBody]).toEqual([200, false])
  })

  it('reads a body of every method', async () => {
    for (const method of METHODS.filter(name => name !== 'GET')) {
      expect((await ask('/echo/1', { method, headers: JSON_BODY, body: '[1]' })).json.body).toEqual([1])
    }
    const get =
      'GET /echo/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n[1]'
    expect(JSON.parse((await raw(served.port, get)).body).body).toEqual([1])
  })

  it('gives a raw route its bytes', async () => {
    const bytes = Buffer.from([0, 255, 128, 10])
    const answer = await fetch(`${served.url}/raw`, { method: 'POST', body: bytes })
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
  })

  it.each([
    ['10,000 levels', '['.repeat(10_000), 'body must not nest deeper than 64 levels'],
    ['__proto__', '{"a":{"__proto__":{"admin":true}}}', 'a.__proto__ is not allowed as a key'],
    ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'body must be valid UTF-8'],
    ['NUL', '{"name":"a\\u0000"}', 'name must not contain a NUL character'],
    ['a lone surrogate', '{"name":"\\ud800"}', 'name must not contain a lone surrogate'],
  ])('refuses %s', async (_, body, message) => {
    const { status, json } = await ask('/echo/1', { method: 'POST', headers: JSON_BODY, body })
    expect(status).toBe(400)
    expect(json).toEqual({ statusCode: 400, error: 'Bad Request', message })
  })
})

describe('paths', () => {
  it('decodes a parameter once and gives the query raw', async () => {
    const { json } = await ask('/echo/a%2Fb%2520%40%C3%A9?x=%41&y')
    expect(json).toMatchObject({ id: 'a/b%20@é', path: '/echo/a%2Fb%2520%40%C3%A9', query: 'x=%41&y' })
  })

  it('ignores a trailing slash, and a doubled one in the path only', async () => {
    expect((await ask('/echo/1/')).json.id).toBe('1')
    expect((await ask('/echo/1/?a=1')).json).toMatchObject({ id: '1', query: 'a=1' })
    const doubled = await raw(served.port, 'GET ///echo/1?next=//x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect(JSON.parse(doubled.body)).toMatchObject({ path: '/echo/1', query: 'next=//x' })
  })

  it('takes 1,024 characters in a parameter, whatever their encoding', async () => {
    for (const value of ['x'.repeat(1_024), '/'.repeat(1_024), '😀'.repeat(1_024)]) {
      expect((await ask(`/echo/${encodeURIComponent(value)}`)).json.id).toBe(value)
    }
  })

  it('gives the rest of a wildcard', async () => {
    expect((await ask('/rest/a/b%20c')).json).toEqual({ rest: 'a/b c' })
  })

  it.each(['/echo/%', '/echo/%zz', '/echo/%ff', '/echo/%C3', '/%E0%A4%A', '/nowhere/%'])('refuses %s with 400', async path => {
    const { status, json } = await ask(path)
    expect([status, json.error]).toEqual([400, 'Bad Request'])
    expect(json.message).toBe('path must be valid percent-encoded UTF-8')
  })

  it('refuses NUL and raw bytes', async () => {
    expect((await ask('/echo/a%00')).json.message).toBe('path must not contain a NUL character')
    const bytes = Buffer.from('GET /echo/é HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect((await raw(served.port, bytes)).status).toBe(400)
  })

  it.each(['/nope', '/', '/echo', '/echo/1/2', '/%6eope'])('answers the unknown path %s in the one shape', async path => {
    const { status, json } = await ask(path)
    const message = 'No such path: GET /openapi.json lists all paths'
    expect([status, json]).toEqual([404, { statusCode: 404, error: 'Not Found', message }])
  })

  it.each(['PATCH', 'PROPFIND', 'POST'])('answers 405 for %s on a path of other methods', async method => {
    const answer = await ask('/alive', { method, ...(method === 'POST' && { headers: JSON_BODY, body: '{' }) })
    const message = `This path does not take ${method}: use GET or HEAD`
    expect([answer.status, answer.json]).toEqual([405, { statusCode: 405, error: 'Method Not Allowed', message }])
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })

  it('answers OPTIONS with the methods of the path', async () => {
    const answer = await ask('/alive', { method: 'OPTIONS' })
    expect([answer.status, answer.headers.get('allow'), answer.text]).toEqual([204, 'GET, HEAD, OPTIONS', ''])
    expect((await ask('/nope', { method: 'OPTIONS' })).status).toBe(404)
  })

  it('takes the absolute form and survives an asterisk', async () => {
    const close = 'host: x\r\nconnection: close\r\n\r\n'
    const absolute = await raw(served.port, `GET http://example.com/echo/7?a=b HTTP/1.1\r\n${close}`)
    expect(JSON.parse(absolute.body)).toMatchObject({ id: '7', query: 'a=b', path: '/echo/7' })
    expect((await raw(served.port, `GET http://example.com HTTP/1.1\r\n${close}`)).status).toBe(404)
    expect((await raw(served.port, `GET http://example.com?x HTTP/1.1\r\n${close}`)).status).toBe(404)
    expect((await raw(served.port, `OPTIONS * HTTP/1.1\r\n${close}`)).status).toBe(404)
    expect((await ask('/alive')).status).toBe(200)
  })

  it('answers HEAD like GET without the body', async () => {
    const { status, headers, text } = await ask('/alive', { method: 'HEAD' })
    expect([status, headers.get('content-length'), text]).toEqual([200, '15', ''])
  })
})
