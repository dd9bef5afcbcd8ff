// The comparison of row types with what statements select, which runs at the end of a run (harness/database.ts).
import { expect, test } from 'vitest'
import { faultsOf, type RowProperty, type SentRow } from '../../harness/row-faults.ts'

const catalogue = {
  types: new Map([
    [23, 'int4'],
    [20, 'int8'],
    [25, 'text'],
    [1184, 'timestamptz'],
    [3802, 'jsonb'],
    [1009, '_text'],
  ]),
  nullable: new Set(['7.2']),
}
const id = { name: 'id', kind: 'number', optional: false, nullable: false }
const field = { name: 'id', type: 23, column: '7.1', isNull: false }
const faults = (fields: SentRow['fields'], row: readonly RowProperty[]) =>
  faultsOf({ senders: [], text: '', fields }, row, catalogue)

test('a row type that is what its statement selects has no fault', () => {
  expect(faults([field], [id])).toEqual([])
  expect(faults([{ ...field, column: null }], [id])).toEqual([])
  expect(faults([{ ...field, column: '7.2', isNull: true }], [{ ...id, nullable: true }])).toEqual([])
  expect(faults([field], [id, { ...id, name: 'groups', optional: true }])).toEqual([])
})

test.each([
  ['a column that the type lacks', [field, { ...field, name: 'name' }], [id], ['name is not in the row type']],
  ['a property that is not selected', [field], [id, { ...id, name: 'name' }], ['name is not selected']],
  ['a count without ::int', [{ ...field, type: 20 }], [id], ['id is int8, not number']],
  ['a time as text', [{ ...field, type: 1184 }], [{ ...id, kind: 'string' }], ['id is timestamptz, not string']],
  ['JSON as a time', [{ ...field, type: 3802 }], [{ ...id, kind: 'Date' }], ['id is jsonb, not Date']],
  ['a list as one value', [{ ...field, type: 1009 }], [{ ...id, kind: 'string' }], ['id is _text, not string']],
  ['a type that nothing reads', [{ ...field, type: 600 }], [id], ['id is oid 600, not number']],
  ['a column that may be NULL', [{ ...field, column: '7.2' }], [id], ['id may be NULL']],
  ['an expression that was NULL', [{ ...field, column: null, isNull: true }], [id], ['id was NULL']],
])('%s is a fault', (_, fields, row, expected) => {
  expect(faults(fields, row)).toEqual(expected)
})
