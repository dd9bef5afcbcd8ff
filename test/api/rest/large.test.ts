import { expect, test } from 'vitest'
import { isLarge } from '../../../src/api/rest/router.ts'

// A page is as large as what it shows and what it passes over: GET /bim/user?size=25&offset=90000 passes 90,000 users.
test.each([
  [{}, false],
  [{ ref: { databaseId: 1 } }, false],
  [{ first: 25 }, false],
  [{ first: 1_000, offset: 0 }, false],
  [{ first: 1_001 }, true],
  [{ first: 10_000, offset: null }, true],
  [{ first: 25, offset: 5_000 }, false],
  [{ first: 25, offset: 48_750 }, false],
  [{ first: 25, offset: 48_800 }, true],
  [{ offset: 90_000 }, true],
  [{ first: 900, offset: 10_000 }, true],
] as [object, boolean][])('whether %j asks for a large page: %s', (variables, is) => {
  expect(isLarge(variables)).toBe(is)
})
