import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  Conflict,
  Forbidden,
  NotFound,
  TooManyRequests,
  Unauthenticated,
  Unavailable,
  Unprocessable,
} from '../../../src/platform/errors.ts'
import { registerHealth } from '../../../src/platform/http/health.ts'
import type { HttpServer } from '../../../src/platform/http/types.ts'
import { ask as askOf, raw, type Served, serve } from './harness.ts'

let served: Served
let storeAnswers = true
const steps: string[] = []
const folder = mkdtempSync(join(tmpdir(), 'roster-files-'))

function routes(http: HttpServer): void {
  http.route({
    method: 'GET',
    path: '/echo/:id',
    handler: async ({ requestId, address }) => ({ status: 200, body: { requestId, address } }),
  })
  http.route<{ who: string }>({
    method: 'POST',
    path: '/guarded/:id',
    authenticate: async request => {
      steps.push(`authenticate ${request.body}`)
      if (request.headers.authorization !== 'Bearer good') throw new Unauthenticated('The credential is missing')
      request.locals.who = 'ada'
    },
    decide: async request => {
      steps.push(`decide ${request.body}`)
      if (request.params.id === 'others') throw new Forbidden('Only your own')
    },
    handler: async request => ({ status: 200, body: { who: request.locals.who, body: request.body } }),
  })
  const failures: Record<string, () => unknown> = {
    notfound: () => new NotFound('No such user'),
    conflict: () => new Conflict('The name is taken'),
    refused: () => new Unprocessable('The directory says no'),
    toomany: () => new TooManyRequests('Slow down', { retryAfter: 7.2 }),
    unavailable: () => new Unavailable('The store is away'),
    unknown: () => new Error('SELECT secret FROM /var/lib'),
    text: () => 'just a string',
  }
  const fail = async ({ params }: { params: Readonly<Record<string, string>> }) => {
    throw failures[params.what ?? '']?.()
  }
  http.route({ method: 'GET', path: '/fail/:what', handler: fail })
  http.route({ method: 'GET', path: '/other/fail/:what', handler: fail })
  http.route({ method: 'GET', path: '/otherwise', handler: async () => Promise.reject(new NotFound('plain')) })
  http.translate('/other', error => ({
    status: 418,
    headers: { 'x-api': 'other' },
    body: { detail: error.message, code: error.code },
  }))
  http.translate('/clumsy', () => {
    throw new Error('in the translator')
  })
  http.route({ method: 'GET', path: '/clumsy/:what', handler: fail })
  http.route({
    method: 'GET',
    path: '/splitting',
    handler: async () => ({ status: 200, headers: { location: 'a\r\nx-evil: 1' } }),
  })
  http.translate('/other/deeper', error => ({ status: 401, body: { deeper: error.message } }))
  http.route({ method: 'GET', path: '/unwritable', handler: async () => ({ status: 200, body: { big: 1n } }) })
  http.route({
    method: 'GET',
    path: '/own',
    handler: async () => ({
      status: 200,
      headers: { 'Content-Type': 'text/plain', 'Cache-Control': 'max-age=5' },
      body: 'plain',
    }),
  })
  http.route({ method: 'DELETE', path: '/nothing', handler: async () => ({ status: 204 }) })
  registerHealth(http, {
    ping: async () => (storeAnswers ? undefined : Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1'))),
  })
  http.files({ prefix: '/page', dir: folder, headers: { 'content-security-policy': "default-src 'self'" } })
}

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), '<p>page</p>')
  writeFileSync(join(folder, 'a.js'), 'export {}')
  writeFileSync(join(folder, '.hidden'), 'no')
  served = await serve(routes)
})
afterAll(async () => {
  await served.http.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  storeAnswers = true
  steps.length = 0
  served.lines.length = 0
})

const ask = (path: string, init?: RequestInit) => askOf(served, path, init)
const JSON_BODY = { 'content-type': 'application/json' }
const GOOD = { authorization: 'Bearer good' }

describe('the order of refusals', () => {
  it.each([
    ['broken JSON', '{', 'application/json', 400, /^body must be valid JSON/],
    ['another type', 'x', 'text/html', 415, /^Content-Type must be/],
    ['a body of 50 MB', Buffer.alloc(50_000_000), 'application/json', 413, /^The body must not be larger than/],
  ] as const)('is 401, then 403, then refused for %s', async (_, body, type, status, message) => {
    const headers = { 'content-type': type }
    const anonymous = await ask('/guarded/others', { method: 'POST', headers, body })
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer')
    expect(anonymous.json).toEqual({ statusCode: 401, error: 'Unauthorized', message: 'The credential is missing' })
    const forbidden = await ask('/guarded/others', { method: 'POST', headers: { ...headers, ...GOOD }, body })
    expect([forbidden.status, forbidden.json.error]).toEqual([403, 'Forbidden'])
    const refused = await ask('/guarded/own', { method: 'POST', headers: { ...headers, ...GOOD }, body })
    expect(refused).toMatchObject({ status, json: { statusCode: status, message: expect.stringMatching(message) } })
    expect(steps).toEqual(['authenticate', 'authenticate', 'decide', 'authenticate', 'decide'].map(step => `${step} undefined`))
  })

  it('gives the handler what authenticate found, and the body', async () => {
    const { json } = await ask('/guarded/own', { method: 'POST', headers: { ...JSON_BODY, ...GOOD }, body: '{"a":1}' })
    expect(json).toEqual({ who: 'ada', body: { a: 1 } })
  })
})

describe('errors', () => {
  it.each([
    ['notfound', 404, 'Not Found', 'No such user'],
    ['conflict', 409, 'Conflict', 'The name is taken'],
    ['refused', 422, 'Unprocessable Entity', 'The directory says no'],
    ['toomany', 429, 'Too Many Requests', 'Slow down'],
    ['unavailable', 503, 'Service Unavailable', 'The store is away'],
  ])('answers %s in the REST shape', async (what, statusCode, error, message) => {
    const { status, json, headers } = await ask(`/fail/${what}`)
    expect(status).toBe(statusCode)
    expect(json).toEqual({ statusCode, error, message })
    expect(headers.get('retry-after')).toBe({ toomany: '8', unavailable: '5' }[what] ?? null)
  })

  it.each(['unknown', 'text'])('keeps an %s error to the log', async what => {
    const { status, json, text, headers } = await ask(`/fail/${what}`)
    const id = headers.get('x-request-id')
    expect([status, json.error]).toEqual([500, 'Internal Server Error'])
    expect(json.message).toContain(id)
    expect(text).not.toMatch(/SELECT|secret|var|just|at /)
    const line = served.lines.find(entry => entry.level === 'error')
    expect(line?.requestId).toBe(id)
    if (what === 'unknown')
      expect(line?.err).toMatchObject({ message: 'SELECT secret FROM /var/lib', stack: expect.stringContaining('at ') })
  })

  it('answers 500 for what cannot be written as JSON', async () => {
    expect((await ask('/unwritable')).json).toMatchObject({ statusCode: 500, error: 'Internal Server Error' })
  })

  it('answers 500 for a header that would split the answer', async () => {
    const { status, headers } = await ask('/splitting')
    expect([status, headers.get('x-evil'), headers.get('location')]).toEqual([500, null, null])
  })

  it('answers 500 when a translator fails itself', async () => {
    expect((await ask('/clumsy/notfound')).json).toMatchObject({ statusCode: 500, error: 'Internal Server Error' })
  })

  it('are translated by the API with the longest prefix', async () => {
    const other = await ask('/other/fail/notfound')
    expect([other.status, other.json, other.headers.get('x-api')]).toEqual([
      418,
      { detail: 'No such user', code: 'NOT_FOUND' },
      'other',
    ])
    expect((await ask('/other/none')).json.code).toBe('NOT_FOUND')
    expect((await ask('/other/%')).json.code).toBe('BAD_USER_INPUT')
    expect((await ask('/other/fail/unknown')).json.code).toBe('INTERNAL_SERVER_ERROR')
    const deeper = await ask('/other/deeper/x')
    expect([deeper.status, deeper.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await ask('/otherwise')).json.statusCode).toBe(404)
  })
})

describe('every answer', () => {
  it.each(['/echo/1', '/nope', '/fail/unknown', '/echo/%', '/page/', '/page/none'])(
    'of %s has a request id and the headers of helmet',
    async path => {
      const { headers } = await ask(path)
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain(path === '/page/' ? "default-src 'self'" : "default-src 'none'")
      expect(headers.get('cache-control')).toBe(path === '/page/' ? 'public, max-age=0' : 'no-store')
      expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull()
    },
  )

  it.each([
    ['abc.DEF-1_2', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['a b', false],
    ['a;b', false],
    ['<script>', false],
  ])('honours the request id %s: %s', async (id, honoured) => {
    const { headers, json } = await ask('/echo/1', { headers: { 'x-request-id': id } })
    expect(headers.get('x-request-id') === id).toBe(honoured)
    expect(json.requestId).toBe(headers.get('x-request-id'))
  })

  it('may have headers of its own, in any case', async () => {
    const { headers, text } = await ask('/own')
    expect([headers.get('content-type'), headers.get('cache-control'), text]).toEqual(['text/plain', 'max-age=5', 'plain'])
  })

  it('with 204 has no body and no length', async () => {
    const { status, headers, text } = await ask('/nothing', { method: 'DELETE' })
    expect([status, headers.get('content-length'), headers.get('content-type'), text]).toEqual([204, null, null, ''])
  })

  it('is for the peer of the connection, not for whom a header names', async () => {
    expect((await ask('/echo/1', { headers: { 'x-forwarded-for': '203.0.113.9' } })).json.address).toBe('127.0.0.1')
  })
})

describe('health', () => {
  it('is live and ready', async () => {
    expect((await ask('/health/live')).json).toEqual({ status: 'ok' })
    expect((await ask('/health/ready')).json).toEqual({ status: 'ok' })
  })

  it('is live but not ready without the store, and tells no one why', async () => {
    storeAnswers = false
    expect((await ask('/health/live')).status).toBe(200)
    const { status, headers, json } = await ask('/health/ready')
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
    expect(json).toEqual({ statusCode: 503, error: 'Service Unavailable', message: 'The database does not respond' })
  })
})

describe('files', () => {
  it('are served under their prefix, the page with and without a slash', async () => {
    expect((await ask('/page')).text).toBe('<p>page</p>')
    expect((await ask('/page/')).text).toBe('<p>page</p>')
    const script = await ask('/page/a.js')
    expect([script.status, script.text]).toEqual([200, 'export {}'])
    expect(script.headers.get('content-type')).toContain('javascript')
    // fetch would add `cache-control: no-cache` to a conditional request.
    const etag = script.headers.get('etag')
    const again = await raw(
      served.port,
      `GET /page/a.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\nif-none-match: ${etag}\r\n\r\n`,
    )
    expect(again.status).toBe(304)
  })

  it.each([
    '/page/none.js',
    '/page/.hidden',
    '/page/..%2f..%2fetc%2fpasswd',
    '/page/%2e%2e/%2e%2e/etc/passwd',
    '/page/a.js/x',
    '/page/%00',
  ])('never are %s', async path => {
    const { status, json, text } = await ask(path)
    expect([status, json.statusCode]).toEqual([404, 404])
    expect(text).not.toContain(folder)
  })
})

describe('the log', () => {
  it('has one line per request with the route, not the address', async () => {
    const { headers } = await ask('/echo/ada?token=hidden')
    await ask('/nope?x=hidden')
    await ask('/page/a.js?x=hidden')
    await ask('/page/none.js')
    const lines = served.lines
      .filter(line => line.msg === 'request')
      .map(({ method, route, status }) => `${method} ${route} ${status}`)
    expect(lines).toEqual(['GET /echo/:id 200', 'GET - 404', 'GET /page/* 200', 'GET - 404'])
    expect(served.lines[0]).toMatchObject({ level: 'info', requestId: headers.get('x-request-id'), ms: expect.any(Number) })
    expect(JSON.stringify(served.lines)).not.toMatch(/hidden|\/ada\b/)
  })

  it('names the operation, and the path of what no route takes', async () => {
    await ask('/echo/ada')
    await ask(`/no/such/${'x'.repeat(300)}?x=hidden`)
    const [found, missing] = served.lines.filter(line => line.msg === 'request')
    expect(found).toMatchObject({ operation: 'GET /echo/:id', address: '127.0.0.1' })
    expect(found).not.toHaveProperty('path')
    expect(missing).toMatchObject({ operation: '-', path: `/no/such/${'x'.repeat(191)}` })
  })

  it('has the trace of the caller, unless its header is invalid', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    await ask('/echo/a', { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } })
    await ask('/echo/a', { headers: { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` } })
    await ask('/echo/a', { headers: { traceparent: `${trace}\u00e9` } })
    expect(served.lines.filter(line => line.msg === 'request').map(line => line.traceId)).toEqual([trace, undefined, undefined])
  })
})
