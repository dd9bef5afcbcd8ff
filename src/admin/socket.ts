/**
 * The way of `npm run admin` to a server that has the embedded store open: HTTP on a Unix socket in DATA_DIR that only its owner may open.
 */
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Logger } from 'pino'
import { RosterError } from '../errors.ts'
import type { AdminCommand } from './commands.ts'

const NAME = 'admin.sock'
/** Bytes of a request; milliseconds that it may take to arrive, and that its answer may take. */
const MAX_REQUEST = 16 * 1024
const ARRIVAL = 5_000
const ANSWER = 60_000
/** Bytes that the path of a socket may have on Linux (sun_path), less its end. */
const LONGEST_PATH = 107

interface Answer {
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
      const reply = (status: number, body: Answer) => {
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
  const place = placeOf(dataDir)
  try {
    // The data directory is locked by this process: a socket that is there is a dead one's.
    rmSync(place.path, { force: true })
    await listen(server, place.path)
  } catch (error) {
    log.warn({ err: error }, 'no admin socket: npm run admin works only while this server is stopped')
  }
  return {
    close: async () => {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      place.release()
    },
  }
}

/** What the server on the data directory answers; null when none listens. Throws Error with what it refuses. */
export async function askServer(dataDir: string, command: AdminCommand): Promise<string | null> {
  const place = placeOf(dataDir)
  try {
    const { text, failure } = await ask(place.path, command)
    if (text !== undefined) return text
    throw new Error(failure ?? 'The server gave no answer that can be read')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return null
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error(`${join(dataDir, NAME)} may only be opened by the user that runs the server: run the command as that user`)
    throw error
  } finally {
    place.release()
  }
}

function ask(socketPath: string, command: AdminCommand): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request({ socketPath, method: 'POST', path: '/', headers, timeout: ANSWER }, answer =>
      json(answer).then(body => resolve(body as Answer), reject),
    )
    sent.on('timeout', () => sent.destroy(new Error(`The server did not answer within ${ANSWER / 1000} s`)))
    sent.on('error', reject)
    sent.end(JSON.stringify(command))
  })
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
function placeOf(dataDir: string): { path: string; release(): void } {
  const path = join(resolve(dataDir), NAME)
  if (Buffer.byteLength(path) <= LONGEST_PATH || process.platform !== 'linux') return { path, release() {} }
  try {
    const handle = openSync(dataDir, 'r')
    return { path: `/proc/self/fd/${handle}/${NAME}`, release: () => closeSync(handle) }
  } catch {
    return { path, release() {} }
  }
}
