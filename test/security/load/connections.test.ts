// S10: no connection is without an end, and what all of them together hold is bounded.
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpOptions } from '../../../src/platform/http/server.ts'
import { open, parseRaw, raw, type Served, serve, until } from '../../platform/http/harness.ts'

const MEGABYTE = 1024 * 1024
const LARGE = 12 * MEGABYTE

let served: Served | undefined
afterEach(async () => {
  await served?.http.close()
  served = undefined
})

async function serving(options: Omit<HttpOptions, 'log'>): Promise<Served> {
  served = await serve(http => {
    const large = 'x'.repeat(LARGE)
    http.route({ method: 'GET', path: '/large', handler: async () => ({ status: 200, body: { large } }) })
    http.route({ method: 'GET', path: '/small', handler: async () => ({ status: 200, body: {} }) })
    http.route({
      method: 'POST',
      path: '/body',
      bodyLimit: () => 2 * MEGABYTE,
      handler: async ({ body }) => ({ status: 200, body: { length: String(body).length } }),
    })
  }, options)
  return served
}

describe('a connection', () => {
  test('that sends nothing is closed', async () => {
    const { port } = await serving({ timing: { headers: 100 } })
    const silent = await Promise.all(Array.from({ length: 20 }, () => open(port)))
    await Promise.all(silent.map(({ ended }) => ended))
    expect(silent.map(({ received }) => received())).toEqual(Array(20).fill(''))
  })

  test('that sent its first byte has the time of a request', async () => {
    const { port } = await serving({ timing: { headers: 300, checks: 50 } })
    const { socket, received, ended } = await open(port)
    socket.write('G')
    await new Promise(resolve => setTimeout(resolve, 150))
    socket.write('ET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    await ended
    expect(parseRaw(received()).status).toBe(200)
  })

  test('whose answer nobody reads is closed, and others are served meanwhile', async () => {
    const { port, url } = await serving({ timing: { write: 200 } })
    const unread = connect(port, '127.0.0.1')
    unread.pause()
    const ended = new Promise(resolve => unread.once('close', resolve))
    unread.on('error', () => {})
    unread.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n')
    expect((await fetch(`${url}/small`)).status).toBe(200)
    await new Promise(resolve => setTimeout(resolve, 500))
    unread.resume()
    let bytes = 0
    unread.on('data', chunk => {
      bytes += chunk.length
    })
    await ended
    expect(bytes).toBeLessThan(LARGE)
  })

  test('whose answer is read slowly gets all of it', async () => {
    const { port } = await serving({ timing: { write: 400 } })
    const slow = connect(port, '127.0.0.1')
    slow.write('GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    let bytes = 0
    slow.on('data', chunk => {
      bytes += chunk.length
      if (bytes % (4 * MEGABYTE) > chunk.length) return
      slow.pause()
      setTimeout(() => slow.resume(), 200)
    })
    await new Promise(resolve => slow.once('close', resolve))
    expect(bytes).toBeGreaterThan(LARGE)
  })
})

describe('a reader that takes some all the time', () => {
  test.each([
    ['is cut below the minimum rate', 2 * LARGE, 50, false],
    ['gets all of it above the minimum rate', 8 * 1024, 10, true],
  ])(
    '%s',
    async (_, minimumRate, pause, isWhole) => {
      const { port } = await serving({ timing: { write: 800, minimumRate } })
      const slow = connect(port, '127.0.0.1')
      slow.on('error', () => {})
      slow.write('GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
      let bytes = 0
      slow.on('data', chunk => {
        bytes += chunk.length
        slow.pause()
        setTimeout(() => slow.resume(), pause)
      })
      await new Promise(resolve => slow.once('close', resolve))
      expect(bytes).toBeGreaterThan(0)
      expect(bytes > LARGE).toBe(isWhole)
    },
    30_000,
  )
})

describe('all connections together', () => {
  test('hold so many bytes of answers; the next is 503', async () => {
    const { port, url } = await serving({ held: { answers: 2.5 * LARGE } })
    const unread = Array.from({ length: 2 }, () => {
      const socket = connect(port, '127.0.0.1')
      socket.pause()
      socket.on('error', () => {})
      socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n')
      return socket
    })
    await until(() => served!.lines.filter(line => line.route === '/large').length === 2)
    const refused = await fetch(`${url}/large`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await refused.json()).toMatchObject({ message: 'Too many responses are waiting to be read: try again shortly' })
    expect((await fetch(`${url}/small`)).status).toBe(200)
    for (const socket of unread) socket.destroy()
    // What nobody waits for any more is given back.
    await until(() => true)
    let status = 503
    for (let n = 0; n < 100 && status === 503; n++) {
      const answer = await fetch(`${url}/large`)
      await answer.arrayBuffer()
      status = answer.status
      if (status === 503) await new Promise(resolve => setTimeout(resolve, 20))
    }
    expect(status).toBe(200)
  })

  test('hold so many bytes of unfinished bodies; the next is 503', async () => {
    const { port, url } = await serving({ held: { bodies: 3 * MEGABYTE } })
    const head = `POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${MEGABYTE}\r\n\r\n"`
    const stalled = await Promise.all(Array.from({ length: 8 }, () => open(port)))
    for (const { socket } of stalled) socket.write(head + 'x'.repeat(0.75 * MEGABYTE))
    await until(() => stalled.filter(({ received }) => received() !== '').length >= 4)
    const answers = stalled.map(({ received }) => received()).filter(text => text !== '')
    expect(answers.map(text => parseRaw(text).status)).toEqual(answers.map(() => 503))
    expect(parseRaw(answers[0]!).headers['retry-after']).toBe('5')
    for (const { socket } of stalled) socket.destroy()
    const body = JSON.stringify('y'.repeat(MEGABYTE))
    let status = 503
    for (let n = 0; n < 100 && status === 503; n++) {
      status = (await fetch(`${url}/body`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status
      if (status === 503) await new Promise(resolve => setTimeout(resolve, 20))
    }
    expect(status).toBe(200)
  })
})

describe('at the end', () => {
  test('a request that comes to a silent connection is served', async () => {
    const { port, http } = await serving({})
    const { socket, received, ended } = await open(port)
    const closed = http.close()
    await new Promise(resolve => setTimeout(resolve, 50))
    socket.write('GET /small HTTP/1.1\r\nhost: x\r\n\r\n')
    await Promise.all([ended, closed])
    expect(parseRaw(received())).toMatchObject({ status: 200, headers: { connection: 'close' } })
  })
})

describe('Host', () => {
  test.each([
    ['host: a\r\nhost: b\r\n', 400, 'Host must be sent once'],
    ['host: a\r\nHOST: a\r\n', 400, 'Host must be sent once'],
    ['', 400, 'Host is missing'],
    ['host: a\r\n', 200, undefined],
  ])('%j is %i', async (lines, status, message) => {
    const { port } = await serving({})
    const answer = await raw(port, `GET /small HTTP/1.1\r\n${lines}connection: close\r\n\r\n`)
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([status, message])
  })
})
