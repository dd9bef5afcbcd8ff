import { expect, test } from 'vitest'
import { eventsOf } from '../../src/federation/reconcile.events.ts'

const plan = { profile: {}, before: {}, after: {}, join: [], leave: [], attributes: { added: [], removed: [] } }
const account = {
  user: { id: 7, iamid: 'corp', userid: 'ines' },
  userid: 'ines',
  created: false,
  migratedFrom: null,
  replaced: null,
  relinked: false,
  enabled: false,
  plan,
}
const events = (more: object) => eventsOf({ ...account, ...more } as unknown as Parameters<typeof eventsOf>[0], 'corp')
const target = { type: 'user', id: 7, name: 'corp/ines' }

test('nothing that changes is no event', () => {
  expect(events({})).toEqual([])
})

test('a profile that changes is one event, a new user another', () => {
  const changed = { plan: { ...plan, before: { email: null }, after: { email: 'x' } } }
  expect(events(changed)).toEqual([
    { event: 'userUpdated', target, before: { email: null }, after: { email: 'x', source: 'corp' } },
  ])
  expect(events({ ...changed, created: true })).toEqual([
    { event: 'userCreated', target, after: { iamid: 'corp', userid: 'ines', email: 'x', source: 'corp' } },
  ])
})

test('a new userid is no change of the profile', () => {
  const renamed = { userid: 'ines.o', plan: { ...plan, before: { userid: 'ines' }, after: { userid: 'ines.o' } } }
  expect(events(renamed)).toEqual([
    {
      event: 'usernameUpdated',
      target: { ...target, name: 'corp/ines.o' },
      before: { userid: 'ines' },
      after: { userid: 'ines.o', source: 'corp' },
    },
  ])
})

test('each of the others is its own event, in one order', () => {
  const replaced = { globalUserId: 'g', name: 'n', email: null, directoryId: 'd', openidId: null, samlId: null }
  const attribute = { key: 'desk', keyKey: 'desk', value: 'day', source: 'corp' }
  const all = events({
    migratedFrom: 'bim',
    relinked: true,
    enabled: true,
    plan: {
      ...plan,
      before: { directoryId: null },
      after: { directoryId: 'd' },
      join: [{ name: 'crew' }],
      leave: ['old'],
      attributes: { added: [attribute], removed: [] },
    },
  })
  expect(all.map(({ event }) => event)).toEqual([
    'userMigrated',
    'userRelinked',
    'userUpdated',
    'userEnabled',
    'groupUserAdded',
    'groupUserDeleted',
    'attributeUpdated',
  ])
  expect(all[0]).toMatchObject({ before: { iamid: 'bim' }, after: { iamid: 'corp' } })
  expect(all[1]).toMatchObject({ before: { directoryId: null }, after: { directoryId: 'd', source: 'corp' } })
  expect(all[6]).toMatchObject({ before: { attributes: {} }, after: { attributes: { desk: ['day'] }, source: 'corp' } })
  expect(events({ replaced })).toEqual([
    {
      event: 'userReplaced',
      target,
      before: { globalUserId: 'g', name: 'n', email: null, sourceIds: [{ source: 'directory', id: 'd' }] },
      after: { source: 'corp' },
    },
  ])
})
