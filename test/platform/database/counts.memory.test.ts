// Counts are remembered for a moment: not beyond it, not after a change by the same actor, and never as a failure.
import { expect, test, vi } from 'vitest'
import { Counts } from '../../../src/platform/database/counts.memory.ts'
import { exactCount } from '../../../src/platform/database/counts.ts'
import { actingAs } from '../../../src/platform/database/current-actor.ts'
import { TooExpensive } from '../../../src/platform/database/errors.ts'
import type { Db } from '../../../src/platform/database/store.ts'
import { Unavailable } from '../../../src/platform/errors.ts'

/** Counts how often it was asked. */
function reader() {
  let asked = 0
  return { read: async () => ++asked, asked: () => asked }
}

test('one statement answers equal ones that are asked together, and soon after', async () => {
  const counts = new Counts()
  const { read, asked } = reader()
  expect(await Promise.all([counts.of('a', [1], read), counts.of('a', [1], read)])).toEqual([1, 1])
  expect(await counts.of('a', [1], read)).toBe(1)
  expect(asked()).toBe(1)
})

test('other statements, and other values, have counts of their own', async () => {
  const counts = new Counts()
  const { read } = reader()
  expect(await counts.of('a', [1], read)).toBe(1)
  expect(await counts.of('a', [2], read)).toBe(2)
  expect(await counts.of('b', [1], read)).toBe(3)
})

test('a second later it is counted again', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(10_000)
  const counts = new Counts()
  const { read } = reader()
  expect(await counts.of('a', [], read)).toBe(1)
  now.mockReturnValue(10_999)
  expect(await counts.of('a', [], read)).toBe(1)
  now.mockReturnValue(11_001)
  expect(await counts.of('a', [], read)).toBe(2)
  now.mockRestore()
})

test('who has changed something counts again, others a moment later', async () => {
  const counts = new Counts()
  const { read } = reader()
  const asked = (actor: string) => actingAs(actor, () => counts.of('a', [], read))
  expect([await asked('ada'), await asked('bea')]).toEqual([1, 1])
  actingAs('ada', () => counts.changed())
  expect([await asked('bea'), await asked('ada')]).toEqual([1, 2])
})

test('a failure is not remembered, nor shared', async () => {
  const counts = new Counts()
  const { read } = reader()
  const failing = counts.of('a', [], () => Promise.reject(new Error('mine')))
  const [first, second] = await Promise.allSettled([failing, counts.of('a', [], read)])
  expect([first.status, second]).toEqual(['rejected', { status: 'fulfilled', value: 1 }])
  expect(await counts.of('a', [], read)).toBe(2)
})

test('at most so many are kept', async () => {
  const counts = new Counts()
  const { read, asked } = reader()
  for (let value = 0; value < 600; value++) await counts.of('a', [value], read)
  await counts.of('a', [599], read)
  expect(asked()).toBe(600)
  await counts.of('a', [0], read)
  expect(asked()).toBe(601)
})

test.each([
  ['INSERT INTO a VALUES (1)', 2],
  ['WITH x AS (DELETE FROM a RETURNING 1) SELECT 1', 2],
  ['UPDATE a SET b = 1', 2],
  ['SELECT 1 FROM a', 1],
])('%s changes something, or not', async (text, expected) => {
  const counts = new Counts()
  const { read } = reader()
  await counts.of('a', [], read)
  counts.sees(text)
  expect(await counts.of('a', [], read)).toBe(expected)
})

test('an exact count that reaches the deadline is 503', async () => {
  const db = { query: () => Promise.reject(new TooExpensive()) } as unknown as Db
  const failure = await exactCount(db, { from: 'users u', where: [], values: [], id: 'u.id' }).catch(error => error)
  expect(failure).toBeInstanceOf(Unavailable)
  expect(failure).toMatchObject({ retryAfter: 30, message: 'Counting this list took the store too long: use a narrower filter' })
})
