import { expect, test } from 'vitest'
import { difference, EVENTS, newTrail } from '../../src/authorization/audit-event.ts'

test.each([
  ['a value', { a: 1, b: 2 }, { a: 1, b: 3 }, { before: { b: 2 }, after: { b: 3 }, changed: true }],
  ['nothing', { a: 1 }, { a: 1 }, { before: {}, after: {}, changed: false }],
  ['nothing where null was absent', {}, { a: null }, { before: {}, after: {}, changed: false }],
  ['nothing where absent was null', { a: null }, { a: undefined }, { before: {}, after: {}, changed: false }],
  ['a value that goes', { a: 1 }, { a: null }, { before: { a: 1 }, after: { a: null }, changed: true }],
  ['a value that comes', {}, { a: 0 }, { before: { a: null }, after: { a: 0 }, changed: true }],
  [
    'nothing but the order of keys',
    { a: { x: 1, y: [{ p: 1, q: 2 }] } },
    { a: { y: [{ q: 2, p: 1 }], x: 1 } },
    { before: {}, after: {}, changed: false },
  ],
  ['the order of a list', { a: [1, 2] }, { a: [2, 1] }, { before: { a: [1, 2] }, after: { a: [2, 1] }, changed: true }],
  ['only the fields that are named after', { a: 1, b: 2 }, { b: 2 }, { before: {}, after: {}, changed: false }],
])('a difference of %s', (_what, before, after, result) => {
  expect(difference(before, after)).toEqual(result)
})

test('each event has one name, and a trail begins empty', () => {
  expect(new Set(EVENTS).size).toBe(EVENTS.length)
  expect(newTrail()).toEqual({ events: [], failure: null, notTaken: [], over: false })
  expect(newTrail().events).not.toBe(newTrail().events)
})
