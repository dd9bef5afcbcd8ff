import { expect, test } from 'vitest'
import { memberEvents, targetOf } from '../../../src/domain/groups/group.members.ts'

const group = { id: 7, iamid: 'bim', name: 'Crew' }
const members = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: `u${id}` }))

test('each direction is one event, and no change none', () => {
  const [one] = members(1)
  expect(memberEvents(group, { added: [], removed: [] })).toEqual([])
  expect(memberEvents(group, { added: [one!], removed: [one!] })).toEqual([
    { event: 'groupUserAdded', target: targetOf(group), after: { members: [one], count: 1 } },
    { event: 'groupUserDeleted', target: targetOf(group), before: { members: [one], count: 1 } },
  ])
  expect(targetOf(group)).toEqual({ type: 'group', id: 7, name: 'bim/Crew' })
})

test.each([
  [999, 999],
  [1000, 1000],
  [1001, 1000],
])('of %i members %i are named, and all are counted', (count, named) => {
  const [event] = memberEvents(group, { added: members(count), removed: [] })
  const { members: shown, count: all } = event!.after as { members: unknown[]; count: number }
  expect([shown.length, all]).toEqual([named, count])
})
