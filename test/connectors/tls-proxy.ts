// A proxy before a real peer: it forwards bytes until its mood is gone, hangs, garbage or a wrong certificate.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'

export type Mood = 'through' | 'through once, then hangs' | 'gone' | 'hangs' | 'garbage' | 'wrong certificate'

export interface TlsProxy {
  readonly port: number
  /** Sets the mood and cuts open connections. */
  is(mood: Mood): void
  /** Connections since the last change that have sent something and wait. */
  waiting(): number
  close(): Promise<void>
}

/** openssl makes the wrong certificate. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('SKIPPED: peers with a wrong certificate. No openssl found.')

const page = '<html>Welcome to our network</html>'
const garbage = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\n\r\n${page}`
let unknown: { key: string; cert: string } | undefined

/** `target.port` may be set later: some peers must know the address of the proxy first. */
export async function tlsProxy(target: { port: number }): Promise<TlsProxy> {
  let mood: Mood = 'through'
  let waiting = 0
  const sockets = new Set<Socket>()
  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    return socket
  }
  const serve: Record<Mood, (socket: Socket) => void> = {
    through(socket) {
      const behind = hold(connect(target.port, '127.0.0.1'))
      socket.pipe(behind).pipe(socket)
      socket.on('close', () => behind.destroy())
      behind.on('close', () => socket.destroy())
    },
    'through once, then hangs'(socket) {
      mood = 'hangs'
      serve.through(socket)
    },
    gone: socket => socket.resetAndDestroy(),
    hangs: socket => socket.once('data', () => waiting++),
    garbage: socket => socket.once('data', () => socket.end(garbage)),
    'wrong certificate': socket => void new TLSSocket(socket, { isServer: true, ...selfSigned() }).on('error', () => {}),
  }
  const server = createServer(socket => serve[mood](hold(socket))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    is(next) {
      mood = next
      waiting = 0
      cut()
    },
    waiting: () => waiting,
    async close() {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}

/** By nobody we know, and about somebody else. */
function selfSigned(): { key: string; cert: string } {
  if (unknown) return unknown
  const folder = mkdtempSync(join(tmpdir(), 'roster-proxy-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...made, '-subj', '/CN=elsewhere.example', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  unknown = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  return unknown
}
