import { expect, test } from 'vitest'
import type { Search } from '../../../src/ui/console/operations/query-text.ts'
import {
  dayBefore,
  isLogFiltered,
  logFilterOf,
  logPageOf,
  logSearchOf,
  logViewOf,
} from '../../../src/ui/console/pages/audit/audit-view.ts'

const EVENTS = ['userCreated', 'denied']
const view = (search: Search) => logViewOf(search, EVENTS)
const given = (search: Search) =>
  Object.fromEntries(Object.entries(logSearchOf(view(search))).filter(([, value]) => value !== ''))

test('an address gives a view, and the view the same address', () => {
  for (const search of [
    {},
    { who: '15', event: 'userCreated,denied', outcome: 'refused', target: 'user:7', from: '2026-11-01', to: '2026-11-07' },
    { iam: 'harbour', open: 'QXVkaXQ6MQ,QXVkaXQ6Mg', after: 'cursor' },
    { target: 'attribute:a:b', before: 'cursor' },
  ])
    expect(given(search)).toEqual(search)
})

test('what is unknown is left out', () => {
  for (const search of [
    { who: 'ada' },
    { who: '0' },
    { who: '9999999999' },
    { event: 'nothing' },
    { outcome: 'toString' },
    { target: 'planet:3' },
    { target: 'user' },
    { from: '2026-02-30' },
    { to: 'yesterday' },
  ])
    expect(given(search)).toEqual({})
  expect(given({ after: 'a', before: 'b' })).toEqual({ after: 'a' })
  expect(given({ target: 'user:7', iam: 'corp' })).toEqual({ target: 'user:7' })
  expect(given({ target: 'iam:corp' })).toEqual({ iam: 'corp' })
})

test('the filter is that of the API: days are whole days of the reader', () => {
  const all = view({ who: '15', event: 'denied', outcome: 'refused', iam: 'corp', from: '2026-11-01', to: '2026-11-30' })
  expect(logFilterOf(all, 'VXNlcjoxNQ')).toEqual({
    actorId: 'VXNlcjoxNQ',
    events: ['denied'],
    outcome: 'DENIED',
    targetType: 'iam',
    targetId: 'corp',
    from: new Date(2026, 10, 1).toISOString(),
    to: new Date(2026, 11, 1).toISOString(),
  })
  expect(logFilterOf(view({}), null)).toEqual({})
  expect([isLogFiltered(all), isLogFiltered(view({ open: 'x' }))]).toEqual([true, false])
  expect(logPageOf(view({ before: 'b' }))).toEqual({ last: 50, before: 'b' })
  expect(dayBefore(new Date(2026, 2, 1, 0, 30), 1)).toBe('2026-02-28')
})
