// The external user info endpoint, against real HTTP servers: what is an answer, and what is none.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { callUserInfo } from '../../src/connectors/userinfo.ts'
import { outbound } from '../harness/outbound.ts'

const servers: { close(): unknown }[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

async function listen(server: Server | ReturnType<typeof createTcp>): Promise<number> {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const serve = async (listener: RequestListener) => `http://127.0.0.1:${await listen(createHttp(listener))}/who?realm=a`
const answering = (status: number, body: string | Buffer, headers: Record<string, string> = {}) =>
  serve((_, response) => response.writeHead(status, headers).end(body))
const ask = (uri: string, more: object = {}, secrets: object = {}) =>
  callUserInfo(outbound, { config: { uri, ...more }, secrets, userid: 'ana & bo@example.com' })

test('the documented answer; the userid goes into the query, beside what the URI has, and the credentials into the header', async () => {
  let received: { url?: string | undefined; authorization?: string | undefined; method?: string | undefined } = {}
  const uri = await serve((request, response) => {
    received = { url: request.url, authorization: request.headers.authorization, method: request.method }
    response.end(
      JSON.stringify({ groups: [{ name: 'Accountants' }, { name: 'Controllers' }], authorizations: { EMEA: ['Sales'] } }),
    )
  })
  expect(await ask(uri, { authentication: { username: 'roster' } }, { password: 'p:ä' })).toEqual({
    info: { groups: ['Accountants', 'Controllers'], authorizations: { EMEA: ['Sales'] } },
  })
  expect(received).toMatchObject({ method: 'GET', url: '/who?realm=a&userid=ana+%26+bo%40example.com' })
  expect(Buffer.from(received.authorization!.split(' ')[1]!, 'base64').toString()).toBe('roster:p:ä')
  await ask(uri, { useAuth: false, authentication: { username: 'roster' } }, { password: 'p:ä' })
  expect(received.authorization).toBeUndefined()
})

test('a missing member stays missing; an empty one is an empty list', async () => {
  expect(await ask(await answering(200, '{"groups": []}'))).toEqual({ info: { groups: [] } })
  expect(await ask(await answering(200, '{"authorizations": {}}'))).toEqual({ info: { authorizations: {} } })
})

describe('no answer', () => {
  test.each([
    ['404', 404, '{"groups": []}', /status 404/],
    ['500', 500, '', /status 500/],
    ['204', 204, '', /status 204/],
    ['an empty body', 200, '', /no JSON/],
    ['a page for people', 200, '<!doctype html><title>Sign in</title>', /no JSON/],
    ['JSON with more behind it', 200, '{"groups": []} OK', /no JSON/],
    ['no JSON', 200, '<html>', /no JSON/],
    ['broken UTF-8', 200, Buffer.from([0x22, 0xff, 0x22]), /no JSON/],
    ['a list', 200, '[]', /no object/],
    ['null', 200, 'null', /no object/],
    ['nothing', 200, '{}', /neither groups nor authorizations/],
    ['groups of text', 200, '{"groups": ["a"]}', /groups must be/],
    ['groups that are null', 200, '{"groups": null}', /groups must be/],
    ['a group without a name', 200, '{"groups": [{}]}', /groups must be/],
    ['an attribute of text', 200, '{"authorizations": {"a": "b"}}', /authorizations must be/],
    ['an attribute of numbers', 200, '{"authorizations": {"a": [1]}}', /authorizations must be/],
    ['too much', 200, `{"groups": []}${' '.repeat(1_000_001)}`, /longer than/],
  ])('%s', async (_, status, body, failure) => {
    expect(await ask(await answering(status, body))).toEqual({ failure: expect.stringMatching(failure) })
  })

  test('a redirect, and nobody is asked where it leads', async () => {
    let asked = 0
    const other = await serve((_, response) => {
      asked++
      response.end('{"groups": []}')
    })
    expect(await ask(await answering(302, '', { location: other }))).toEqual({ failure: 'The answer has the status 302' })
    expect(asked).toBe(0)
  })

  test('what is packed, or another protocol', async () => {
    const packed = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"groups": []}')),
    )
    expect(await ask(packed)).toEqual({ failure: 'The answer is no JSON' })
    const port = await listen(
      createTcp(socket => {
        socket.on('error', () => {})
        socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'))
      }),
    )
    expect(await ask(`http://127.0.0.1:${port}/`, { timeoutMs: 300 })).toHaveProperty('failure')
    const other = await listen(
      createTcp(socket => {
        socket.on('error', () => {})
        socket.end('SSH-2.0-OpenSSH_9.2\r\n')
      }),
    )
    expect(await ask(`http://127.0.0.1:${other}/`)).toHaveProperty('failure')
  })

  test('whose time is over before it is asked, and nobody is asked', async () => {
    let asked = 0
    const uri = await serve((_, response) => {
      asked++
      response.end('{"groups": []}')
    })
    expect(await callUserInfo(outbound, { config: { uri }, secrets: {}, userid: 'ana', limit: AbortSignal.abort() })).toEqual({
      failure: 'No answer in time',
    })
    expect(asked).toBe(0)
  })

  test('more than a megabyte is not waited for: the connection is cut in the middle', async () => {
    let sent = 0
    let cut = () => {}
    const gone = new Promise<void>(resolve => {
      cut = resolve
    })
    const endless = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) sent += 65_536
        sent += 65_536
      }
      response.on('drain', more).on('close', cut)
      more()
    })
    expect(await ask(endless)).toEqual({ failure: 'The answer is longer than 1000000 bytes' })
    await gone
    expect(sent).toBeLessThan(50_000_000)
  })

  test('nobody there, silence, and an answer that is cut off or never ends', async () => {
    const port = await listen(createTcp())
    const gone = createTcp()
    const free = await listen(gone)
    await new Promise(resolve => gone.close(resolve))
    expect(await ask(`http://127.0.0.1:${free}/`)).toEqual({ failure: 'ECONNREFUSED' })
    expect(await ask(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })).toEqual({ failure: 'No answer in time' })
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"groups": []')
      setTimeout(() => response.destroy(), 20)
    })
    expect(await ask(cut)).toEqual({ failure: expect.stringMatching(/ECONNRESET|cut off|aborted/) })
    const slow = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    expect(await ask(slow, { timeoutMs: 300 })).toEqual({ failure: 'No answer in time' })
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('SKIPPED: user info over TLS. No openssl found, which makes its certificates.')

describe.skipIf(!hasOpenssl)('TLS', async () => {
  if (!hasOpenssl) return
  const dir = mkdtempSync(join(tmpdir(), 'userinfo-'))
  const make = (name: string) => {
    const [key, cert] = [join(dir, `${name}.key`), join(dir, `${name}.pem`)]
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`]
    execFileSync('openssl', [...args, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  }
  const [server, client, stranger] = [make('server'), make('client'), make('stranger')]
  const port = await listen(
    createHttps({ ...server, ca: client.cert, requestCert: true, rejectUnauthorized: true }, (_, response) => {
      response.end('{"groups": []}')
    }),
  )
  const uri = `https://127.0.0.1:${port}/`
  const good = { ca: server.cert, cert: client.cert }

  test('a private CA and a client certificate', async () => {
    expect(await ask(uri, good, { key: client.key })).toEqual({ info: { groups: [] } })
  })

  test('a name that the certificate does not have is no answer, unless nobody is to check', async () => {
    const named = `https://localhost:${port}/`
    expect(await ask(named, good, { key: client.key })).toEqual({ failure: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const { ca: _, ...unchecked } = good
    expect(await ask(named, unchecked, { key: client.key })).toHaveProperty('failure')
    expect(await ask(named, { ...unchecked, rejectUnauthorized: false }, { key: client.key })).toEqual({ info: { groups: [] } })
  })

  test('another CA, no client certificate and a stranger’s are no answer', async () => {
    expect(await ask(uri, { ...good, ca: stranger.cert }, { key: client.key })).toEqual({
      failure: expect.stringMatching(/SELF_SIGNED|UNABLE/),
    })
    expect(await ask(uri, { ca: server.cert })).toHaveProperty('failure')
    expect(await ask(uri, { ca: server.cert, cert: stranger.cert }, { key: stranger.key })).toHaveProperty('failure')
  })
})
