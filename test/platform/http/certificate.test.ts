// TLS of our own: from files, which may change under a running server.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../../../scripts/demo/free-port.ts'
import { startApp } from '../../../src/app.ts'
import { createFirstAdministrator } from '../../../src/domain/users/first-administrator.service.ts'
import { loadConfig } from '../../../src/platform/config/config.ts'
import { readCertificate } from '../../../src/platform/http/certificate.ts'
import { testStore } from '../../harness/database.ts'
import { type Served, serve } from './harness.ts'
import { hasOpenssl, makeCertificate } from './openssl.ts'

const folder = mkdtempSync(join(tmpdir(), 'roster-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

/** Over a new connection; `peer` is the name in the certificate. */
function ask(
  port: number,
  options: { path?: string; ca?: string; method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string; peer: string }>((resolve, reject) => {
    const { path = '/', ca, method = 'GET', headers, body } = options
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca }
    const sent = secureRequest({ host: '127.0.0.1', port, path, method, headers, agent: false, ...trust }, answer => {
      const peer = String((answer.socket as TLSSocket).getPeerCertificate().subject.CN)
      let text = ''
      answer.setEncoding('utf8').on('data', chunk => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text, peer }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe.runIf(hasOpenssl)('a server with a certificate', () => {
  const first = hasOpenssl ? makeCertificate(folder, 'first') : { cert: '', key: '' }
  const second = hasOpenssl ? makeCertificate(folder, 'second') : first
  const files = { cert: path('tls.crt'), key: path('tls.key') }
  const replace = (file: string, text: string) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  const put = (pair: { cert: string; key: string }) => {
    for (const part of ['cert', 'key'] as const) replace(files[part], pair[part])
  }
  const served: Served[] = []
  const start = async (timing = {}) => {
    put(first)
    const server = await serve(
      http => {
        http.route({ method: ['GET', 'POST'], path: '/', handler: async ({ address }) => ({ status: 200, body: { address } }) })
        http.route({
          method: 'GET',
          path: '/large',
          handler: async () => ({ status: 200, body: { text: 'x'.repeat(5_000_000) } }),
        })
      },
      { certificate: files, timing: { certificate: 20, ...timing } },
    )
    served.push(server)
    return server
  }
  afterEach(async () => {
    for (const { http } of served.splice(0)) await http.close()
  })
  const logged = (server: Served) => server.lines.filter(({ event }) => event === 'certificate')

  test('answers https alone, small and large, and names the address of the client', async () => {
    const { port } = await start()
    expect(await ask(port, { ca: first.cert })).toMatchObject({ status: 200, text: '{"address":"127.0.0.1"}', peer: 'first' })
    expect((await ask(port, { path: '/large' })).text).toHaveLength(5_000_011)
    const plain = new Promise((resolve, reject) => request({ host: '127.0.0.1', port }, resolve).on('error', reject).end())
    await expect(plain).rejects.toThrow(/hang up|ECONNRESET/)
    expect((await ask(port)).status).toBe(200)
  })

  test('takes a renewed certificate for new connections, and open ones go on', async () => {
    const server = await start()
    const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false })
    const answers: string[] = []
    socket.setEncoding('utf8').on('data', chunk => answers.push(String(chunk)))
    const get = () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    get()
    await expect.poll(() => answers.join('')).toContain('127.0.0.1')
    put(second)
    await expect.poll(async () => (await ask(server.port)).peer).toBe('second')
    answers.length = 0
    get()
    await expect.poll(() => answers.join('')).toContain('127.0.0.1')
    expect(logged(server).at(-1)).toMatchObject({ level: 'info', until: expect.stringMatching(/^\d{4}-/) })
    socket.destroy()
  })

  test.each([
    ['of another key', () => replace(files.key, second.key)],
    ['that is none', () => replace(files.cert, 'nothing')],
    ['that is gone', () => rmSync(files.cert)],
  ])('keeps the former one when there is one %s, logs it once, and takes the next good one', async (_, spoil) => {
    const server = await start()
    spoil()
    await expect.poll(() => logged(server).length).toBeGreaterThan(0)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(logged(server)).toHaveLength(1)
    expect(logged(server)[0]).toMatchObject({ level: 'error', msg: expect.stringContaining('the former one stays') })
    expect(JSON.stringify(server.lines)).not.toContain('PRIVATE KEY')
    expect((await ask(server.port, { ca: first.cert })).peer).toBe('first')
    put(second)
    await expect.poll(async () => (await ask(server.port)).peer).toBe('second')
  })

  test('follows a symbolic link that is replaced, as in a mounted secret', async () => {
    const [one, two] = [makeCertificate(folder, 'one'), makeCertificate(folder, 'two')]
    expect([one, two]).toHaveLength(2)
    const linked = { cert: path('linked.crt'), key: path('linked.key') }
    symlinkSync(path('one.crt'), linked.cert)
    symlinkSync(path('one.key'), linked.key)
    const server = await serve(http => http.route({ method: 'GET', path: '/', handler: async () => ({ status: 204 }) }), {
      certificate: linked,
      timing: { certificate: 20 },
    })
    served.push(server)
    expect((await ask(server.port)).peer).toBe('one')
    for (const [file, target] of [
      [linked.cert, path('two.crt')],
      [linked.key, path('two.key')],
    ] as const) {
      symlinkSync(target, `${file}.new`)
      renameSync(`${file}.new`, file)
    }
    await expect.poll(async () => (await ask(server.port)).peer).toBe('two')
  })

  test('closes connections that stay silent, before the handshake, within it and after it', async () => {
    const { port } = await start({ headers: 200 })
    const closed = (socket: { once(event: 'close', then: () => void): unknown; on(event: 'error', then: () => void): unknown }) =>
      new Promise<void>(resolve => {
        socket.on('error', () => {})
        socket.once('close', resolve)
      })
    const before = connectPlain(port, '127.0.0.1')
    const within = connectPlain(port, '127.0.0.1', () => within.write(Buffer.from([22, 3, 1, 2, 0, 1])))
    const after = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
    after.resume()
    await Promise.all([closed(before), closed(within), closed(after)])
  })

  test('is closed at once with connections that sent no request', async () => {
    const { http, port } = await start({ silent: 50 })
    served.length = 0
    const spare = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
    spare.on('error', () => {})
    await new Promise<void>(resolve => spare.once('secureConnect', () => resolve()))
    const begun = performance.now()
    await http.close()
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('the app has https links, Secure cookies and HSTS', async () => {
    put(first)
    const port = await freePort()
    const config = loadConfig({
      PORT: String(port),
      DATA_DIR: 'memory://',
      SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
      ADMIN_PASSWORD: 'correct horse',
      LOG_LEVEL: 'silent',
      TLS_CERT: files.cert,
      TLS_KEY: files.key,
    })
    expect(config.publicUrl).toBe(`https://127.0.0.1:${port}`)
    const running = await startApp(config, {
      store: await testStore(),
      background: false,
      prepare: async operator => void (await createFirstAdministrator(operator)),
    })
    try {
      const answer = await ask(port, {
        ca: first.cert,
        path: '/login',
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: `https://127.0.0.1:${port}` },
        body: 'iamid=bim&userid=admin&password=correct+horse',
      })
      expect([answer.status, answer.headers.location]).toEqual([303, '/'])
      expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-roster_session=rt_[^;]+; Path=\/;.*; Secure$/)
      expect(answer.headers['strict-transport-security']).toMatch(/^max-age=\d+/)
    } finally {
      await running.stop()
    }
  })
})

describe.runIf(hasOpenssl)('the settings', () => {
  const faultsOf = (env: Record<string, string>) => {
    try {
      loadConfig(env)
      return []
    } catch (error) {
      return (error as { faults: string[] }).faults
    }
  }
  if (hasOpenssl) {
    makeCertificate(folder, 'a')
    makeCertificate(folder, 'b')
    writeFileSync(path('none'), 'nothing')
    execFileSync('openssl', ['ec', '-in', path('a.key'), '-aes128', '-passout', 'pass:geheim', '-out', path('locked.key')], {
      stdio: 'ignore',
    })
  }
  const [cert, key] = [path('a.crt'), path('a.key')]

  test.each([
    [{ TLS_CERT: cert, TLS_KEY: key }, []],
    [{ TLS_CERT: cert, TLS_KEY: key, PUBLIC_URL: 'https://roster.example' }, []],
    [{ TLS_CERT: cert }, [/^TLS_KEY is required with TLS_CERT: set/]],
    [{ TLS_KEY: key }, [/^TLS_CERT is required with TLS_KEY: set/]],
    [{ TLS_CERT: cert, TLS_KEY: path('b.key') }, [/^TLS_KEY must be the key of the certificate of TLS_CERT: set/]],
    [{ TLS_CERT: path('gone'), TLS_KEY: key }, [/^TLS_CERT must be a file that Roster can read: set/]],
    [{ TLS_CERT: folder, TLS_KEY: key }, [/^TLS_CERT must be a file that Roster can read: set/]],
    [
      { TLS_CERT: path('none'), TLS_KEY: path('none') },
      [/^TLS_CERT must be a PEM file that begins/, /^TLS_KEY must be a PEM file with a private/],
    ],
    [
      { TLS_CERT: cert, TLS_KEY: path('locked.key') },
      [/^TLS_KEY must be a PEM file with a private key, without a passphrase: set/],
    ],
    [
      { TLS_CERT: cert, TLS_KEY: key, PUBLIC_URL: 'http://roster.example' },
      [/^PUBLIC_URL must begin with https:\/\/ with TLS_CERT: set/],
    ],
  ])('%o', (env, faults) => {
    expect(faultsOf(env as Record<string, string>)).toEqual(faults.map(fault => expect.stringMatching(fault)))
  })

  test('a certificate says until when it is valid', () => {
    const days = (readCertificate({ cert, key }).until.getTime() - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(1.5)
    expect(days).toBeLessThan(2.5)
  })
})
