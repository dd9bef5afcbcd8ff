// Which columns change how: the statements are tried in erasure.test.ts.
import { expect, test } from 'vitest'
import { PLACES, type StoredRow } from '../../../src/domain/users/erasure.places.ts'
import { createEraser } from '../../../src/domain/users/erasure.text.ts'

const names = { iamids: ['bim'], userids: ['ann.lee'], names: ['Ann Lee'], unique: [], shared: new Set<string>() }
const eraser = createEraser(7, names, ['bim'])
const erase = (table: string, own: boolean, values: StoredRow['values'], at = 0) =>
  PLACES.filter(place => place.table === table)[at]!.erase({ id: '1', own, values }, eraser)

test('what it changes are columns of the place', () => {
  for (const place of PLACES) {
    const values = Object.fromEntries(Object.keys(place.columns).map(name => [name, null]))
    for (const own of [true, false])
      expect(Object.keys(values)).toEqual(expect.arrayContaining(Object.keys(place.erase({ id: '1', own, values }, eraser))))
  }
})

test('an exchange about the person is emptied, another one loses the names', () => {
  const row = {
    asked: 'GET /Users/ann.lee',
    request: { name: 'Ann Lee' },
    answer: [1],
    changes: [{}],
    userid: 'ann.lee',
    failure: null,
  }
  expect(erase('exchanges', true, row)).toEqual({
    asked: 'GET /Users/erased-7',
    failure: null,
    userid: 'erased-7',
    userid_key: 'erased-7',
    resource: null,
    request: null,
    answer: null,
    changes: [],
  })
  expect(erase('exchanges', false, row)).toMatchObject({ request: { name: 'erased-7' }, answer: [1], changes: [{}] })
})

test('a planned entry of a sync cannot be applied any more', () => {
  const row = { name: 'ann.lee', said: { phone: '1' }, before: null, after: { phone: '1', groups: ['Sales'] }, dn: 'x' }
  expect(erase('sync_entries', true, { ...row, state: 'planned' })).toMatchObject({ state: 'skipped', said: null, dn: null })
  expect(erase('sync_entries', true, { ...row, state: 'applied' })).toMatchObject({
    state: 'applied',
    name: 'erased-7',
    after: { phone: 'erased-7', groups: ['Sales'] },
  })
})

test('an event loses names everywhere, and the address of the person alone', () => {
  const row = { actor_name: 'bim/ann.lee', target_name: 'bim/bob', after: { added: ['bim/ann.lee'] }, address: '192.0.2.1' }
  expect(erase('audit_events', true, row)).toMatchObject({ actor_name: 'bim/erased-7', target_name: 'bim/bob', address: null })
  expect(erase('audit_events', false, row)).toMatchObject({ after: { added: ['bim/erased-7'] }, address: '192.0.2.1' })
  const about = { ...row, target_name: 'bim/Whatever It Was' }
  const stripped = { target_name: 'bim/erased-7', after: { added: ['erased-7'] } }
  expect(erase('audit_events', true, about, 1)).toMatchObject(stripped)
  expect(erase('audit_events', true, about, 1)).not.toHaveProperty('address')
  expect(erase('audit_events', true, about, 2)).toMatchObject({ ...stripped, address: null })
})
