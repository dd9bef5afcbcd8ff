import { expect, test } from 'vitest'
import { isChangedSince, isUnderWay, type RunRecord, STATUSES } from '../../src/sync/run.ts'

test('a run is under way in exactly these states', () => {
  expect(STATUSES.filter(status => isUnderWay({ status }))).toEqual(['waiting', 'reading', 'applying'])
})

test.each([
  [1_000, null, 999, true],
  [1_000, null, 1_000, false],
  [1_000, 1_001, 999, false],
  [1_000, 1_000, 999, false],
  [1_001, 1_000, 999, true],
])('an IAM changed at %i, a run started at %s and made at %i: %s', (updated, started, created, changed) => {
  const run = { startedAt: started === null ? null : new Date(started), createdAt: new Date(created) } as RunRecord
  expect(isChangedSince({ updatedAt: new Date(updated) }, run)).toBe(changed)
})
