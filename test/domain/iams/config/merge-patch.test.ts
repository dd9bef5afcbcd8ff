import { describe, expect, test } from 'vitest'
import { mergePatch, removes, withNull } from '../../../../src/domain/iams/config/merge-patch.ts'

// RFC 7396, appendix A: original, patch, result.
const EXAMPLES = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
] as const

test.each(EXAMPLES)('%s with %s is %s', (original, patch, result) => {
  const target = JSON.parse(original)
  expect(mergePatch(target, JSON.parse(patch))).toEqual(JSON.parse(result))
  expect(target, 'the original stays').toEqual(JSON.parse(original))
})

test('the example of RFC 7396, section 3', () => {
  const original = {
    title: 'Goodbye!',
    author: { givenName: 'John', familyName: 'Doe' },
    tags: ['example', 'sample'],
    content: 'This will be unchanged',
  }
  const patch = { title: 'Hello!', phoneNumber: '+01-123-456-7890', author: { familyName: null }, tags: ['example'] }
  expect(mergePatch(original, patch)).toEqual({
    title: 'Hello!',
    author: { givenName: 'John' },
    tags: ['example'],
    content: 'This will be unchanged',
    phoneNumber: '+01-123-456-7890',
  })
})

test('__proto__ is a member like any other', () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}')) as object
  expect(Object.keys(merged)).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
})

describe('a path', () => {
  test.each([
    [{ a: { b: null } }, true],
    [{ a: null }, true],
    [{ a: { b: 'c' } }, false],
    [{ a: 'b' }, false],
    [{ a: [null] }, false],
    [{}, false],
    [null, false],
  ])('%j removes a.b: %s', (patch, expected) => {
    expect(removes(patch, ['a', 'b'])).toBe(expected)
  })

  test.each([
    [{}, { a: { b: null } }],
    [{ a: { b: 'x', c: 1 } }, { a: { b: null, c: 1 } }],
    [{ a: 'text' }, { a: 'text' }],
  ])('null is set in %j', (config, expected) => {
    expect(withNull(config, ['a', 'b'])).toEqual(expected)
  })
})
