import { describe, expect, test } from 'vitest'
import { searchPatterns } from '../../../src/platform/database/text-search.ts'

test.each([
  [null, null],
  [undefined, null],
  ['', null],
  [' \t\n', null],
  // Three letters or digits in a row: anywhere. Fewer: where something begins.
  ['ines', ['%ines%']],
  ['in', ['% in%']],
  ['i', ['% i%']],
  ['a.b', ['% a.b%']],
  ['u_12', ['% u\\_12%']],
  ['abc.d', ['%abc.d%']],
  // Accents and case.
  ['INÊS Nyström', ['%ines%', '%nystrom%']],
  ['ß', ['% ss%']],
  ['Æsa', ['%aesa%']],
  // Punctuation around; nothing but punctuation matches nothing.
  ['"Silva," <ines@x.org>', ['%silva%', '%ines@x.org%']],
  ['%', []],
  ['... --', []],
  ['100%', ['%100%']],
  ['a%b_c\\d', ['% a\\%b\\_c\\\\d%']],
  // Each once.
  ['ines INES inês', ['%ines%']],
])('%j', (text, patterns) => {
  expect(searchPatterns('search', text)).toEqual(patterns)
})

describe('refuses', () => {
  test.each([
    ['x'.repeat(257), 'must be at most 256 characters'],
    [Array.from({ length: 11 }, (_, index) => `w${index}`).join(' '), 'must have at most 10 words'],
    ['a\0b', 'must not contain NUL or lone surrogates'],
    ['\ud800', 'must not contain NUL or lone surrogates'],
  ])('%j', (text, rule) => {
    expect(() => searchPatterns('search', text)).toThrow(`search ${rule}`)
  })

  test('no text that has 256 characters and 10 words', () => {
    const text = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(24, 'x')).join(' ')
    expect(searchPatterns('search', text)).toHaveLength(10)
    expect(searchPatterns('search', 'x'.repeat(256))).toHaveLength(1)
  })
})
