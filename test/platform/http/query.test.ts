import { expect, test } from 'vitest'
import { parseQuery } from '../../../src/platform/http/query.ts'

test('a repeated name has all its values in the order sent', () => {
  expect([...parseQuery('b=1&a=2&b=3&b=')]).toEqual([
    ['b', ['1', '3', '']],
    ['a', ['2']],
  ])
  expect(parseQuery('').size).toBe(0)
})

test.each(['a=é', 'a=b c', 'a=\u007f', 'a=\u0001', 'a=\u00ff'])('raw bytes outside of printable ASCII are refused: %j', raw => {
  expect(() => parseQuery(raw)).toThrow(
    expect.objectContaining({ field: 'query', message: 'query must be percent-encoded ASCII' }),
  )
})

test('100 parameters are taken, and 101 are not', () => {
  const some = (count: number) => Array.from({ length: count }, (_, at) => `p${at}=1`).join('&')
  expect(parseQuery(some(100)).size).toBe(100)
  expect(() => parseQuery(some(101))).toThrow('query must not have more than 100 parameters')
})
