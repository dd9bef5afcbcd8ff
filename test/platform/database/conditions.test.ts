import { expect, test } from 'vitest'
import { Conditions } from '../../../src/platform/database/conditions.ts'

test('each ? is the next parameter, across conditions', () => {
  const found = new Conditions()
  found.add('a = ?', 1)
  found.add('b IS NULL')
  found.add('(c LIKE ? OR d = ANY(?::int[]))', '$1?', [2])
  expect(found.where).toEqual(['a = $1', 'b IS NULL', '(c LIKE $2 OR d = ANY($3::int[]))'])
  expect(found.values).toEqual([1, '$1?', [2]])
})
