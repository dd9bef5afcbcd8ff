import { expect, test } from 'vitest'
import { findingOf } from '../../../src/platform/database/check.replica.ts'

const primary = { id: '7', database: 'roster', isReplica: false, at: 5_000_000_000 }
const replica = { ...primary, isReplica: true, at: 4_999_998_000 }

test('a replica that follows is good, with how far it is behind', () => {
  expect(findingOf(primary, replica)).toEqual({ about: 'read replica', status: 'ok', detail: 'answers reads, 2 KB behind' })
  expect(findingOf(primary, { ...replica, at: primary.at + 10 }).detail).toBe('answers reads, 0 KB behind')
})

test.each([
  [{ id: '8' }, 'fault', 'another server or database'],
  [{ database: 'other' }, 'fault', 'another server or database'],
  [{ isReplica: false }, 'fault', 'leads to a primary'],
  [{ at: 4_000_000_000 }, 'warning', 'KB behind'],
  [{ at: null }, 'warning', 'KB behind'],
])('%j: %s', (change, status, detail) => {
  expect(findingOf(primary, { ...replica, ...change })).toEqual({
    about: 'read replica',
    status,
    detail: expect.stringContaining(detail),
    fix: expect.any(String),
  })
})
