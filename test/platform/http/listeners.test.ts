import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { fastify } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { listen } from '../../../src/platform/http/listeners.ts'

const HOST = '127.0.0.1'
const CONNECTIONS = 200
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const busy = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
}

async function served() {
  const app = fastify()
  app.get('/', async () => 'hello')
  const listening = await listen(app, { port: 0, host: HOST })
  const close = () => Promise.all([app.close(), listening.close()])
  ends.push(close)
  return { app, port: listening.port, close }
}

test.skipIf(process.platform !== 'linux')('a burst of connections is taken in a few turns of a busy event loop', async () => {
  const { app, port } = await served()
  let taken = 0
  app.server.on('connection', () => taken++)
  const sockets: Socket[] = Array.from({ length: CONNECTIONS }, () => connect(port, HOST).on('error', () => {}))
  ends.push(() => sockets.map(socket => socket.destroy()))
  let turns = 0
  for (; taken < CONNECTIONS && turns < CONNECTIONS; turns++) {
    busy(5)
    await turn()
  }
  expect(taken).toBe(CONNECTIONS)
  expect(turns).toBeLessThan(CONNECTIONS / 2)
})

test('every connection is answered, whichever listener took it', async () => {
  const { port } = await served()
  const answers = await Promise.all(
    Array.from({ length: 40 }, async () => (await fetch(`http://${HOST}:${port}/`, { headers: { connection: 'close' } })).text()),
  )
  expect(new Set(answers)).toEqual(new Set(['hello']))
})

test('after the end no listener takes a connection, and the port is free', async () => {
  const { port, close } = await served()
  await close()
  for (let n = 0; n < 40; n++) await expect(fetch(`http://${HOST}:${port}/`)).rejects.toThrow()
  const again = fastify()
  const listening = await listen(again, { port, host: HOST })
  ends.push(() => Promise.all([again.close(), listening.close()]))
  expect(listening.port).toBe(port)
})

test('a port in use is refused, also by listeners that could share it', async () => {
  const { port } = await served()
  await expect(listen(fastify(), { port, host: HOST })).rejects.toThrow('EADDRINUSE')
})

test('the end waits for the answers of every listener', async () => {
  const app = fastify()
  const gate = Promise.withResolvers<string>()
  let waiting = 0
  app.get('/', () => {
    waiting++
    return gate.promise
  })
  const listening = await listen(app, { port: 0, host: HOST })
  const asked = Array.from({ length: 40 }, async () =>
    (await fetch(`http://${HOST}:${listening.port}/`, { headers: { connection: 'close' } })).text(),
  )
  await expect.poll(() => waiting).toBe(40)
  let isOver = false
  const ended = Promise.all([app.close(), listening.close()]).then(() => {
    isOver = true
  })
  await turn()
  expect(isOver).toBe(false)
  gate.resolve('late')
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['late']))
  await ended
})
