/** The API of `npm run admin` on a server with the embedded store: HTTP on a Unix socket in DATA_DIR that only its owner may open. */
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { RosterError } from '../../platform/errors.ts'
import type { AdminCommand } from './commands.ts'

export const SOCKET_NAME = 'admin.sock'
/** Bytes of a request; milliseconds that it may take to arrive. */
const MAX_REQUEST = 16 * 1024
const ARRIVAL = 5_000
/** Bytes that the path of a socket may have on Linux (sun_path), less its end. */
const LONGEST_PATH = 107

export interface AdminResponse {
  readonly text?: string
  readonly failure?: string
}

/** Serves what `perform` does. Where there can be no socket the log says so, and the server runs without. */
export async function serveAdmin(
  dataDir: string,
  perform: (command: AdminCommand) => Promise<string>,
  log: Pick<Logger, 'warn' | 'error'>,
): Promise<{ close(): Promise<void> }> {
  const server = createServer(
    { requestTimeout: ARRIVAL, headersTimeout: ARRIVAL, connectionsCheckingInterval: 1_000 },
    (asked, answer) => {
      const reply = (status: number, body: AdminResponse) => {
        answer.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
      }
      read(asked)
        .then(perform)
        .then(
          text => reply(200, { text }),
          (error: unknown) => {
            if (error instanceof RosterError && error.code !== 'INTERNAL_SERVER_ERROR')
              return reply(422, { failure: error.message })
            log.error({ err: error }, 'admin command failed')
            reply(500, { failure: 'The command failed: the log of the server has the reason' })
          },
        )
    },
  )
  server.maxConnections = 4
  const socket = socketIn(dataDir)
  try {
    // The data directory is locked by this process: a socket that is there is a dead one's.
    rmSync(socket.path, { force: true })
    await listen(server, socket.path)
  } catch (error) {
    log.warn({ err: error }, 'no admin socket: npm run admin works only while this server is stopped')
  }
  return {
    close: async () => {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      socket.release()
    },
  }
}

async function read(request: IncomingMessage): Promise<AdminCommand> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_REQUEST) throw new Error('The request is too large')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

/** Binding happens within the call of listen, so that the mask is that of the socket alone. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    const mask = process.umask(0o177)
    try {
      server.once('error', fail)
      server.listen({ path }, () => {
        chmodSync(path, 0o600)
        server.unref()
        done()
      })
    } finally {
      process.umask(mask)
    }
  })
}

/** A path that is too long for a socket is reached through a handle of its directory (Linux). */
export function socketIn(dataDir: string): { path: string; release(): void } {
  const path = join(resolve(dataDir), SOCKET_NAME)
  if (Buffer.byteLength(path) <= LONGEST_PATH || process.platform !== 'linux') return { path, release() {} }
  try {
    const handle = openSync(dataDir, 'r')
    return { path: `/proc/self/fd/${handle}/${SOCKET_NAME}`, release: () => closeSync(handle) }
  } catch {
    return { path, release() {} }
  }
}
