import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog } from '../../../src/platform/http/log.ts'
import { BODY_LIMIT } from '../../../src/platform/http/read-body.ts'
import { createHttp } from '../../../src/platform/http/server.ts'
import type { HttpServer } from '../../../src/platform/http/types.ts'
import { open, parseRaw, raw, type Served, serve, until } from './harness.ts'

const MEGABYTE = 1024 * 1024
const HEAD = 'host: x\r\ncontent-type: application/json\r\n'

/** Whether a request has come so far that its body is read. */
let entered = false

function routes(http: HttpServer): void {
  const decide = async () => {
    entered = true
  }
  http.route({ method: 'POST', path: '/watched', decide, handler: async () => ({ status: 200 }) })
  http.route({
    method: 'POST',
    path: '/echo',
    bodyLimit: () => BODY_LIMIT,
    handler: async ({ body }) => ({ status: 200, body: { length: JSON.stringify(body).length } }),
  })
  http.route({
    method: 'POST',
    path: '/large',
    bodyLimit: () => 2 * MEGABYTE,
    handler: async () => ({ status: 200, body: { large: true } }),
  })
  http.route({
    method: 'POST',
    path: '/unread',
    body: 'none',
    handler: async ({ body }) => ({ status: 200, body: { none: body === undefined } }),
  })
  http.route({ method: 'GET', path: '/echo', handler: async () => ({ status: 200, body: {} }) })
}

/** JSON of exactly so many bytes. */
const jsonOf = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

describe('large bodies', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve(routes)
  })
  afterAll(() => served.http.close())

  const post = (path: string, body: string | Buffer) =>
    fetch(served.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

  const tooLarge = (bytes = MEGABYTE) => ({
    statusCode: 413,
    error: 'Payload Too Large',
    message: `The body must not be larger than ${bytes} bytes`,
  })
  const refusalIn = (received: string) => {
    const { status, body } = parseRaw(received)
    return [status, JSON.parse(body)]
  }

  it('are accepted up to the limit of the route, and refused one byte later', async () => {
    expect((await post('/echo', jsonOf(MEGABYTE))).status).toBe(200)
    const refused = await post('/echo', jsonOf(MEGABYTE + 1))
    expect(refused.status).toBe(413)
    expect(await refused.json()).toEqual(tooLarge())
    expect((await post('/large', jsonOf(2 * MEGABYTE))).status).toBe(200)
    expect(await (await post('/large', jsonOf(2 * MEGABYTE + 1))).json()).toEqual(tooLarge(2 * MEGABYTE))
  })

  it('of 50 MB get their answer, announced or not', async () => {
    expect(await (await post('/echo', Buffer.alloc(50_000_000))).json()).toEqual(tooLarge())
    let left = 50
    const endless = new ReadableStream({
      pull: controller => (left-- > 0 ? controller.enqueue(new Uint8Array(1_000_000)) : controller.close()),
    })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: endless, duplex: 'half' as const }
    expect(await (await fetch(`${served.url}/echo`, init)).json()).toEqual(tooLarge())
  })

  it('are refused from their announced length, before a byte of them', async () => {
    const { socket, received, ended } = await open(served.port)
    socket.write(`POST /echo HTTP/1.1\r\n${HEAD}content-length: 50000000\r\n\r\n`)
    await until(() => received().endsWith('}'))
    expect(refusalIn(received())).toEqual([413, tooLarge()])
    expect(parseRaw(received()).headers.connection).toBe('close')
    socket.destroy()
    await ended
  })

  it('are refused as soon as a chunk too many has come, and the client may still finish', async () => {
    const { socket, received, ended } = await open(served.port)
    socket.write(`POST /echo HTTP/1.1\r\n${HEAD}transfer-encoding: chunked\r\n\r\n`)
    for (let sent = 0; sent <= MEGABYTE; sent += 65_536) socket.write(chunk('x'.repeat(65_536)))
    await until(() => received().endsWith('}'))
    // The connection is not cut under the client: it takes the rest, then closes in order.
    socket.write(`${chunk('x'.repeat(65_536))}0\r\n\r\n`)
    await ended
    expect(refusalIn(received())).toEqual([413, tooLarge()])
    expect(received().match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it('leave the server well when the client gives up after the refusal', async () => {
    const { socket, received, ended } = await open(served.port)
    socket.write(`POST /echo HTTP/1.1\r\n${HEAD}content-length: 50000000\r\n\r\nxxx`)
    await until(() => received().endsWith('}'))
    socket.end()
    await ended
    expect(received().match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect((await fetch(`${served.url}/echo`)).status).toBe(200)
  })

  it('leave no trace but a log line when the client goes away in the middle', async () => {
    served.lines.length = 0
    const { socket, ended } = await open(served.port)
    socket.write(`POST /watched HTTP/1.1\r\n${HEAD}content-length: 1000\r\n\r\nxxx`)
    await until(() => entered)
    socket.resetAndDestroy()
    await ended
    await until(() => served.lines.length > 0)
    expect(served.lines.map(line => [line.level, line.status])).toEqual([['info', 499]])
  })

  it('are not sent for by 100 Continue when they will be refused', async () => {
    const refused = await open(served.port)
    refused.socket.write(`POST /echo HTTP/1.1\r\n${HEAD}expect: 100-continue\r\ncontent-length: 50000000\r\n\r\n`)
    await until(() => refused.received().endsWith('}'))
    expect(refusalIn(refused.received())).toEqual([413, tooLarge()])
    refused.socket.destroy()
    // However small: the client may send the body after all, or the next request; nobody could tell which.
    const unasked = await open(served.port)
    unasked.socket.write(`POST /nope HTTP/1.1\r\n${HEAD}expect: 100-continue\r\ncontent-length: 3\r\n\r\n`)
    await until(() => unasked.received().endsWith('}'))
    expect(parseRaw(unasked.received())).toMatchObject({ status: 404, headers: { connection: 'close' } })
    unasked.socket.destroy()

    const taken = await open(served.port)
    taken.socket.write(`POST /echo HTTP/1.1\r\n${HEAD}connection: close\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n`)
    await until(() => taken.received().includes('100 Continue\r\n\r\n'))
    taken.socket.write('[1]')
    await taken.ended
    expect(parseRaw(taken.received().replace('HTTP/1.1 100 Continue\r\n\r\n', '')).status).toBe(200)
  })

  it('that nobody reads leave the connection in step', async () => {
    const { socket, received, ended } = await open(served.port)
    const body = '{"a":"GET /never HTTP/1.1"}'
    socket.write(`POST /unread HTTP/1.1\r\n${HEAD}content-length: ${body.length}\r\n\r\n${body}`)
    socket.write(`POST /nope HTTP/1.1\r\n${HEAD}content-length: ${body.length}\r\n\r\n${body}`)
    socket.write(`GET /echo HTTP/1.1\r\n${HEAD}connection: close\r\n\r\n`)
    await ended
    const statuses = [...received().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(['200', '404', '200'])
  })
})

describe('what is no request', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve(routes)
  })
  afterAll(() => served.http.close())

  const close = 'host: x\r\nconnection: close\r\n'
  it.each([
    ['headers over 16 KB', `GET /echo HTTP/1.1\r\n${close}x: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    ['headers far over 16 KB', `GET /echo HTTP/1.1\r\n${close}${`x: ${'x'.repeat(1_000)}\r\n`.repeat(500)}\r\n`, 431],
    ['a target over 16 KB', `GET /echo?${'x'.repeat(17_000)} HTTP/1.1\r\n${close}\r\n`, 431],
    ['garbage', 'hello there\r\n\r\n', 400],
    ['a TLS greeting', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), 400],
    ['an unknown method', `BREW / HTTP/1.1\r\n${close}\r\n`, 400],
    ['two lengths', `POST /echo HTTP/1.1\r\n${close}content-length: 1\r\ncontent-length: 2\r\n\r\n[]`, 400],
    [
      'a length and chunks',
      `POST /echo HTTP/1.1\r\n${close}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a negative length', `POST /echo HTTP/1.1\r\n${close}content-length: -1\r\n\r\n[]`, 400],
    ['a broken chunk', `POST /echo HTTP/1.1\r\n${HEAD}${close}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['no host', 'GET /echo HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['a space in the target', `GET /e cho HTTP/1.1\r\n${close}\r\n`, 400],
  ])('is answered as JSON: %s', async (_, request, expected) => {
    const { status, headers, body } = await raw(served.port, request)
    expect(status).toBe(expected)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers['cache-control']).toBe('no-store')
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body))
    expect(JSON.parse(body)).toEqual({ statusCode: expected, error: expect.any(String), message: expect.any(String) })
  })

  it('takes headers of nearly 16 KB', async () => {
    expect((await raw(served.port, `GET /echo HTTP/1.1\r\n${close}x: ${'x'.repeat(16_000)}\r\n\r\n`)).status).toBe(200)
  })

  it('takes HTTP/1.0 without a host', async () => {
    expect((await raw(served.port, 'GET /echo HTTP/1.0\r\n\r\n')).status).toBe(200)
  })

  it('ignores an expectation it does not know, and CONNECT does no harm', async () => {
    expect((await raw(served.port, `GET /echo HTTP/1.1\r\n${close}expect: miracles\r\n\r\n`)).status).toBe(200)
    await raw(served.port, `CONNECT example.com:443 HTTP/1.1\r\n${close}\r\n`)
    expect((await fetch(`${served.url}/echo`)).status).toBe(200)
  })

  it('serves a request that asks for an upgrade as a request', async () => {
    const { status } = await raw(
      served.port,
      'GET /echo HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n',
    )
    expect(status).toBe(200)
  })
})

describe('slow requests', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve(routes, { timing: { headers: 50, request: 100, checks: 10 } })
  })
  afterAll(() => served.http.close())

  it.each([
    ['headers', 'GET /echo HTTP/1.1\r\nhost: x\r\n'],
    ['a first line', 'GET'],
    ['a body', `POST /echo HTTP/1.1\r\n${HEAD}content-length: 10\r\n\r\n[1,`],
  ])('are given up when %s does not end', async (_, begin) => {
    const { status, body } = await raw(served.port, begin)
    expect([status, JSON.parse(body)]).toEqual([
      408,
      { statusCode: 408, error: 'Request Timeout', message: 'The request took too long to arrive' },
    ])
  })
})

it('listens on the given host and port', async () => {
  const served = await serve(routes)
  const other = createHttp({ log: createLog({ level: 'silent' }) })
  routes(other)
  await expect(other.listen({ port: served.port, host: '127.0.0.1' })).rejects.toThrow('EADDRINUSE')
  await other.close()
  const named = createHttp({ log: createLog({ level: 'silent' }) })
  routes(named)
  const port = await named.listen({ port: 0, host: 'localhost' })
  expect((await fetch(`http://127.0.0.1:${port}/echo`)).status).toBe(200)
  await named.close()
  await served.http.close()
})
