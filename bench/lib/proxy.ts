/** Counts the statements and round trips of a server to PostgreSQL: it connects through here. Works with every PostgreSQL, without an extension. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { atEnd } from './run.ts'

export interface Counts {
  readonly statements: number
  /** What is sent before PostgreSQL has answered is one round trip. */
  readonly trips: number
}
export interface Counted {
  /** The address to connect to instead. */
  readonly url: string
  /** Since it was last asked. */
  take(): Counts
}

/** Execute and Query: what runs a statement (PostgreSQL, "Message Formats"). */
const STATEMENTS = new Set(['E', 'Q'].map(type => type.charCodeAt(0)))

export async function countStatements(database: string): Promise<Counted> {
  const url = new URL(database)
  const sockets = new Set<Socket>()
  let [statements, trips] = [0, 0]
  const proxy = createServer(client => {
    const server = connect(Number(url.port || 5432), url.hostname)
    const read = messageReader(type => {
      if (STATEMENTS.has(type)) statements++
    })
    let hasAnswered = true
    client.on('data', part => {
      read(part)
      if (hasAnswered) trips++
      hasAnswered = false
    })
    server.on('data', () => {
      hasAnswered = true
    })
    client.pipe(server).pipe(client)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.setNoDelay(true).on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  atEnd(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const through = new URL(database)
  through.hostname = '127.0.0.1'
  through.port = String((proxy.address() as AddressInfo).port)
  const take = () => {
    const taken = { statements, trips }
    statements = trips = 0
    return taken
  }
  return { url: through.href, take }
}

/** A message is a type and a length with what follows; the first of a connection has no type. */
function messageReader(see: (type: number) => void): (part: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let prefix = 0
  return part => {
    rest = rest.length > 0 ? Buffer.concat([rest, part]) : part
    while (rest.length >= prefix + 4) {
      const end = prefix + rest.readUInt32BE(prefix)
      if (rest.length < end) return
      if (prefix === 1) see(rest[0]!)
      rest = rest.subarray(end)
      prefix = 1
    }
  }
}
