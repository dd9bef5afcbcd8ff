import { expect, test } from 'vitest'
import { groupMany, groupOne } from '../../../src/platform/database/batch.ts'

const rows = [
  { key: 2, name: 'b' },
  { key: 1, name: 'a' },
  { key: 2, name: 'c' },
  { key: 9, name: 'nobody asked' },
]
const keyOf = (row: { key: number }) => row.key

test('rows go back to their keys, in the order of the keys', () => {
  expect(groupOne([1, 3, 2, 1], rows, keyOf)).toEqual([rows[1], null, rows[2], rows[1]])
  expect(groupMany([3, 2, 1, 2], rows, keyOf)).toEqual([[], [rows[0], rows[2]], [rows[1]], [rows[0], rows[2]]])
})
