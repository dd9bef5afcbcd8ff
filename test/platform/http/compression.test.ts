import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { code, isCompressible, preferredCoding } from '../../../src/platform/http/compression.ts'
import { LazyList } from '../../../src/platform/http/json.ts'
import { type Served, serve, until } from './harness.ts'

test.each([
  [undefined, null],
  ['', null],
  ['identity', null],
  ['deflate, zstd', null],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br', 'br'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['br;q=0.001', 'br'],
  ['br;q=0, gzip', 'gzip'],
  ['br; q=0.5 , gzip ; q=0.5', 'br'],
  ['gzip;q=0, br;q=0.0', null],
  ['*', 'br'],
  ['*;q=0', null],
  ['br;q=0, *', 'gzip'],
  ['*;q=0.1, gzip;q=0', 'br'],
  ['identity, gzip;q=0.5', null],
  ['identity;q=0.5, gzip', 'gzip'],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
  ['gzip;q=2', null],
  ['gzip;q=x', null],
])('Accept-Encoding %j is %j', (accepted, coding) => {
  expect(preferredCoding(accepted)).toBe(coding)
})

test.each([
  [{ 'content-type': 'application/json; charset=utf-8' }, 200, 1024, true],
  [{ 'content-type': 'application/scim+json' }, 404, 1024, true],
  [{ 'content-type': 'application/graphql-response+json; charset=utf-8' }, 200, 1024, true],
  [{ 'content-type': 'text/html; charset=utf-8' }, 200, 5000, true],
  [{ 'content-type': 'application/json' }, 200, 1023, false],
  [{ 'content-type': 'application/json' }, 206, 5000, false],
  [{ 'content-type': 'image/png' }, 200, 5000, false],
  [{ 'content-type': 'application/octet-stream' }, 200, 5000, false],
  [{ 'content-type': 'application/json', 'content-encoding': 'br' }, 200, 5000, false],
  [{}, 304, 5000, false],
])('%j with %d and %d bytes is compressible: %s', (headers, status, length, yes) => {
  expect(isCompressible(headers, { status, length })).toBe(yes)
})

test.each([
  ['"a"', 'W/"a"'],
  ['W/"a"', 'W/"a"'],
])('the ETag %s is %s: its bytes are others', (etag, weak) => {
  const headers = { etag, 'content-length': 5 }
  code(headers, 'gzip')
  expect(headers).toEqual({ etag: weak, 'content-encoding': 'gzip' })
})

const LONG = { rows: Array.from({ length: 200 }, (_, id) => ({ id, name: `person ${id}` })) }
/** Some 7 MB, which hardly compress. */
const row = (id: number) => ({ id, random: Buffer.from(`${id * 7_919} ${id ** 3 % 104_729} ${Math.sin(id)}`).toString('base64') })
const ROWS = 100_000

let served: Served
let begun = 0
const late = Promise.withResolvers<void>()
beforeAll(async () => {
  served = await serve(
    http => {
      http.route({
        method: ['GET', 'POST'],
        path: '/long',
        handler: async () => ({ status: 200, headers: { etag: '"a"' }, body: LONG }),
      })
      http.route({ method: 'GET', path: '/short', handler: async () => ({ status: 200, body: { a: 1 } }) })
      http.route({
        method: 'GET',
        path: '/rows',
        handler: async () => ({
          status: 200,
          body: {
            rows: new LazyList(
              Array.from({ length: ROWS }, (_, id) => id),
              row,
            ),
          },
        }),
      })
      http.route({
        method: 'GET',
        path: '/late',
        handler: async () => {
          begun++
          await late.promise
          return { status: 200, body: LONG }
        },
      })
      http.route({ method: 'GET', path: '/secret', handler: async () => ({ status: 200, body: LONG }) })
      http.route({ method: 'GET', path: '/marked', handler: async () => ({ status: 200, body: LONG, isSecret: true }) })
    },
    { secrets: ['GET /secret'] },
  )
})
afterAll(() => served.http.close())

/** The response as it comes: fetch would decode it. */
function ask(path: string, { method = 'GET', accept, body }: { method?: string; accept?: string; body?: string } = {}) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { ...(accept && { 'accept-encoding': accept }), ...(body && { 'content-type': 'application/json' }) }
    request({ host: '127.0.0.1', port: served.port, path, method, headers, agent: false }, resolve).on('error', reject).end(body)
  })
}
const bytesOf = async (answer: IncomingMessage) => Buffer.concat(await answer.toArray())

describe('a response', () => {
  test('is compressed as the client prefers, and says that it varies', async () => {
    for (const [accept, coding, decode] of [
      ['br, gzip', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
    ] as const) {
      const answer = await ask('/long', { accept })
      expect(answer.headers).toMatchObject({
        'content-encoding': coding,
        vary: 'Accept-Encoding',
        etag: 'W/"a"',
        'transfer-encoding': 'chunked',
      })
      expect(answer.headers['content-length']).toBeUndefined()
      const bytes = await bytesOf(answer)
      expect(bytes.length).toBeLessThan(2_000)
      expect(decode(bytes).toString()).toBe(JSON.stringify(LONG))
    }
    const plain = await ask('/long')
    expect(plain.headers).toMatchObject({
      vary: 'Accept-Encoding',
      etag: '"a"',
      'content-length': String(JSON.stringify(LONG).length),
    })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(await text(plain)).toBe(JSON.stringify(LONG))
  })

  test('to POST too', async () => {
    expect(gunzipSync(await bytesOf(await ask('/long', { method: 'POST', accept: 'gzip', body: '{}' }))).toString()).toBe(
      JSON.stringify(LONG),
    )
  })

  test('that is short, or may hold a secret, is not', async () => {
    for (const path of ['/short', '/secret', '/marked']) {
      const { headers } = await ask(path, { accept: 'br, gzip' })
      expect([headers['content-encoding'], headers.vary], path).toEqual([undefined, undefined])
    }
  })

  test('to HEAD has the headers of the one to GET', async () => {
    const answer = await ask('/long', { method: 'HEAD', accept: 'br' })
    expect(answer.headers).toMatchObject({ 'content-encoding': 'br', vary: 'Accept-Encoding', etag: 'W/"a"' })
    expect(answer.headers['content-length']).toBeUndefined()
    expect(await text(answer)).toBe('')
    expect((await ask('/secret', { method: 'HEAD', accept: 'br' })).headers['content-encoding']).toBeUndefined()
  })

  test('of many megabytes arrives while it is compressed, and stops with its reader', async () => {
    const answer = await ask('/rows', { accept: 'gzip' })
    const decoded = answer.pipe(createGunzip())
    let length = 0
    let first = 0
    for await (const piece of decoded) {
      first ||= piece.length
      length += piece.length
    }
    expect(first).toBeLessThan(100_000)
    expect(length).toBeGreaterThan(3_000_000)
  }, 30_000)
})

test('at most 16 are compressed at one time, and one that ends early frees its place', async () => {
  // Nobody reads them.
  const open = await Promise.all(Array.from({ length: 16 }, () => ask('/rows', { accept: 'gzip' })))
  expect(open.map(({ headers }) => headers['content-encoding'])).toEqual(Array(16).fill('gzip'))
  const next = async () => {
    const answer = await ask('/long', { accept: 'gzip' })
    answer.resume()
    return answer.headers['content-encoding']
  }
  expect(await next()).toBeUndefined()
  open[0]!.destroy()
  await expect.poll(next).toBe('gzip')
  for (const answer of open) answer.destroy()
  await until(() => served.lines.length > 0)
}, 60_000)

test('clients that leave before their response take no place', async () => {
  const sent = Array.from({ length: 20 }, () => {
    const left = request({
      host: '127.0.0.1',
      port: served.port,
      path: '/late',
      headers: { 'accept-encoding': 'gzip' },
      agent: false,
    })
    left.on('error', () => {})
    left.end()
    return left
  })
  await until(() => begun === 20)
  const lines = served.lines.length
  for (const left of sent) left.destroy()
  // The server sees them go before it answers.
  await new Promise(resolve => setTimeout(resolve, 200))
  late.resolve()
  await until(() => served.lines.length >= lines + 20)
  const answer = await ask('/long', { accept: 'gzip' })
  answer.resume()
  expect(answer.headers['content-encoding']).toBe('gzip')
})
