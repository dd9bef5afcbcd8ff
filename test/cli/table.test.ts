import { expect, test } from 'vitest'
import { fields, printable, table } from '../../src/cli/table.ts'

test('on a terminal columns are aligned by their width there, without spaces at the end', () => {
  const rows = [
    ['ana', 'Ana', 3],
    ['李', 'é', null],
    ['longer', '', true],
  ]
  expect(table(['USER', 'NAME', 'N'], rows, true)).toBe('USER    NAME  N\nana     Ana   3\n李      é\nlonger        true\n')
})

test('for programs there is a tab between two values, and none inside one', () => {
  expect(table(['A', 'B'], [['x\ty', 'two\nlines']], false)).toBe('A\tB\nx\\u0009y\ttwo\\u000alines\n')
})

test('a name cannot write to the terminal, nor turn the direction of text', () => {
  expect(printable('\u001b[31mred\u0007')).toBe('\\u001b[31mred\\u0007')
  expect(printable('a\u202eb\u009b')).toBe('a\\u202eb\\u009b')
  expect(printable('Inês 李')).toBe('Inês 李')
})

test('fields without a value are left out', () => {
  const values: [string, string | number | null][] = [
    ['name', 'Ana'],
    ['e-mail', null],
    ['number', 0],
  ]
  expect(fields(values)).toBe('name    Ana\nnumber  0\n')
  expect(fields([])).toBe('')
})
