import { expect, test } from 'vitest'
import { checkVersion, etagMatches, etagOf } from '../../../src/scim/resources/etag.ts'

const [own, both] = [etagOf({ a: 1, b: 2 }), etagOf({ a: 1, b: 2 }, ['crew'])]

test('equal facts have one tag, in any order; what stands beside adds to it', () => {
  expect(own).toMatch(/^W\/"[0-9a-f]{16}"$/)
  expect(etagOf({ b: 2, a: 1 })).toBe(own)
  expect(etagOf({ a: 1, b: 3 })).not.toBe(own)
  expect(both).toMatch(/^W\/"[0-9a-f]{16}\.[0-9a-f]{16}"$/)
  expect(both.slice(0, -18)).toBe(own.slice(0, -1))
})

test.each([
  ['*', true],
  [own, true],
  [own.slice(2), true],
  [`"x", ${own} ,"y"`, true],
  ['"x"', false],
  ['', false],
])('the header %s names the version: %s', (header, names) => {
  expect(etagMatches(header, own)).toBe(names)
})

test('a write rests on the version that is there', () => {
  const stale = expect.objectContaining({ code: 'STALE' })
  for (const ifMatch of [undefined, '*', own, both]) expect(() => checkVersion({ ifMatch }, own)).not.toThrow()
  expect(() => checkVersion({ ifMatch: '"x"' }, own)).toThrow(stale)
  expect(() => checkVersion({ ifNoneMatch: '"x"' }, own)).not.toThrow()
  for (const ifNoneMatch of ['*', own, both]) expect(() => checkVersion({ ifNoneMatch }, own)).toThrow(stale)
})
