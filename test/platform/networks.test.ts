import { describe, expect, test } from 'vitest'
import { bitsOf, endsOf, isIn, isWithin, networkOf } from '../../src/platform/networks.ts'

const bits = (address: string) => bitsOf(address)!
const network = (text: string) => networkOf(text)!

describe('an address', () => {
  test.each([
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['fe80::1%eth0', 'FE80:0:0::1'],
    ['::ffff:a00:1', '10.0.0.1'],
  ])('%s is %s', (one, other) => {
    expect(bits(one)).toBe(bits(other))
  })

  test.each(['', 'localhost', '10.0.0', '10.0.0.256', '010.0.0.1', '::1::', '[::1]', `::1%${'x'.repeat(100)}`])(
    '%s is none',
    text => {
      expect(bitsOf(text)).toBeNull()
    },
  )
})

describe('a network', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0', '9.255.255.255', '10.255.255.255', '11.0.0.0'],
    ['192.168.1.128/25', '192.168.1.128', '192.168.1.127', '192.168.1.255', '192.168.2.0'],
    ['10.1.2.3', '10.1.2.3', '10.1.2.2', '10.1.2.3', '10.1.2.4'],
    ['fd00::/8', 'fd00::', 'fcff:ffff::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe00::'],
    ['0.0.0.0/0', '0.0.0.0', '::1', '255.255.255.255', '::1:0:0:0'],
  ])('%s holds its first and last address and not their neighbours', (text, first, before, last, after) => {
    expect([first, before, last, after].map(address => isIn(network(text), bits(address)))).toEqual([true, false, true, false])
  })

  test.each(['10.0.0.1/8', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', 'fe80::%eth0/64', 'x/8'])(
    '%s is none',
    text => {
      expect(networkOf(text)).toBeNull()
    },
  )

  test('lies within itself and a wider one', () => {
    const [wide, narrow] = [network('10.0.0.0/8'), network('10.1.0.0/16')]
    expect([isWithin(wide, narrow), isWithin(wide, wide), isWithin(narrow, wide)]).toEqual([true, true, false])
  })
})

test.each([
  ['64:ff9b::a00:1', ['10.0.0.1']],
  ['64:ff9b:1::a00:1', ['10.0.0.1']],
  ['2002:a00:1::', ['10.0.0.1']],
  ['2001:0:a00:1::f5ff:fffe', ['10.0.0.1', '10.0.0.1']],
  ['::10.0.0.1', ['10.0.0.1']],
  ['::1', []],
  ['::', []],
  ['2001:db8::1', []],
  ['10.0.0.1', []],
])('packets to %s may end at %j too', (address, ends) => {
  expect(endsOf(bits(address))).toEqual([address, ...ends].map(bits))
})
