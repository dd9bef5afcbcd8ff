// Mail servers for the tests beside this file, good ones and bad ones; each ends with the test that made it.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach } from 'vitest'

/** What is to be ended after a test. */
export const open: (() => unknown)[] = []
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end()
})

export interface Received {
  from: string
  to: string[]
  source: string
}

/** A real mail server on a free port. */
export async function mailServer(
  options: SMTPServerOptions = {},
): Promise<{ url: string; received: Received[]; smtp: SMTPServer }> {
  const received: Received[] = []
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom ? mailFrom.address : ''
        received.push({ from, to: rcptTo.map(({ address }) => address), source: Buffer.concat(chunks).toString('utf8') })
        callback()
      })
    },
    ...options,
  })
  // A client that goes away in the middle is part of some tests.
  smtp.on('error', () => {})
  const server = smtp.listen(0, '127.0.0.1') as Server
  await once(server, 'listening')
  open.push(() => new Promise<void>(resolve => smtp.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, received, smtp }
}

/** A server of bare sockets, for what no honest mail server does. */
export async function rawServer(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    answer(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
}
