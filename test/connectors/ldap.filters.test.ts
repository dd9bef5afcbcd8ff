import { describe, expect, test } from 'vitest'
import { escapeDnValue, firstValue } from '../../src/connectors/ldap.dn.ts'
import { comparedAttribute, dnPattern, escapeFilterValue, filterTemplate } from '../../src/connectors/ldap.filters.ts'
import { Invalid } from '../../src/platform/errors.ts'

test.each([
  ['mail=%s', 'ana', '(mail=ana)'],
  ['(mail=%s)', '*', '(mail=\\2a)'],
  ['mail=%s', ')(uid=*', '(mail=\\29\\28uid=\\2a)'],
  ['mail=%s', 'a\\2a', '(mail=a\\5c2a)'],
  ['mail=%s', 'a\0b', '(mail=a\\00b)'],
  ['mail=%s', 'zoë,ou=x', '(mail=zoë,ou=x)'],
  ['(&(objectClass=groupOfNames)(cn=%s*))', 'Sales*)(cn=', '(&(objectClass=groupOfNames)(cn=Sales\\2a\\29\\28cn=*))'],
  ['(&(objectClass=groupOfNames)(cn=%s*))', '', '(&(objectClass=groupOfNames)(cn=*))'],
  ['(|(uid=%s)(mail=%s))', '$&', '(|(uid=$&)(mail=$&))'],
  ['(&(uid=%s)(!(ou=caf\\c3\\a9)))', 'a', '(&(uid=a)(!(ou=café)))'],
])('%s filled with %j is one filter', (template, value, filter) => {
  expect(filterTemplate('f', template)({ '%s': value }).toString()).toBe(filter)
})

test('a value that names a blank is not filled again', () => {
  const filter = filterTemplate('f', '(&(member=<dn>)(cn=%s))')({ '%s': '<dn>', '<dn>': 'cn=%s\\, x' })
  expect(filter.toString()).toBe('(&(member=cn=%s\\5c, x)(cn=<dn>))')
})

test.each(['', '(', '(mail=%s', 'mail=%s)(uid=*', '(&(a=%s)(b=c)', '(%s)', '(=%s)', '(mail=\\zz%s)', '(guid=\\ff%s)'])(
  '%j is no filter',
  template => {
    expect(() => filterTemplate('config.options.userSearchFilter', template)).toThrow(Invalid)
  },
)

test.each([
  ['mail=%s', 'mail'],
  ['(&(objectClass=person)(|(uid=%s)(mail=%s)))', 'uid'],
  ['(sAMAccountName:caseIgnoreMatch:=%s)', 'sAMAccountName'],
  ['(mail=%s@roster.example)', 'mail'],
])('the userid of %s is %s', (filter, attribute) => {
  expect(comparedAttribute('f', filter)).toBe(attribute)
})

describe('DNs', () => {
  test.each([
    ['ana', 'ana'],
    ['a,ou=admins', 'a\\,ou\\=admins'],
    ['#1 "x" <y>;+\\', '\\#1 \\"x\\" \\<y\\>\\;\\+\\\\'],
    [' ', '\\ '],
    [' a ', '\\ a\\ '],
    ['a\\ ', 'a\\\\\\ '],
    ['a\0', 'a\\00'],
  ])('%j stays one value', (value, escaped) => {
    expect(escapeDnValue(value)).toBe(escaped)
    expect(firstValue(`uid=${escaped},ou=people`)).toBe(value)
  })

  test.each([
    ['cn=Sales\\2C North\\C3\\A9,dc=x', 'Sales, Northé'],
    ['cn = Sales , dc=x', 'Sales'],
    ['cn=a\\\\2c,dc=x', 'a\\2c'],
    ['cn=a+uid=b,dc=x', 'a'],
    ['staff', 'staff'],
    ['', ''],
  ])('the first value of %j', (dn, value) => {
    expect(firstValue(dn)).toBe(value)
  })

  test('a pattern', () => {
    expect(dnPattern('f', 'uid=%s,ou=people')('a,b$&')).toBe('uid=a\\,b$&,ou=people')
    for (const pattern of ['%s', '%s@roster.example', 'uid=x,%s', 'uid=x']) expect(() => dnPattern('f', pattern)).toThrow(Invalid)
  })
})

test('what RFC 4515 wants escaped, and nothing more', () => {
  expect(escapeFilterValue('a*(b)\\\0é~|&=')).toBe('a\\2a\\28b\\29\\5c\\00é~|&=')
})
