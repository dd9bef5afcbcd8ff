import { describe, expect, test } from 'vitest'
import { escapeDnValue, firstValue, isDn, maxDn, parseDn } from '../../src/connectors/ldap.dn.ts'

const names = (text: string) =>
  parseDn(text)?.map(parts => parts.map(({ type, value }) => `${type}:${value}`).join(' & ')) ?? null

describe('a distinguished name', () => {
  test.each([
    ['uid=ines,ou=people,dc=example', ['uid:ines', 'ou:people', 'dc:example']],
    ['UID = Ines ; OU=People', ['uid:Ines', 'ou:People']],
    ['cn=a+uid=b,dc=c', ['cn:a & uid:b', 'dc:c']],
    ['cn=Sales\\, North,dc=x', ['cn:Sales, North', 'dc:x']],
    ['cn=\\ a\\ ,dc=x', ['cn: a ', 'dc:x']],
    ['cn="a, b" ,dc=x', ['cn:a, b', 'dc:x']],
    ['cn=caf\\C3\\A9', ['cn:café']],
    ['cn=\\FF', ['cn:\udcff']],
    ['cn=#04024869', ['cn:Hi']],
    ['cn=#0A0101', ['cn:#0a0101']],
    ['oid.2.5.4.3=x', ['2.5.4.3:x']],
    ['cn=', ['cn:']],
    ['cn=\\', ['cn:']],
  ])('%s', (text, found) => {
    expect(names(text)).toEqual(found)
  })

  test.each(['', 'ines', 'cn=a,b', '1a=x', 'c n=x', 'cn="a', 'cn="a"b', 'cn=#0', 'cn=#xy', 'cn=a,'])('%j is none', text => {
    expect(parseDn(text)).toBeNull()
  })

  test('may be as long as the bound, not longer', () => {
    const of = (length: number) => `cn=${'x'.repeat(length - 3)}`
    expect(parseDn(of(maxDn))).not.toBeNull()
    expect(parseDn(of(maxDn + 1))).toBeNull()
  })
})

test.each([
  ['a', 'a'],
  [' a b ', '\\ a b\\ '],
  ['#a#', '\\#a#'],
  ['a,b+c;d"e<f>g=h\\i', 'a\\,b\\+c\\;d\\"e\\<f\\>g\\=h\\\\i'],
  ['a\0b', 'a\\00b'],
])('%j is escaped as %j, and read again as it was', (value, escaped) => {
  expect(escapeDnValue(value)).toBe(escaped)
  expect(parseDn(`cn=${escaped},dc=x`)?.[0]?.[0]?.value).toBe(value)
})

test('what looks like a name, and its first value', () => {
  expect(['cn=x', ' 2.5.4.3 =x', 'cn', '=x', '2=x', 'a b=x'].map(isDn)).toEqual([true, true, false, false, false, false])
  expect([firstValue('cn=Sales\\, North,dc=x'), firstValue('Sales')]).toEqual(['Sales, North', 'Sales'])
})
