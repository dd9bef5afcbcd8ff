import { describe, expect, test } from 'vitest'
import { Invalid } from '../../../src/platform/errors.ts'
import { bitsOf, networkOf } from '../../../src/platform/networks.ts'
import { type Listening, literalOf, outboundRulesOf, refusalOf } from '../../../src/platform/outbound/policy.ts'

const rules = (allow: string | null, deny = '') => ({
  allow: allow === null ? null : outboundRulesOf(allow, 'OUTBOUND_ALLOW'),
  deny: outboundRulesOf(deny, 'OUTBOUND_DENY'),
})
const judge = (host: string, address: string | null, given = rules(null), listening: Listening | null = null, port = 443) =>
  refusalOf(given, listening, { host, port, address })

describe('an address in any form is the address', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0x7f000001', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['0', '0.0.0.0'],
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['[::ffff:127.0.0.1]', '::ffff:127.0.0.1'],
    ['0251.0376.0251.0376', '169.254.169.254'],
    ['0xA9FEA9FE', '169.254.169.254'],
  ])('%s is %s', (host, address) => {
    expect(literalOf(host)).toBe(address)
  })
  test.each(['localhost', 'ldap.corp.example', '127.0.0.1:389', 'a/b', '', '1.2.3.4.5', 'x'.repeat(100_000)])(
    '%# is a name',
    host => {
      expect(literalOf(host)).toBeNull()
    },
  )
  test('IPv4 and its mapped IPv6 are one', () => {
    expect(bitsOf('::ffff:10.0.0.1')).toBe(bitsOf('10.0.0.1'))
    expect(bitsOf('::FFFF:a00:1')).toBe(bitsOf('10.0.0.1'))
    expect(bitsOf('fe80::1%eth0')).toBe(bitsOf('fe80::1'))
  })
})

describe('without a setting', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '169.254.169.254',
    '169.254.0.1',
    '169.254.170.2',
    'fe80::1',
    'febf::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'fd20:ce::254',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::1',
    '2001:0:4136:e378:8000:63bf:5601:5601',
    '::ffff:0.0.0.0',
  ])('%s is denied', address => {
    expect(judge('host.example', address)).toMatch(/^it is (link-local|the unspecified address|an address of cloud metadata), /)
  })

  test.each([
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '10.0.0.5',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    'fd12::1',
    '8.8.8.8',
    '2606:4700::1',
  ])('%s is allowed: directories live there', address => {
    expect(judge('host.example', address)).toBeNull()
  })

  test('what is no address is not', () => {
    expect(judge('host.example', 'host.example')).toBe('it is no address')
  })

  test('where Roster listens is denied, at its port alone, in every form', () => {
    const listening = { port: 4000, networks: [networkOf('127.0.0.1')!, networkOf('10.0.0.9')!] }
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.0.0.9', '64:ff9b::10.0.0.9'])
      expect(judge('x', address, rules(null), listening, 4000)).toBe('Roster itself listens there, which no setting opens')
    expect(judge('x', '127.0.0.1', rules('127.0.0.1'), listening, 4000)).toBe(
      'Roster itself listens there, which no setting opens',
    )
    expect(judge('x', '127.0.0.1', rules(null), listening, 389)).toBeNull()
    expect(judge('x', '10.0.0.8', rules(null), listening, 4000)).toBeNull()
  })
})

describe('OUTBOUND_DENY', () => {
  const denied = rules(null, '10.0.0.0/8, fd12::/16 ldap.corp.example,*.internal.example')
  test.each([
    ['any', '10.255.0.1', 'OUTBOUND_DENY names the address'],
    ['any', '::ffff:10.1.1.1', 'OUTBOUND_DENY names the address'],
    ['any', '64:ff9b::10.1.1.1', 'OUTBOUND_DENY names the address'],
    ['any', 'fd12:3::1', 'OUTBOUND_DENY names the address'],
    ['any', '11.0.0.1', null],
    ['LDAP.corp.example.', '8.8.8.8', 'OUTBOUND_DENY names the host'],
    ['ldap.corp.example', null, 'OUTBOUND_DENY names the host'],
    ['a.b.internal.example', null, 'OUTBOUND_DENY names the host'],
    ['internal.example', null, null],
    ['notinternal.example', null, null],
    ['any', '169.254.169.254', 'it is link-local, which only an entry of OUTBOUND_ALLOW for that address opens'],
  ])('%s at %s: %s', (host, address, refusal) => {
    expect(judge(host, address, denied)).toBe(refusal)
  })

  test('counts more than OUTBOUND_ALLOW', () => {
    expect(judge('any', '10.0.0.1', rules('10.0.0.1', '10.0.0.0/8'))).toBe('OUTBOUND_DENY names the address')
    expect(judge('a.example', '8.8.8.8', rules('a.example', 'a.example'))).toBe('OUTBOUND_DENY names the host')
  })
})

describe('OUTBOUND_ALLOW', () => {
  const allowed = rules('10.1.0.0/16 ldap.corp.example *.login.example ::1')
  test.each([
    ['any', '10.1.2.3', null],
    ['any', '::ffff:10.1.2.3', null],
    ['any', '10.2.0.1', 'OUTBOUND_ALLOW does not name it'],
    ['any', '127.0.0.1', 'OUTBOUND_ALLOW does not name it'],
    ['any', '::1', null],
    ['ldap.corp.example', '192.168.0.1', null],
    ['eu.login.example', '8.8.8.8', null],
    ['login.example', '8.8.8.8', 'OUTBOUND_ALLOW does not name it'],
    // A name that resolves to what is denied (DNS rebinding) opens nothing.
    ['ldap.corp.example', '169.254.169.254', 'it is link-local, which only an entry of OUTBOUND_ALLOW for that address opens'],
  ])('%s at %s: %s', (host, address, refusal) => {
    expect(judge(host, address, allowed)).toBe(refusal)
  })

  test('opens a denied address only by an entry within the denied network', () => {
    expect(judge('any', '169.254.10.5', rules('0.0.0.0/0'))).toMatch(/^it is link-local/)
    expect(judge('any', '169.254.10.5', rules('169.254.10.5'))).toBeNull()
    expect(judge('any', '169.254.10.5', rules('169.254.10.0/24'))).toBeNull()
    expect(judge('any', '169.254.10.6', rules('169.254.10.5'))).toMatch(/^it is link-local/)
    expect(judge('any', 'fe80::1%eth0', rules('fe80::/10'))).toBeNull()
  })
})

describe('the settings', () => {
  test.each([
    '10.0.0.1/8',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '-',
    'a!',
    '*.',
    '*',
    'http://x',
    'x:389',
    'x/y',
    'x?y',
    'x#y',
    'x@y',
    'x\\y',
    'x%41',
    '2130706433',
    'fe80::1%eth0/64',
    '.x',
  ])('%s is refused, by its place in the list', entry => {
    expect(() => outboundRulesOf(`127.0.0.1,${entry}`, 'OUTBOUND_DENY')).toThrow(Invalid)
    expect(() => outboundRulesOf(entry, 'OUTBOUND_DENY')).toThrow(/entry 1 is none$/)
  })
  test('no more than a thousand', () => {
    expect(outboundRulesOf('10.0.0.1,'.repeat(1_000), 'OUTBOUND_DENY')).toHaveLength(1_000)
    expect(() => outboundRulesOf('10.0.0.1,'.repeat(1_001), 'OUTBOUND_DENY')).toThrow(
      'OUTBOUND_DENY must have at most 1000 entries',
    )
  })
  test('a name in any spelling of it', () => {
    expect(outboundRulesOf('LDAP.Bücher.example.', 'x')).toEqual([
      { kind: 'name', name: 'ldap.xn--bcher-kva.example', below: false },
    ])
  })
})
