import { expect, test } from 'vitest'
import { reasonWithHint, withHint } from '../../src/connectors/ldap.hints.ts'

test('a known reason comes with what to do, and any other as it is', () => {
  expect(reasonWithHint('ECONNREFUSED')).toMatch(/^ECONNREFUSED \(.*config\.options\.host and port\)$/)
  for (const reason of ['EWHATEVER', 'toString', '__proto__']) expect(reasonWithHint(reason)).toBe(reason)
})

test.each([1, 3, 4, 8, 10, 11, 12, 13, 18, 32, 34, 48, 50])('the result code %i comes with what to do', code => {
  expect(withHint('text', code)).toMatch(/^text: ./)
})

test.each([0, 2, 49, 80])('the result code %i has nothing to add', code => {
  expect(withHint('text', code)).toBe('text')
})
