// What comes from a directory or a configuration is read in time that grows with its length, and names of a length that none has not at all.
import { expect, test } from 'vitest'
import { firstValue, isDn, maxDn, parseDn } from '../../src/connectors/ldap.dn.ts'
import { isBinary } from '../../src/connectors/ldap.entry.ts'
import {
  anyValueFilter,
  comparedAttribute,
  dnPattern,
  escapeFilterValue,
  filterTemplate,
  isAttribute,
  memberAttributes,
} from '../../src/connectors/ldap.filters.ts'
import { matchingBy, ruleOf } from '../../src/connectors/ldap.matching.ts'

const matching = matchingBy()
const readers: Record<string, (text: string) => unknown> = {
  parseDn,
  firstValue,
  isDn,
  dnKey: matching.dnKey,
  memberKey: text => matching.maybe(matching.key('member', text)),
  uniqueMemberKey: text => matching.key('uniqueMember', text),
  memberUidKey: text => matching.maybe(matching.key('memberUid', text)),
  comparedAttribute: text => comparedAttribute('f', text),
  memberAttributes,
  anythingIn: text => anyValueFilter('f', text),
  filterTemplate: text => filterTemplate('f', text),
  dnPattern: text => dnPattern('f', text),
  escapeFilterValue,
  isAttribute,
  isBinary,
  ruleOf,
}
const pieces = [
  ' ',
  '\\',
  '\\20',
  '\\ ',
  ',',
  '+',
  '=',
  '#',
  "#'0",
  '"',
  'a',
  'a=',
  'a=a,',
  '(',
  '()',
  '(a=',
  ':',
  ':=',
  '%s',
  '<dn>',
  '1.',
  ';',
  '\u0301',
  'é',
]
const heads = ['', 'cn=', 'cn="', 'cn=#', '(|', '(a=']

const milliseconds = (read: (text: string) => unknown, text: string): number => {
  const start = performance.now()
  try {
    read(text)
  } catch {
    // That it is refused takes its time, too.
  }
  return performance.now() - start
}
const fastest = (read: (text: string) => unknown, text: string) =>
  Math.min(...Array.from({ length: 3 }, () => milliseconds(read, text)))

test.each(Object.keys(readers))('%s', name => {
  const read = readers[name]!
  for (const head of heads)
    for (const piece of pieces) {
      const of = (length: number) => head + piece.repeat(Math.ceil(length / piece.length))
      const what = JSON.stringify(`${head}${piece}…`)
      expect(milliseconds(read, of(maxDn - 100)), what).toBeLessThan(100)
      const [once, twice] = [fastest(read, of(50_000)), fastest(read, of(100_000))]
      // Below that the clock tells little.
      expect(twice < 100 || twice < 3 * once, `${what}: ${once} and ${twice} ms`).toBe(true)
    }
})
