import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { csvLine } from '../../src/cli/csv.ts'

test.each(['=1+1', '+1 (555) 12', '-cmd', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1', '＋1', '－1', '＠a'])(
  '%j, which a spreadsheet takes for a formula, gets an apostrophe, unless raw',
  text => {
    expect(parse(csvLine([text, 'x']))).toEqual([[`'${text}`, 'x']])
    expect(parse(csvLine([text, 'x'], { raw: true }))).toEqual([[text, 'x']])
  },
)

test.each([
  [-5, '-5'],
  ['-5.25', '-5.25'],
  [true, 'true'],
  [null, ''],
  [undefined, ''],
  [['USER_ADMIN', 'AUDIT'], 'USER_ADMIN;AUDIT'],
  [['=x'], "'=x"],
  [{ Title: ['Harbour master'] }, '{"Title":["Harbour master"]}'],
  ['a "quoted", value\nin two lines', 'a "quoted", value\nin two lines'],
  [' spaces ', ' spaces '],
  ["O'Brien", "O'Brien"],
])('%j is read as %j', (value, text) => {
  expect(parse(csvLine([value, 'end']))).toEqual([[text, 'end']])
})

test('lines end as RFC 4180 has it', () => {
  expect(csvLine(['a', 'b'])).toBe('a,b\r\n')
})
