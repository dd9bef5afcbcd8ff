// Connections by real sockets: what is connected to is what was judged, within its time, and what goes wrong has a class.
import { createServer as createHttp, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createOutbound, OutboundError } from '../../../src/platform/outbound/connect.ts'
import { sendRequest } from '../../../src/platform/outbound/http-request.ts'
import { outboundRulesOf } from '../../../src/platform/outbound/policy.ts'

/** What a look-up answers next; null asks the system. */
let answers: (string[] | Error)[] | null = null
let lookups = 0
vi.mock('node:dns/promises', async original => {
  const real = await original<typeof import('node:dns/promises')>()
  return {
    ...real,
    lookup: async (host: string, options: object) => {
      lookups++
      const next = answers === null ? null : (answers.shift() ?? [])
      if (next instanceof Error) throw next
      return next === null
        ? real.lookup(host, options as never)
        : next.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  }
})
beforeEach(() => {
  answers = null
  lookups = 0
})

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})
async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  return (server.address() as AddressInfo).port
}
const rules = (allow: string | null, deny = '') => ({
  allow: allow === null ? null : outboundRulesOf(allow, 'OUTBOUND_ALLOW'),
  deny: outboundRulesOf(deny, 'OUTBOUND_DENY'),
})
const soon = (milliseconds = 2_000) => AbortSignal.timeout(milliseconds)
const faultAt = (work: Promise<unknown>): Promise<OutboundError> =>
  work.then(
    () => Promise.reject(new Error('it was connected')),
    error => error,
  )

describe('a connection', () => {
  let seen = 0
  const port = listen(
    createServer(socket => {
      seen++
      socket.on('error', () => {})
    }),
  )
  const plain = createOutbound(rules(null))
  const connect = async (host: string, given = plain, signal = soon()) => {
    const before = seen
    const socket = await given.connect({ host, port: await port }, signal)
    const { remoteAddress } = socket
    socket.destroy()
    await new Promise(resolve => setTimeout(resolve, 10))
    expect(seen).toBe(before + 1)
    return remoteAddress
  }

  test.each(['127.0.0.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '[::ffff:127.0.0.1]', 'localhost'])(
    'to %s is one to this machine: allowed unless denied',
    async host => {
      expect(await connect(host)).toMatch(/^(?:::ffff:)?127\.0\.0\.1$/)
      const denied = createOutbound(rules(null, '127.0.0.0/8 ::1'))
      const before = seen
      const fault = await faultAt(denied.connect({ host, port: await port }, soon()))
      expect(fault).toBeInstanceOf(OutboundError)
      expect([fault.kind, fault.message]).toEqual(['not allowed', 'The address is not allowed: OUTBOUND_DENY names the address'])
      expect(seen).toBe(before)
    },
  )

  test('never reaches where Roster listens, by any name of it', async () => {
    for (const listening of ['127.0.0.1', 'localhost', '0.0.0.0', '::']) {
      const own = createOutbound(rules(null))
      await own.listensAt(listening, await port)
      for (const host of [
        '127.0.0.1',
        '2130706433',
        '127.1',
        '[::ffff:127.0.0.1]',
        ...(listening === '0.0.0.0' ? ['127.9.9.9'] : []),
      ]) {
        const fault = await faultAt(own.connect({ host, port: await port }, soon()))
        expect([listening, host, fault.message]).toEqual([
          listening,
          host,
          'The address is not allowed: Roster itself listens there, which no setting opens',
        ])
      }
    }
  })

  test.each(['0.0.0.0', '[::]', '169.254.169.254', '[fe80::1]', '0xA9FEA9FE'])('to %s is not even tried', async host => {
    const connects = vi.spyOn(Socket.prototype, 'connect')
    expect((await faultAt(plain.connect({ host, port: await port }, soon()))).kind).toBe('not allowed')
    expect(connects).not.toHaveBeenCalled()
    connects.mockRestore()
  })

  test('by a name whose address is denied is not tried, and of several only those that pass are', async () => {
    answers = [['169.254.169.254']]
    expect((await faultAt(plain.connect({ host: 'metadata.example', port: await port }, soon()))).kind).toBe('not allowed')
    answers = [['169.254.169.254', '127.0.0.1', 'fe80::1']]
    expect(await connect('several.example')).toBe('127.0.0.1')
    answers = [[]]
    expect((await faultAt(plain.connect({ host: 'none.example', port: await port }, soon()))).kind).toBe('unreachable')
  })

  test('asks for the address once: a name that is another one a moment later (rebinding) changes nothing', async () => {
    answers = [['127.0.0.1'], ['169.254.169.254'], ['169.254.169.254']]
    expect(await connect('rebound.example')).toBe('127.0.0.1')
    expect([lookups, answers.length]).toEqual([1, 2])
    answers = [['169.254.169.254'], ['127.0.0.1']]
    expect((await faultAt(plain.connect({ host: 'rebound.example', port: await port }, soon()))).kind).toBe('not allowed')
  })

  test('that nobody takes, or whose name nobody knows, is unreachable; the code is for administrators', async () => {
    const gone = createServer()
    const free = await listen(gone)
    await new Promise(resolve => gone.close(resolve))
    const refused = await faultAt(plain.connect({ host: '127.0.0.1', port: free }, soon()))
    expect([refused.kind, refused.message, refused.code]).toEqual(['unreachable', 'ECONNREFUSED', 'ECONNREFUSED'])
    answers = [Object.assign(new Error('getaddrinfo ENOTFOUND nobody.example'), { code: 'ENOTFOUND' })]
    const unknown = await faultAt(plain.connect({ host: 'nobody.example', port: free }, soon()))
    expect([unknown.kind, unknown.message]).toEqual(['unreachable', 'ENOTFOUND'])
  })

  test('keeps its deadline, whether it is the name or the address that gives no sign of life', async () => {
    const begun = Date.now()
    const never = AbortSignal.abort()
    expect((await faultAt(plain.connect({ host: '127.0.0.1', port: await port }, never))).message).toBe('No answer in time')
    expect((await faultAt(plain.connect({ host: 'localhost', port: await port }, never))).message).toBe('No answer in time')
    // 192.0.2.0/24 is for documentation (RFC 5737): packets to it end nowhere.
    expect((await faultAt(plain.connect({ host: '192.0.2.1', port: 9 }, soon(200)))).kind).toBe('unreachable')
    expect(Date.now() - begun).toBeLessThan(1_500)
  })

  test('without TLS at the other end has the class TLS, and is closed', async () => {
    const socket = await plain.connect({ host: '127.0.0.1', port: await port }, soon())
    const fault = await faultAt(plain.secure(socket, { host: '127.0.0.1', port: await port }, { tls: {}, signal: soon(100) }))
    expect([fault.kind, fault.message]).toEqual(['unreachable', 'No answer in time'])
    expect(socket.destroyed).toBe(true)
    const web = await listen(createHttp())
    const clear = await plain.connect({ host: '127.0.0.1', port: web }, soon())
    expect((await faultAt(plain.secure(clear, { host: '127.0.0.1', port: web }, { tls: {}, signal: soon() }))).kind).toBe('TLS')
  })
})

describe('what is known before anything is resolved', () => {
  test.each([
    ['169.254.169.254', true],
    ['0xA9FEA9FE', true],
    ['[::ffff:169.254.169.254]', true],
    ['denied.example', true],
    ['127.0.0.1', false],
    ['localhost', false],
    ['unknown.example', false],
  ])('%s: refused %s', (host, isRefused) => {
    const outbound = createOutbound(rules(null, 'denied.example'))
    expect(outbound.refusal({ host, port: 443 }) !== null).toBe(isRefused)
  })
})

describe('a request by HTTP', () => {
  const outbound = createOutbound(rules(null))
  const serve = async (listener: RequestListener) => new URL(`http://127.0.0.1:${await listen(createHttp(listener))}/a?b=c`)
  const get = (url: URL, more: object = {}) => sendRequest(outbound, url, { signal: soon(500), maxBytes: 1_000, ...more })

  test('sends what it is given, and answers with status, headers and body', async () => {
    const url = await serve(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      response
        .writeHead(201, { 'x-a': 'b' })
        .end(`${request.method} ${request.url} ${request.headers.host} ${Buffer.concat(parts)}`)
    })
    const { status, headers, body } = await get(url, { method: 'POST', body: 'x=1' })
    expect([status, headers['x-a'], body.toString()]).toEqual([201, 'b', `POST /a?b=c ${url.host} x=1`])
  })

  test('a redirect is an answer, and nobody is asked where it leads', async () => {
    let asked = 0
    const other = await serve(() => void asked++)
    const url = await serve((_, response) => response.writeHead(302, { location: other.href }).end())
    expect((await get(url)).status).toBe(302)
    expect(asked).toBe(0)
  })

  test.each<[string, RequestListener, string]>([
    ['an answer that is too long', (_, response) => response.end('x'.repeat(1_001)), 'The answer is longer than 1000 bytes'],
    ['an answer that never comes', () => {}, 'No answer in time'],
    ['an answer that never ends', (_, response) => void response.write('x'), 'No answer in time'],
    [
      'an answer that is cut off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('x')
        setTimeout(() => response.destroy(), 20)
      },
      'The answer was cut off',
    ],
  ])('%s is no valid answer', async (_, listener, message) => {
    const fault = await faultAt(get(await serve(listener)))
    expect([fault.kind, fault.message]).toEqual(['no valid answer', message])
  })
})
