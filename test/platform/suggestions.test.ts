import { expect, test } from 'vitest'
import { closest, didYouMean, editsTo } from '../../src/platform/suggestions.ts'

test.each([
  ['USER_ADMN', ['AUDIT', 'USER_ADMIN'], 'USER_ADMIN'],
  ['user_admin', ['USER_ADMIN'], 'USER_ADMIN'],
  ['hots', ['host', 'port'], 'host'],
  // Two letters that changed places are one edit.
  ['prot', ['port'], 'port'],
  ['abc', ['abd', 'abc'], 'abc'],
  ['userCreatd', ['userCreated', 'userCloned'], 'userCreated'],
  // More than one edit per three characters is another word.
  ['cat', ['dog'], null],
  ['ab', ['cd'], null],
  ['abcdefghijkl', ['abcdefgh'], null],
  ['', ['a'], 'a'],
  ['', ['ab'], null],
  ['x', [], null],
])('%s of %j is %s', (name, candidates, found) => {
  expect(closest(name, candidates)).toBe(found)
  expect(didYouMean(name, candidates)).toBe(found === null ? '' : `: did you mean ${found}?`)
})

test('a name of more than 64 characters is compared with nothing', () => {
  expect(editsTo('x'.repeat(65), 'x'.repeat(65))).toBeNull()
  expect(closest('x'.repeat(1_000_000), ['x'.repeat(999_999)])).toBeNull()
})
