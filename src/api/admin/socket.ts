/** Serves `npm run admin` on an owner-only Unix socket in DATA_DIR. */
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { RosterError } from '../../platform/errors.ts'
import type { AdminCommand } from './commands.ts'

export const SOCKET_NAME = 'admin.sock'
/** Bytes of a request; milliseconds until it must have arrived. */
const MAX_REQUEST = 16 * 1024
const ARRIVAL = 5_000
/** Bytes of a socket path on Linux (sun_path). */
const LONGEST_PATH = 107

export interface AdminResponse {
  readonly text?: string
  readonly failure?: string
}

/** Logs when a socket is impossible; the server runs without one. */
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
    // The data directory is locked, so an existing socket is stale.
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

/** listen() binds synchronously, so the umask applies to this socket only. */
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
