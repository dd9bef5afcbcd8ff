import { describe, expect, test } from 'vitest'
import { type CurrentState, diff, type HeldGroup, noState } from '../../src/federation/diff.ts'
import type { ExternalGroup, Identity } from '../../src/federation/identity.ts'

const identity = (more: Partial<Identity> = {}): Identity => ({ userid: 'ines', profile: {}, ...more })
const user = { externalUserIds: {}, name: 'Ines', email: null } as NonNullable<CurrentState['user']>
const group = (name: string, entryId?: string): ExternalGroup => ({
  name,
  ...(entryId && { entryId }),
  gid: null,
  email: null,
  description: null,
})

test('only what differs changes, with its canonical form', () => {
  const change = diff(identity({ profile: { name: 'Ines', email: 'Ines@X.example' } }), { ...noState, user }, 'corp')
  expect(change).toEqual({
    profile: { email: 'Ines@X.example', emailKey: 'ines@x.example' },
    before: { email: null },
    after: { email: 'Ines@X.example' },
    join: [],
    leave: [],
    attributes: { added: [], removed: [] },
  })
})

test('names in other systems that the source leaves out stay, and null removes one', () => {
  const held = { ...noState, user: { ...user, externalUserIds: { a: '1', b: '2' } } }
  expect(diff(identity({ externalUserIds: { b: null, c: '3' } }), held, 'corp').after).toEqual({
    externalUserIds: { a: '1', c: '3' },
  })
  expect(diff(identity({ externalUserIds: {} }), held, 'corp').after).toEqual({})
})

describe('groups', () => {
  const held = (...groups: HeldGroup[]) => ({ ...noState, user, groups })
  const of = (groups: ExternalGroup[] | undefined, state: CurrentState) => {
    const { join, leave } = diff(identity(groups && { groups }), state, 'corp')
    return [join.map(({ name }) => name), leave]
  }
  test.each([
    ['not reported', undefined, [{ name: 'a', directoryId: null }], [[], []]],
    ['none is left', [], [{ name: 'a', directoryId: null }], [[], ['a']]],
    ['the same in another spelling', [group('A')], [{ name: 'a', directoryId: null }], [[], []]],
    ['two spellings are one', [group('a'), group('A')], [], [['a'], []]],
    ['the same entry under another name', [group('b', '1')], [{ name: 'a', directoryId: '1' }], [[], []]],
    ['another entry of the name', [group('a', '2')], [{ name: 'a', directoryId: '1' }], [['a'], ['a']]],
    ['the name where one of both has no entry', [group('a', '2')], [{ name: 'a', directoryId: null }], [[], []]],
  ] as const)('%s', (_what, groups, have, result) => {
    expect(of(groups && [...groups], held(...have))).toEqual(result)
  })
})

describe('the id in the source', () => {
  const seen = identity({ sourceId: { source: 'directory', id: 'x' } } as Partial<Identity>)
  test('is stored, and ends relinking by name', () => {
    const change = diff(seen, { ...noState, user: { ...user, directoryId: null, relinkable: true } as typeof user }, 'corp')
    expect(change.after).toEqual({ directoryId: 'x', relinkable: false })
    expect(
      diff(seen, { ...noState, user: { ...user, directoryId: 'x', relinkable: false } as typeof user }, 'corp').after,
    ).toEqual({})
  })
})

test('a new userid comes with its canonical form', () => {
  const change = diff(identity(), { ...noState, user: { ...user, userid: 'ines' } as typeof user, renamed: 'Ines.O' }, 'corp')
  expect(change.profile).toEqual({ userid: 'Ines.O', useridKey: 'ines.o' })
})
