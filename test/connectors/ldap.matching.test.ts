// Whether two values are the same, by the attribute's matching rule: as a directory's schema has it, and as usual without one.
import { describe, expect, test } from 'vitest'
import { maxDn } from '../../src/connectors/ldap.dn.ts'
import { matchingBy, ruleOf } from '../../src/connectors/ldap.matching.ts'
import { matchingBySchema } from '../../src/connectors/ldap.schema.ts'

const { key, dnKey, maybe } = matchingBy()

describe('DNs', () => {
  test.each([
    ["cn=\\20Dmitri O'Hara 3\\20,ou=people,dc=x", "cn=\\ Dmitri O'Hara 3\\ ,ou=people,dc=x"],
    ['cn=a  b,dc=x', 'cn=a b,dc=x'],
    ['cn=a\\20\\20b,dc=x', 'CN = A B , DC = X'],
    ['cn=\\20a,dc=x', 'cn=a,dc=x'],
    ['cn=Sales\\2C North,dc=x', 'cn=sales\\, north,dc=x'],
    ['cn="Sales, North",dc=x', 'cn=Sales\\, North;dc=x'],
    ['cn=caf\\C3\\A9,dc=x', 'cn=café,dc=x'],
    ['cn=a+uid=b,dc=x', 'uid=b+cn=a,dc=x'],
    ['commonName=a,domainComponent=x', 'cn=a,dc=x'],
    ['2.5.4.3=a,dc=x', 'OID.2.5.4.3=a,dc=x'],
    ['cn=#040161,dc=x', 'cn=a,dc=x'],
    ['cn=\\23a,dc=x', 'cn=\\#a,dc=x'],
    ['cn=\\5C,dc=x', 'cn=\\\\,dc=x'],
  ])('%s is %s', (one, other) => {
    expect(dnKey(one)).toBe(dnKey(other))
  })

  test.each([
    ['cn=a\\,b,dc=x', 'cn=a,b=,dc=x'],
    ['cn=a\\2Cdc\\3Dx', 'cn=a,dc=x'],
    ['cn=a\\+uid\\=b,dc=x', 'cn=a+uid=b,dc=x'],
    ['cn=\\FF,dc=x', 'cn=\\FE,dc=x'],
    ['cn=\\FF,dc=x', 'cn=\\EF\\BF\\BD,dc=x'],
    ['cn=ab,dc=x', 'cn=a b,dc=x'],
    ['cn=É,dc=x', 'cn=é,dc=x'],
    ['uid=a,dc=x', 'cn=a,dc=x'],
  ])('%s is not certain to be %s', (one, other) => {
    expect(dnKey(one)).not.toBe(dnKey(other))
  })

  test('what is too long is compared as it stands', () => {
    const long = `cn=${'a'.repeat(maxDn)},dc=x`
    expect(dnKey(long)).toBe(long)
    expect(dnKey(long.toUpperCase())).not.toBe(dnKey(long))
  })
})

test.each([
  ['memberUid', 'Ana', 'ana', false],
  ['memberUid', 'ana', 'ana', true],
  ['uid', 'Ana', ' ana ', true],
  ['MAIL', 'Ana@x', 'ana@X', true],
  ['member', 'cn=A,dc=x', 'CN=a, dc=x', true],
  ['uniqueMember', 'cn=A,dc=x', 'CN=a, dc=x', true],
  ['uniqueMember', "cn=A,dc=x#'01'B", 'cn=a,dc=x', false],
  ['uniqueMember', "cn=A#'01'B,dc=x", "cn=a\\#'01'b,dc=x", true],
  ['unheardOf', 'A', 'a', false],
])('%s: %j and %j, the same: %s', (attribute, one, other, isSame) => {
  expect(key(attribute, one) === key(attribute, other)).toBe(isSame)
})

test.each([
  ['ana', 'Ana', true],
  ['STRASSE', 'straße', true],
  ['ΣΑΣ', 'σας', true],
  ['é', 'e\u0301', true],
  ['É', 'é', true],
  ['ﬁn', 'fin', true],
  ['a\u00adb', 'ab', true],
  ['a b', 'ab', true],
  ['ana', 'anna', false],
])('%j and %j may be the same: %s', (one, other, may) => {
  expect(maybe(one) === maybe(other)).toBe(may)
})

describe('a schema', () => {
  const matching = matchingBySchema([
    "( 2.5.4.41 NAME 'name' DESC 'RFC4519: ''common'' ) EQUALITY' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
    "( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )",
    "( 1.1 NAME 'badge' EQUALITY caseExactMatch )",
    "( 1.2 NAME 'memberUid' EQUALITY 1.3.6.1.4.1.1466.109.114.2 )",
    "( 1.3 NAME 'looped' SUP other )",
    "( 1.4 NAME 'other' SUP looped )",
    "( 1.5 NAME 'phone' EQUALITY telephoneNumberMatch )",
    '(',
    '',
    'x'.repeat(100_000),
  ])
  test.each([
    ['cn', 'A', 'a', true],
    ['commonname', 'A', 'a', true],
    ['badge', 'A', 'a', false],
    ['1.1', 'A', 'a', false],
    ['memberUid', 'A', 'a', true],
    ['looped', 'A', 'a', false],
    ['phone', '+1 23-4', '+1234', true],
    ['member', 'badge=A,cn=x', 'badge=a,cn=x', false],
    ['member', 'badge=a,commonName=X', '1.1=a,2.5.4.3=x', true],
  ])('%s: %j and %j, the same: %s', (attribute, one, other, isSame) => {
    expect(matching.key(attribute, one) === matching.key(attribute, other)).toBe(isSame)
  })
})

test.each([
  ['caseIgnoreIA5Match', 'ignore'],
  ['2.5.13.1', 'dn'],
  ['caseExactIA5Match', 'exact'],
  ['integerFirstComponentMatch', 'exact'],
  ['somebodysOwnMatch', 'unknown'],
])('the rule %s', (name, kind) => {
  expect(ruleOf(name)).toBe(kind)
})
