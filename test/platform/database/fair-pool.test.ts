import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actingAs } from '../../../src/platform/database/current-actor.ts'
import { createFairPool } from '../../../src/platform/database/fair-pool.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { TooManyRequests, Unavailable } from '../../../src/platform/errors.ts'
import { onBothStores } from './both.ts'

/** Enters often for each actor; notes who began, in order, and how many were inside. */
async function traced(places: number, asked: readonly string[]) {
  const shares = createFairPool({ places, queue: 1_000, wait: 10_000 })
  const began: string[] = []
  const inside = new Map<string, number>()
  const most = new Map<string, number>()
  let together = 0
  await Promise.all(
    asked.map(actor =>
      shares.run({ actor }, async () => {
        began.push(actor)
        inside.set(actor, (inside.get(actor) ?? 0) + 1)
        most.set(actor, Math.max(most.get(actor) ?? 0, inside.get(actor)!))
        together = Math.max(
          together,
          [...inside.values()].reduce((sum, n) => sum + n, 0),
        )
        await sleep(1)
        inside.set(actor, inside.get(actor)! - 1)
      }),
    ),
  )
  return { began, most, together }
}
const times = (n: number, actor: string) => Array<string>(n).fill(actor)

describe('shares', () => {
  test.each([1, 2, 3, 8])('of %d places: none holds more than half, none is passed over, all come to an end', async places => {
    const asked = [...times(100, 'flood'), ...times(10, 'b'), ...times(10, 'c')]
    const { began, most, together } = await traced(places, asked)
    expect(began.toSorted()).toEqual(asked.toSorted())
    expect(together).toBeLessThanOrEqual(places)
    for (const [actor, held] of most) expect(held, actor).toBeLessThanOrEqual(Math.max(1, Math.floor(places / 2)))
    // While all three wait they take turns: the last of b and of c begins among the first 3 × 10, and what the flood held before.
    expect(Math.max(began.lastIndexOf('b'), began.lastIndexOf('c'))).toBeLessThan(3 * 10 + places)
  })

  test('a place is free for others while one actor alone floods', async () => {
    const shares = createFairPool({ places: 4, queue: 10, wait: 10_000 })
    const leave = [await shares.acquire({ actor: 'flood' }), await shares.acquire({ actor: 'flood' })]
    const third = shares.acquire({ actor: 'flood' })
    expect(await Promise.race([third, sleep(20)])).toBeUndefined()
    const other = await shares.acquire({ actor: 'b' })
    leave[0]!()
    // Given back twice is given back once.
    leave[0]!()
    const held = await third
    const fourth = shares.acquire({ actor: 'flood' })
    expect(await Promise.race([fourth, sleep(20)])).toBeUndefined()
    for (const give of [other, held, leave[1]!]) give()
    await fourth
  })

  test('a queue has an end, and a wait a deadline: 429 for what is one’s own, 503 for what others hold', async () => {
    const shares = createFairPool({ places: 2, each: 1, queue: 2, wait: 50 })
    await shares.acquire({ actor: 'user:1' })
    const waiting = Promise.allSettled([shares.acquire({ actor: 'user:1' }), shares.acquire({ actor: 'user:1' })])
    await expect(shares.acquire({ actor: 'user:1' })).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfter: 1 })
    const give = await shares.acquire({ actor: 'user:2' })
    await expect(shares.acquire({ actor: 'user:3' })).rejects.toBeInstanceOf(Unavailable)
    for (const one of await waiting) expect(one).toMatchObject({ status: 'rejected', reason: expect.any(TooManyRequests) })
    await expect(shares.acquire({ actor: 'roster:system' })).rejects.toBeInstanceOf(Unavailable)
    give()
    // Those who gave up hold nothing.
    await (await shares.acquire({ actor: 'user:4' }))()
  })
})

onBothStores('an actor who floods the store', open => {
  let store: Store
  beforeEach(async () => {
    store = await open()
  })
  afterEach(() => store.close())

  const busy = "SELECT count(*)::int AS n FROM generate_series(1, 20000) a WHERE md5(a::text) <> ''"
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

  /** Milliseconds that each of 15 short reads of another actor waits for its answer. */
  async function reads(): Promise<number> {
    const took: number[] = []
    for (let n = 0; n < 15; n++) {
      const began = performance.now()
      await actingAs('user:2', () => store.db.query('SELECT 1'))
      took.push(performance.now() - began)
    }
    return median(took)
  }

  async function underFlood<T>(flood: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
    let isOver = false
    const flooding = Promise.all(
      Array.from({ length: 60 }, async () => {
        while (!isOver) await actingAs('user:1', flood)
      }),
    )
    await sleep(100)
    const value = await work()
    isOver = true
    await flooding
    return value
  }

  async function oneTakes(): Promise<number> {
    const took: number[] = []
    for (let n = 0; n < 7; n++) {
      const began = performance.now()
      await actingAs('user:1', () => store.db.query(busy))
      took.push(performance.now() - began)
    }
    return median(took)
  }

  test('delays the reads of others by a few of its statements, not by all that wait', async () => {
    const one = await oneTakes()
    const delayed = await underFlood(() => store.db.query(busy), reads)
    // A read waits for what is at work; on a server for the processor, too, that four statements share. In one queue it would wait for 60.
    expect(delayed).toBeLessThan(12 * one + 50)
  })

  test('with transactions delays others no more', async () => {
    const one = await oneTakes()
    const delayed = await underFlood(() => store.transaction(db => db.query(busy)), reads)
    expect(delayed).toBeLessThan(12 * one + 50)
  })

  test('does not make work of Roster’s own wait, nor the other way round', async () => {
    const one = await oneTakes()
    const own = () => actingAs('roster:sync', () => store.transaction(db => db.query(busy)))
    expect(await underFlood(own, reads)).toBeLessThan(12 * one + 50)
    const steps = async () => {
      const began = performance.now()
      for (let n = 0; n < 5; n++) await own()
      return (performance.now() - began) / 5
    }
    expect(await underFlood(() => store.db.query(busy), steps)).toBeLessThan(12 * one + 50)
  })
})
