import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { ListEvent } from '../../src/connectors/connector.ts'
import { reasonWithHint } from '../../src/connectors/ldap.hints.ts'
import { Unavailable, Unprocessable } from '../../src/platform/errors.ts'
import { connectorOf, type Given } from './directory.ts'
import { answering, element, entry, message, peer, searchResult } from './fake-peers.ts'

// A listing reads one page at a time, and its connection ends with it, however it ends.

const PAGES = 40
const cookie = (value: string) =>
  element(0xa0, element(0x30, element(4, '1.2.840.113556.1.4.319'), element(4, element(0x30, element(2, 0), element(4, value)))))
const page = (id: number, turn: number, pages: number) =>
  Buffer.concat([
    entry(id, `uid=u${turn},dc=roster`, { uid: `u${turn}` }),
    message(id, element(0x65, element(0x0a, 0), element(4), element(4)), cookie(turn + 1 < pages ? 'more' : '')),
  ])

interface Listed {
  readonly events: () => AsyncGenerator<ListEvent, void, undefined>
  /** Pages that the directory was asked for. */
  readonly requested: () => number
  readonly abort: AbortController
}

type Answer = (id: number, turn: number, socket: Socket) => Buffer | null

/** The connector lists a directory that answers its n-th search with `answer`; afterwards no connection is open. */
async function listing(answer: Answer, use: (listed: Listed) => Promise<unknown>, given: Given = {}): Promise<void> {
  let turn = 0
  const server = await peer(answering((id, socket) => answer(id, turn++, socket)))
  const abort = new AbortController()
  const connector = connectorOf(server, { settings: { operationTimeout: 400 }, ...given })
  const events = () => connector.list({ signal: abort.signal, pageSize: 1 })
  try {
    await use({ events, requested: () => turn, abort })
    await expect.poll(server.open, { timeout: 2_000 }).toBe(0)
  } finally {
    await server.close()
  }
}

const paged: Answer = (id, turn) => page(id, turn, PAGES)
const silentFrom =
  (from: number): Answer =>
  (id, turn) =>
    turn < from ? page(id, turn, PAGES) : Buffer.alloc(0)

async function typesOf({ events }: Listed): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of events()) types.push(type)
  return types
}

test('the events of a directory, in their order', async () => {
  const found: string[] = []
  await listing(
    (id, turn) => page(id, turn, 2),
    async ({ events }) => {
      for await (const event of events())
        found.push(event.type === 'users' ? `${event.users.map(({ id }) => id)} ${event.last}` : event.type)
    },
  )
  expect(found).toEqual(['start', 'groups', 'page', 'uid=u0,dc=roster false', 'page', 'uid=u1,dc=roster true'])
})

test('a page is requested when the consumer is done with the one before', () =>
  listing(paged, async ({ events, requested }) => {
    let taken = 0
    for await (const event of events()) {
      if (event.type !== 'users') continue
      taken++
      // A listing that reads ahead does so within this time.
      await new Promise(resolve => setTimeout(resolve, 5))
      expect(requested()).toBe(taken)
    }
    expect(taken).toBe(PAGES)
  }))

describe('the connection is closed', () => {
  test('at the end', () =>
    listing(paged, async listed => {
      expect((await typesOf(listed)).filter(type => type === 'users')).toHaveLength(PAGES)
    }))

  test.each<ListEvent['type']>(['start', 'groups', 'page', 'users'])('by a break after the first event %s', last =>
    listing(paged, async ({ events, requested }) => {
      for await (const { type } of events()) if (type === last) break
      expect(requested()).toBe(last === 'page' || last === 'users' ? 1 : 0)
    }),
  )

  test('by a break before the first request, of a listing without an account', () =>
    listing(
      paged,
      async ({ events }) => {
        for await (const _ of events()) break
      },
      { credentials: null },
    ))

  test('by return() in the middle', () =>
    listing(paged, async ({ events }) => {
      const all = events()
      for (let turn = 0; turn < 6; turn++) await all.next()
      expect(await all.return()).toEqual({ done: true, value: undefined })
      expect(await all.next()).toEqual({ done: true, value: undefined })
    }))

  test('by an error of the consumer, which stays what it is', () =>
    listing(
      paged,
      async ({ events, requested }) => {
        const own = new Unavailable('the database is away')
        const work = async () => {
          for await (const { type } of events()) if (type === 'users') throw own
        }
        expect(await work().catch((error: unknown) => error)).toBe(own)
        expect(requested()).toBe(1)
      },
      { options: { host: '127.0.0.1,127.0.0.2' } },
    ))

  test.each<[string, Answer, Error]>([
    ['by a result code', (id, turn) => (turn < 3 ? page(id, turn, PAGES) : searchResult(id, 50)), expect.any(Unprocessable)],
    [
      'by the end of the connection',
      (id, turn) => (turn < 3 ? page(id, turn, PAGES) : null),
      new Unavailable(`the directory is unreachable: ${reasonWithHint('the connection was lost')}`, { reason: 'directory' }),
    ],
    [
      'by silence',
      silentFrom(3),
      new Unavailable(`the directory is unreachable: ${reasonWithHint('timed out')}`, { reason: 'directory' }),
    ],
  ])('%s in the middle', (_, answer, error) =>
    listing(answer, async listed => {
      expect(await typesOf(listed).catch((thrown: unknown) => thrown)).toEqual(error)
    }),
  )

  test('at once by an abort while the directory is silent, and no other host is asked', () =>
    listing(
      silentFrom(2),
      async ({ abort, ...listed }) => {
        const reason = new Error('stopped by the test')
        setTimeout(() => abort.abort(reason), 50)
        const before = performance.now()
        expect(await typesOf({ ...listed, abort }).catch((thrown: unknown) => thrown)).toBe(reason)
        expect(performance.now() - before).toBeLessThan(5_000)
      },
      { settings: { operationTimeout: 60_000 }, options: { host: '127.0.0.1,127.0.0.2' } },
    ))

  test('by an abort while the consumer works', () =>
    listing(paged, async ({ events, abort, requested }) => {
      const reason = new Error('stopped by the test')
      const work = async () => {
        for await (const { type } of events()) if (type === 'users') abort.abort(reason)
      }
      expect(await work().catch((thrown: unknown) => thrown)).toBe(reason)
      expect(requested()).toBe(1)
    }))

  test('never opened by a signal that is aborted before', () =>
    listing(paged, async ({ abort, ...listed }) => {
      const reason = new Error('stopped by the test')
      abort.abort(reason)
      expect(await typesOf({ ...listed, abort }).catch((thrown: unknown) => thrown)).toBe(reason)
      expect(listed.requested()).toBe(0)
    }))
})

test('another host starts over: its events follow a second start', async () => {
  let asked = 0
  const broken = await peer(answering(id => (asked++ === 0 ? page(id, 0, 2) : null)))
  const whole = await peer(
    answering(id => page(id, 1, 2)),
    { host: '127.0.0.2', port: broken.port },
  )
  try {
    const connector = connectorOf(broken, { options: { host: '127.0.0.1,127.0.0.2' } })
    const types: string[] = []
    for await (const { type } of connector.list({ pageSize: 1 })) types.push(type)
    expect(types).toEqual(['start', 'groups', 'page', 'users', 'start', 'groups', 'page', 'users'])
    await expect.poll(() => broken.open() + whole.open()).toBe(0)
    // The host that answered last is asked first.
    const again: string[] = []
    for await (const { type } of connector.list({ pageSize: 1 })) again.push(type)
    expect(again).toEqual(['start', 'groups', 'page', 'users'])
  } finally {
    await broken.close()
    await whole.close()
  }
})
