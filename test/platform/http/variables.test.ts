import { expect, test } from 'vitest'
import { MESSAGE_LENGTH, shortened, variableError, variableOf } from '../../../src/platform/http/variables.ts'

test.each([
  [
    'Variable "$input" got invalid value "x" at "input.userid"; the rule',
    'the rule',
    { variable: 'input', field: 'input.userid', rule: 'the rule' },
  ],
  ['Variable "$id" got invalid value "x"; the rule', 'the rule', { variable: 'id', field: 'id', rule: 'the rule' }],
  // The value quotes what looks like the place.
  ['Variable "$id" got invalid value "x at \\"y"; the rule', 'the rule', { variable: 'id', field: 'id', rule: 'the rule' }],
  ['Variable "$id" of required type "Int!" was not provided.', 'the rule', null],
  ['Cannot query field "x"', 'the rule', null],
])('%s', (message, cause, error) => {
  expect(variableError(message, cause)).toEqual(error)
})

test('a message is cut behind its bound', () => {
  const [most, more] = ['x'.repeat(MESSAGE_LENGTH), 'x'.repeat(MESSAGE_LENGTH + 1)]
  expect(shortened(most)).toBe(most)
  expect(shortened(more)).toBe(`${most}…`)
  expect(shortened(`${'x'.repeat(MESSAGE_LENGTH - 1)}😀`)).toBe(`${'x'.repeat(MESSAGE_LENGTH - 1)}\uFFFD…`)
})

test('the variable is the one at the beginning', () => {
  expect([`Variable "$a_1" x`, `x Variable "$a"`, 'Variable "$" x'].map(variableOf)).toEqual(['a_1', null, null])
})
