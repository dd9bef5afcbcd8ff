import { afterEach, describe, expect, it } from 'vitest'
import type { Timing } from '../../../src/platform/http/server.ts'
import { open, parseRaw, serve, until } from './harness.ts'

describe('close', () => {
  const released: (() => void)[] = []
  afterEach(() => {
    for (const release of released.splice(0)) release()
  })

  // The default is far longer than a test may take, so that no connection closes by this limit.
  async function withSlowRoute(timing: Partial<Timing> = { closing: 600_000 }) {
    let begun = 0
    const served = await serve(
      http => {
        http.route({
          method: 'GET',
          path: '/slow',
          handler: async () => {
            begun++
            await new Promise<void>(resolve => released.push(resolve))
            return { status: 200, body: { slow: 'x'.repeat(30_000_000) } }
          },
        })
        http.route({ method: 'GET', path: '/fast', handler: async () => ({ status: 200, body: {} }) })
      },
      { timing },
    )
    return { served, begun: () => begun }
  }

  it('draining, still accepts requests, and ends each connection with its answer', async () => {
    const { served } = await withSlowRoute()
    const kept = await open(served.port)
    kept.socket.write('GET /fast HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => kept.received().endsWith('{}'))
    served.http.drain()
    kept.socket.write('GET /fast HTTP/1.1\r\nhost: x\r\n\r\n')
    await kept.ended
    const [, first, second] = kept.received().split('HTTP/1.1 ')
    expect(parseRaw(`HTTP/1.1 ${first}`)).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } })
    expect(parseRaw(`HTTP/1.1 ${second}`)).toMatchObject({ status: 200, headers: { connection: 'close' }, body: '{}' })
    const further = await fetch(`${served.url}/fast`)
    expect([further.status, further.headers.get('connection')]).toEqual([200, 'close'])
    await served.http.close()
  })

  it('lets a request in flight finish and accepts nothing new', async () => {
    const { served, begun } = await withSlowRoute()
    const slow = fetch(`${served.url}/slow`)
    await until(() => begun() === 1)
    const closed = served.http.close()
    await expect(fetch(`${served.url}/fast`)).rejects.toThrow()
    released[0]?.()
    const answer = await slow
    expect(answer.headers.get('connection')).toBe('close')
    expect(((await answer.json()) as { slow: string }).slow).toHaveLength(30_000_000)
    await closed
  })

  it('closes connections that are idle, and those that never asked', async () => {
    const { served } = await withSlowRoute()
    const idle = await open(served.port)
    idle.socket.write('GET /fast HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => idle.received().endsWith('{}'))
    const silent = await open(served.port)
    await served.http.close()
    await Promise.all([idle.ended, silent.ended])
    expect(parseRaw(idle.received()).status).toBe(200)
    expect(silent.received()).toBe('')
  })

  it('closes a connection whose answer was still on its way', async () => {
    const { served, begun } = await withSlowRoute()
    const { socket, received, ended } = await open(served.port)
    socket.pause()
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => begun() === 1)
    released[0]?.()
    await until(() => served.lines.length === 1)
    const closed = served.http.close()
    socket.resume()
    await Promise.all([ended, closed])
    expect(JSON.parse(parseRaw(received()).body).slow).toHaveLength(30_000_000)
  })

  it('still answers a request that had begun to arrive', async () => {
    const { served, begun } = await withSlowRoute()
    const { socket, received, ended } = await open(served.port)
    socket.write('GET /fast HTTP/1.1\r\n')
    // A whole request on another connection: when it is in, the half one is as well.
    const other = fetch(`${served.url}/slow`)
    await until(() => begun() === 1)
    const closed = served.http.close()
    socket.write('host: x\r\n\r\n')
    await ended
    expect(parseRaw(received())).toMatchObject({ status: 200, headers: { connection: 'close' }, body: '{}' })
    released[0]?.()
    await Promise.all([other.then(answer => answer.text()), closed])
  })

  it('does not wait for ever, and says in the log whom it left without an answer', async () => {
    const { served, begun } = await withSlowRoute({ closing: 100 })
    const slow = fetch(`${served.url}/slow`).catch((error: Error) => error)
    await until(() => begun() === 1)
    await served.http.close()
    expect(await slow).toBeInstanceOf(Error)
    expect(served.lines).toContainEqual(expect.objectContaining({ connections: 1, msg: expect.stringContaining('cut') }))
  })
})
