import { expect, test } from 'vitest'
import type { PlannedFragment } from '../../../src/generated/ui.ts'
import { factsOf } from '../../../src/ui/console/parts/plan-words.ts'

const change = (event: string, before: unknown, after: unknown, targetName = 'bim/Finance'): PlannedFragment => ({
  event,
  targetType: 'user',
  targetId: '1',
  targetName,
  before,
  after,
})
const permissions = (before: string[], after: string[]) =>
  change('permissionsUpdated', { permissions: before }, { permissions: after })

test.each<[string, PlannedFragment[], string[]]>([
  [
    'permissions, equal ones of several people together',
    [permissions(['A', 'B'], ['A']), permissions(['B'], []), permissions([], ['C'])],
    ['removed 2 people lose B', 'added 1 person gains C'],
  ],
  ['members who join', [change('groupUserAdded', null, { members: [{ id: 1 }, { id: 2 }] })], ['added 2 people join Finance']],
  ['members who leave', [change('groupUserDeleted', { members: [{ id: 1 }] }, null)], ['removed 1 person leaves Finance']],
  ['a slash in a name', [change('groupUserDeleted', { members: [{ id: 1 }] }, null, 'bim/A/B')], ['removed 1 person leaves A/B']],
  [
    'attributes',
    [change('attributeUpdated', { attributes: { Country: ['NL'] } }, { attributes: { Country: ['PT'] } })],
    ['removed 1 person loses Country NL', 'added 1 person gains Country PT'],
  ],
  [
    'disabled and enabled',
    [
      change('userDisabled', { disabled: false }, { disabled: true }),
      change('userEnabled', { disabled: true }, { disabled: false }),
    ],
    ['removed 1 person is disabled: sessions end, keys stop working', 'added 1 person is enabled'],
  ],
  ['signed out', [change('tokenRevoked', null, { tokens: 3 })], ['removed 1 person is signed out everywhere']],
  ['nothing', [], []],
])('%s', (_, changes, expected) => expect(factsOf(changes).map(({ kind, text }) => `${kind} ${text}`)).toEqual(expected))
