// Cursors are opaque: encrypted, authenticated, bound to their list, and the same on every instance with the same key.
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Cursors } from '../../../src/platform/database/cursors.ts'
import type { Order } from '../../../src/platform/database/order.ts'
import { Invalid } from '../../../src/platform/errors.ts'

const order: Order = { name: 'members', expression: 'm.name_key', type: 'text', descending: false }
const POSITIONS = [
  { value: '', id: '1' },
  { value: 'ines', id: '4711' },
  { value: 'ß 漢字 \u{1F600} "quoted" \\', id: '2147483647' },
  { value: '2026-11-30 02:00:00.123456+00', id: '00000000-0000-4000-8000-000000000000' },
  { value: 'x'.repeat(10_000), id: '9' },
]
const keyed = (...keys: Buffer[]) => new Cursors(() => keys)
const refusal = (cursors: Cursors, cursor: string, list = order): unknown => {
  try {
    return cursors.decode('after', list, cursor)
  } catch (error) {
    return error
  }
}

test.each(POSITIONS)('$value comes back on every instance, as one cursor', position => {
  const key = randomBytes(32)
  const cursor = keyed(key).encode(order, position)
  expect(cursor).toMatch(/^[\w-]+$/)
  expect(keyed(Buffer.from(key)).encode(order, position)).toBe(cursor)
  expect(keyed(Buffer.from(key)).decode('after', order, cursor)).toEqual(position)
})

test('a cursor shows neither the id nor the value', () => {
  const cursors = keyed(randomBytes(32))
  const [one, other] = [
    cursors.encode(order, { value: 'ines', id: '4711' }),
    cursors.encode(order, { value: 'ines', id: '4712' }),
  ]
  for (const text of [one, Buffer.from(one, 'base64url').toString('latin1')]) {
    expect(text).not.toContain('4711')
    expect(text).not.toContain('ines')
  }
  // Cursors of neighbouring rows have no common bytes to compare.
  const shared = [...Buffer.from(one, 'base64url')].filter((byte, at) => byte === Buffer.from(other, 'base64url')[at]).length
  expect(shared).toBeLessThan(8)
})

test('a cursor of another list, order, instance or hand is refused, naming the argument', () => {
  const cursors = keyed(randomBytes(32))
  const cursor = cursors.encode(order, { value: 'ines', id: '4711' })
  const bytes = Buffer.from(cursor, 'base64url')
  const altered = [...bytes.keys()].map(at => {
    const copy = Buffer.from(bytes)
    copy[at]! ^= 1
    return copy.toString('base64url')
  })
  const shortened = [...bytes.keys()].map(length => bytes.subarray(0, length).toString('base64url'))
  const plain = Buffer.from(JSON.stringify(['members', 0, 'ines', '4711'])).toString('base64url')
  const refused = [
    ...[...altered, ...shortened, plain, '', '.', 'x'.repeat(1_000_000)].map(text => refusal(cursors, text)),
    refusal(cursors, cursor, { ...order, descending: true }),
    refusal(cursors, cursor, { ...order, name: 'groups' }),
    refusal(keyed(randomBytes(32)), cursor),
  ]
  for (const error of refused) {
    expect(error).toBeInstanceOf(Invalid)
    expect(error).toMatchObject({ field: 'after', message: 'after must be a cursor of this list in the same order' })
  }
})

test('with a former key beside the new one, cursors of both page on', () => {
  const [former, now] = [randomBytes(32), randomBytes(32)]
  const position = { value: 'ines', id: '4711' }
  const cursor = keyed(former).encode(order, position)
  const rotated = keyed(now, former)
  expect(rotated.decode('after', order, cursor)).toEqual(position)
  expect(rotated.encode(order, position)).toBe(keyed(now).encode(order, position))
})
