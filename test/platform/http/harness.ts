import { connect, type Socket } from 'node:net'
import { createLog } from '../../../src/platform/http/log.ts'
import { createHttp, type HttpOptions } from '../../../src/platform/http/server.ts'
import type { HttpServer } from '../../../src/platform/http/types.ts'

export interface Served {
  readonly url: string
  readonly port: number
  /** The log lines so far, parsed. */
  readonly lines: Record<string, unknown>[]
  readonly http: HttpServer
}

/** A real server on a free port of 127.0.0.1 with the routes that `make` registers. */
export async function serve(make: (http: HttpServer) => void, options: Omit<HttpOptions, 'log'> = {}): Promise<Served> {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: 'info', out: { write: line => void lines.push(JSON.parse(line)) } })
  const http = createHttp({ log, ...options })
  make(http)
  const port = await http.listen({ port: 0, host: '127.0.0.1' })
  return { url: `http://127.0.0.1:${port}`, port, lines, http }
}

/** One answer read off a raw connection. */
export interface Raw {
  status: number
  headers: Record<string, string>
  body: string
}

/** Opens a connection and gives it with everything it has received so far. */
export async function open(port: number): Promise<{ socket: Socket; received: () => string; ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', chunk => {
    text += chunk
  })
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()))
  // A reset is for the assertions on what was received, not for the process.
  socket.on('error', () => {})
  await new Promise<void>(resolve => socket.once('connect', () => resolve()))
  return { socket, received: () => text, ended }
}

/** Sends the bytes as they are and reads until the server closes; so the request should say `connection: close`. */
export async function raw(port: number, request: string | Buffer): Promise<Raw> {
  const { socket, received, ended } = await open(port)
  socket.write(request)
  await ended
  return parseRaw(received())
}

export function parseRaw(text: string): Raw {
  const split = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, split).split('\r\n')
  const headers = Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(split + 4) }
}

/** Waits until the condition holds; the test's own time-out is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}

/** Asks by fetch and reads the whole answer; `json` is undefined when it is none. */
export async function ask(served: Served, path: string, init: RequestInit = {}) {
  const answer = await fetch(served.url + path, init)
  const text = await answer.text()
  const isJson = text !== '' && answer.headers.get('content-type')?.startsWith('application/json')
  return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined }
}
