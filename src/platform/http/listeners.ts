/**
 * Node accepts one connection of a listener in a turn of the event loop. Turns are long where many requests
 * come: only several listeners on the port (SO_REUSEPORT) let their connections in.
 */
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { platform } from 'node:process'
import type { FastifyInstance } from 'fastify'

const LISTENERS = 16
/** Connections that wait for each; the system allows 4096 by default. */
const BACKLOG = 4096

export interface Listening {
  readonly port: number
  /** Takes no further connections; resolves when those of the added listeners have ended. */
  close(): Promise<void>
}

/** Rejects with EADDRINUSE. */
export async function listen(app: FastifyInstance, { port, host }: { port: number; host: string }): Promise<Listening> {
  // For "localhost" Fastify opens a second server without listeners.
  const own = host === 'localhost' ? '127.0.0.1' : host
  const count = platform === 'linux' ? LISTENERS : 1
  // Listeners that share a port do not see that another process has it.
  if (count > 1 && port !== 0) await probe({ port, host: own })
  const shared = { host: own, backlog: BACKLOG, ...(count > 1 && { reusePort: true }) }
  await app.listen({ ...shared, port })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  const take = (socket: Socket) => void app.server.emit('connection', socket)
  const added = await Promise.all(
    Array.from({ length: count - 1 }, () => opened(createServer(take), { ...shared, port: address.port })),
  )
  return { port: address.port, close: async () => void (await Promise.all(added.map(closed))) }
}

async function probe(address: { port: number; host: string }): Promise<void> {
  await closed(await opened(createServer(), address))
}

const opened = (server: NetServer, options: object) =>
  new Promise<NetServer>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => resolve(server))
  })

const closed = (server: NetServer) => new Promise<void>(resolve => server.close(() => resolve()))
