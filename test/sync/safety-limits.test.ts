// Each bound of a run at, below and above it. Runs against a directory are in quarantine.test.ts, losses in losses.test.ts.
import { describe, expect, test } from 'vitest'
import { quarantineReason, type RunSummary } from '../../src/sync/safety-limits.ts'

const none = { memberships: 0, emails: 0, attributes: 0 }
const seen: RunSummary = { cut: null, full: true, people: 50, enabled: 50, disables: 0, held: none, lost: none }
const approval = expect.stringMatching(/./)

describe('people who would be disabled', () => {
  test.each([
    // enabled, the most that needs no approval
    [1, 10],
    [10, 10],
    [100, 10],
    [109, 10],
    [110, 11],
    [119, 11],
    [1_000, 100],
    [1_009, 100],
    [1_010, 101],
  ])('of %i: %i by default, not one more', (enabled, most) => {
    expect(quarantineReason({ ...seen, enabled, disables: most - 1 })).toBeNull()
    expect(quarantineReason({ ...seen, enabled, disables: most })).toBeNull()
    expect(quarantineReason({ ...seen, enabled, disables: most + 1 })).toContain(`disable ${most + 1} of ${enabled}`)
  })

  test.each([
    [{ maxDisabledCount: 0, maxDisabledPercent: 0 }, 0],
    [{ maxDisabledCount: 3, maxDisabledPercent: 0 }, 3],
    [{ maxDisabledCount: 0, maxDisabledPercent: 50 }, 100],
    [{ maxDisabledCount: 20 }, 20],
    [{ maxDisabledPercent: 100 }, 200],
  ])('of 200 with %j: %i', (bounds, most) => {
    expect(quarantineReason({ ...seen, enabled: 200, disables: most }, bounds)).toBeNull()
    expect(quarantineReason({ ...seen, enabled: 200, disables: most + 1 }, bounds)).toEqual(approval)
  })

  test('an incremental run disables nobody for being absent', () => {
    expect(quarantineReason({ ...seen, full: false, people: 0, disables: 50 })).toBeNull()
  })
})

describe('a directory that shows nobody', () => {
  test('waits when somebody may log in, and not when nobody may', () => {
    expect(quarantineReason({ ...seen, people: 0, enabled: 1 })).toContain('returned no users')
    expect(quarantineReason({ ...seen, people: 1, enabled: 1 })).toBeNull()
    expect(quarantineReason({ ...seen, people: 0, enabled: 0 })).toBeNull()
  })

  test.each([
    [0, 10, null],
    [0, 11, expect.stringContaining('no group members, but 11 memberships')],
    [1, 1_000, null],
  ])('in any group: %i shown of %i', (shown, held, reason) => {
    expect(quarantineReason({ ...seen, memberships: { shown, held } })).toEqual(reason)
  })
})

test.each([
  [1, 50],
  [169, 50],
  [170, 51],
  [1_000, 300],
])('of %i held values, %i may be lost by default', (held, most) => {
  for (const kind of ['memberships', 'emails', 'attributes'] as const) {
    const losing = (lost: number) => ({ ...seen, held: { ...none, [kind]: held }, lost: { ...none, [kind]: lost } })
    expect(quarantineReason(losing(most))).toBeNull()
    expect(quarantineReason(losing(most + 1))).toContain(`${most + 1} of ${held}`)
  }
})

test('a directory that was not read whole waits whatever it shows, with its reason', () => {
  expect(quarantineReason({ ...seen, cut: 'page 3 timed out' })).toContain('page 3 timed out')
})
