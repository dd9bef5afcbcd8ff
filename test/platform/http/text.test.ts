import { describe, expect, test } from 'vitest'
import { checkText, FORBIDDEN_KEYS, named, pairs } from '../../../src/platform/http/text.ts'

describe('a name in a message', () => {
  test.each([
    ['userid', 'userid'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), `${'x'.repeat(64)}…`],
    ['a\nb\u0000c\u202ed', 'a\uFFFDb\uFFFDc\uFFFDd'],
    [`${'x'.repeat(63)}😀y`, `${'x'.repeat(63)}\uFFFD…`],
  ])('%j is shown as %j', (name, shown) => {
    expect(named(name)).toBe(shown)
  })
})

test.each([
  ['a\0b', 'a must not contain a NUL character'],
  ['\ud800', 'a must not contain a lone surrogate'],
  ['\udc00x', 'a must not contain a lone surrogate'],
])('%j is refused', (text, message) => {
  expect(() => checkText('a', text)).toThrow(expect.objectContaining({ message, field: 'a', code: 'BAD_USER_INPUT' }))
})

test('names that reach a prototype are refused one by one', () => {
  expect([...FORBIDDEN_KEYS]).toEqual(['__proto__', 'constructor'])
})

describe('pairs', () => {
  const read = (raw: string, limit = 10) => [...pairs(raw, 'query', limit)]
  test.each([
    ['', []],
    ['&&', []],
    ['a', [['a', '']]],
    [
      'a=1&b=&=c',
      [
        ['a', '1'],
        ['b', ''],
        ['', 'c'],
      ],
    ],
    ['a=b=c', [['a', 'b=c']]],
    ['a+b=%2B+%20', [['a b', '+  ']]],
    ['%C3%A9=%F0%9F%98%80', [['é', '😀']]],
  ])('of %j are %j', (raw, found) => {
    expect(read(raw)).toEqual(found)
  })

  test('are as many as the limit, not one more', () => {
    expect(read('a&b&&c', 3)).toHaveLength(3)
    expect(() => read('a&b&c&d', 3)).toThrow('query must not have more than 3 parameters')
  })

  test.each([
    ['a=%', 'a must be valid percent-encoded UTF-8'],
    ['a=%C3', 'a must be valid percent-encoded UTF-8'],
    ['%zz=1', 'query must be valid percent-encoded UTF-8'],
    ['a=%00', 'a must not contain a NUL character'],
    ['%00=1', 'query must not contain a NUL character'],
    ['ids[]=1', 'ids[] must be repeated, not written with brackets'],
    ['ids%5B0%5D=1', 'ids[0] must be repeated, not written with brackets'],
  ])('%j is refused', (raw, message) => {
    expect(() => read(raw)).toThrow(message)
  })
})
