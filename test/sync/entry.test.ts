import { expect, test } from 'vitest'
import { changedGroup, desired, disableEntry, errorEntry, goneGroup, groupEntry } from '../../src/sync/entry.ts'

test('what the store keeps has at most 1,000 characters, whole ones, and no NUL', () => {
  expect(desired('x'.repeat(1_000))).toHaveLength(1_000)
  expect(desired('x'.repeat(1_001))).toHaveLength(1_000)
  expect(desired(`${'x'.repeat(999)}😀`)).toBe(`${'x'.repeat(999)}\uFFFD`)
  expect(desired('a\0b')).toBe('a\uFFFDb')
})

test('a fault names whom and why, and is not looked up', () => {
  expect(errorEntry('ines\0', 'uid=\0', 'because')).toMatchObject({
    kind: 'user',
    name: 'ines\uFFFD',
    nameKey: '',
    dn: 'uid=\uFFFD',
    action: 'error',
    reason: 'because',
  })
})

test('somebody who is gone is disabled', () => {
  expect(disableEntry({ id: 7, userid: 'Ines', useridKey: 'ines', dn: null })).toMatchObject({
    kind: 'user',
    name: 'Ines',
    nameKey: 'ines',
    userId: 7,
    action: 'disable',
    before: { disabled: false },
    after: { disabled: true },
  })
})

const found = { name: 'Crew', gid: '1', email: null, description: 'new' }
const held = { name: 'crew', gid: '1', email: 'x', description: 'old' }
test.each([
  [['description'] as const, held, { before: { description: 'old' }, after: { description: 'new' } }],
  [['gid'] as const, held, null],
  [[] as const, held, null],
  [['gid', 'email'] as const, held, { before: { email: 'x' }, after: { email: null } }],
  [[] as const, null, { after: found }],
])('a group, given %j', (fields, here, change) => {
  const draft = groupEntry(found, fields, here)
  if (change === null) expect(draft).toBeNull()
  else expect(draft).toMatchObject({ kind: 'group', action: here ? 'update' : 'create', nameKey: 'crew', ...change })
})

test('a group changes its name, its entry or both, and goes with its entry', () => {
  const change = { name: 'b', directoryId: '2' } as Parameters<typeof changedGroup>[0]
  expect(changedGroup(change, { name: 'a', directoryId: '1' })).toMatchObject({
    before: { name: 'a', entryId: '1' },
    after: { name: 'b', entryId: '2' },
  })
  expect(changedGroup(change, { name: 'b', directoryId: '1' })).toMatchObject({
    before: { entryId: '1' },
    after: { entryId: '2' },
  })
  expect(goneGroup({ name: 'a', directoryId: '1' })).toMatchObject({
    before: { name: 'a' },
    payload: { gone: true, entryId: '1' },
  })
})
