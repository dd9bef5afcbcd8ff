import { expect, test } from 'vitest'
import { nameOf } from '../../src/cli/reference.ts'

test.each([
  ['ana', { iamid: 'bim', name: 'ana' }],
  ['corp/ana', { iamid: 'corp', name: 'ana' }],
  ['bim/a/b', { iamid: 'bim', name: 'a/b' }],
  ['', null],
  ['/ana', null],
  ['corp/', null],
])('%j', (text, name) => {
  expect(nameOf(text)).toEqual(name)
})
