import { expect, test } from 'vitest'
import { isValues, joined, MAX_SIZE, readDocument } from '../../src/cli/declared.document.ts'

test('values, and the line of each', () => {
  const document = readDocument('roster.yaml', 'iams:\n  corp:\n    type: LDAP\n    config:\n      options: {host: a}\n')
  expect(document.values).toEqual({ iams: { corp: { type: 'LDAP', config: { options: { host: 'a' } } } } })
  expect(document.placeOf(['iams', 'corp', 'type'])).toBe('roster.yaml:3')
  expect(document.placeOf(['iams', 'corp', 'config', 'options', 'host'])).toBe('roster.yaml:5')
  expect(document.placeOf(['nothing', 'here'])).toBe('roster.yaml')
})

test.each([
  ['a: 1\na: 2\n', 'x:2: Map keys must be unique'],
  ['a: &b [1]\nc: *b\n', 'x: must not use aliases (*name): repeat the value'],
  ['a: &b [*b]\n', 'x: must not use aliases (*name): repeat the value'],
  ['- 1\n', 'x: must be a YAML mapping that begins with iams:'],
  ['', 'x: must be a YAML mapping that begins with iams:'],
  ['a: !!js/function x\n', 'x:1: '],
  ['a: 1\n---\nb: 2\n', 'x:'],
  [`a: ${'['.repeat(40)}${']'.repeat(40)}\n`, 'x: is nested deeper than 32'],
  [`a: ${'['.repeat(100_000)}\n`, 'x'],
  [`a: ${'b'.repeat(MAX_SIZE)}\n`, `x: is longer than ${MAX_SIZE} bytes`],
])('refused: %.20j', (text, message) => {
  expect(() => readDocument('x', text)).toThrow(message)
})

test('a path is shown with quotes where a step is no name', () => {
  expect(joined(['iams', 'corp', 'a b', 'list', 2])).toBe('iams.corp."a b".list[2]')
  expect([isValues({}), isValues([]), isValues(null)]).toEqual([true, false, false])
})
