// Misbehaving directories. Each implements as much LDAP as its misbehaviour needs.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A BER element: a tag, a length, and what is in it. */
export function element(tag: number, ...parts: (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(parts.map(part => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string))))
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

export const message = (id: number, operation: Buffer, ...controls: Buffer[]) =>
  element(0x30, element(0x02, id), operation, ...controls)
const result = (tag: number, code: number) => element(tag, element(0x0a, code), element(0x04), element(0x04))
export const bindResult = (id: number, code: number) => message(id, result(0x61, code))
export const searchResult = (id: number, code: number) => message(id, result(0x65, code))
export const extendedResult = (id: number, code: number) => message(id, result(0x78, code))
const octets = (text: string) => element(0x04, text)
export const entry = (id: number, dn: string, attributes: Readonly<Record<string, string>>) =>
  message(
    id,
    element(
      0x64,
      octets(dn),
      element(
        0x30,
        ...Object.entries(attributes).map(([name, value]) => element(0x30, octets(name), element(0x31, octets(value)))),
      ),
    ),
  )
export const startTls = 0x77
export const search = 0x63

/** The id and the kind of a request. */
export function read(request: Buffer): { id: number; kind: number } {
  const at = 2 + (request[1]! & 0x80 ? request[1]! & 0x7f : 0)
  return { id: request[at + 2]!, kind: request[at + 3]! }
}

/** Listens on loopback; close it. */
export async function peer(
  serve: (socket: Socket) => void,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<{ port: number; seen(): number; open(): number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  }).listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => sockets.size,
    open: () => [...sockets].filter(({ closed }) => !closed).length,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One that lets everybody bind, and answers each search with `answers`. */
export const answering = (answers: (id: number, socket: Socket) => Buffer | null) => (socket: Socket) =>
  socket.on('data', request => {
    const { id, kind } = read(request)
    const answer = kind === 0x60 ? bindResult(id, 0) : kind === search ? answers(id, socket) : null
    if (answer) socket.write(answer)
    else if (kind === search) socket.destroy()
  })
