import { isIP } from 'node:net'

/** 128 bits; IPv4 is IPv4-mapped. */
export type Bits = bigint

export interface Network {
  readonly first: Bits
  readonly prefix: number
}

const MAPPED = 0xffffn << 32n
const LOW = 0xffff_ffffn

export function bitsOf(address: string): Bits | null {
  if (address.length > 100) return null
  const zone = address.indexOf('%')
  const plain = zone < 0 ? address : address.slice(0, zone)
  if (isIP(plain) === 4) return MAPPED | plain.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
  if (isIP(plain) !== 6) return null
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

export function networkOf(text: string): Network | null {
  const [address = '', length, ...rest] = text.split('/')
  const first = address.includes('%') ? null : bitsOf(address)
  if (first === null || rest.length > 0) return null
  const most = isIP(address) === 4 ? 32 : 128
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  const given = length === undefined ? most : Number(length)
  if (given > most) return null
  const prefix = given + 128 - most
  return (first >> BigInt(128 - prefix)) << BigInt(128 - prefix) === first ? { first, prefix } : null
}

export const isIn = ({ first, prefix }: Network, bits: Bits): boolean =>
  bits >> BigInt(128 - prefix) === first >> BigInt(128 - prefix)

export const isWithin = (outer: Network, inner: Network): boolean => inner.prefix >= outer.prefix && isIn(outer, inner.first)

const NAT64 = networkOf('64:ff9b::/96')!
const LOCAL_NAT64 = networkOf('64:ff9b:1::/48')!
const SIX_TO_FOUR = networkOf('2002::/16')!
const TEREDO = networkOf('2001::/32')!
const COMPATIBLE = networkOf('::/96')!

/**
 * With embedded IPv4 addresses: NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380), IPv4-compatible (RFC
 * 4291, 2.5.5.1).
 */
export function endsOf(bits: Bits): Bits[] {
  const low = bits & LOW
  if (isIn(NAT64, bits) || isIn(LOCAL_NAT64, bits)) return [bits, MAPPED | low]
  if (isIn(SIX_TO_FOUR, bits)) return [bits, MAPPED | ((bits >> 80n) & LOW)]
  if (isIn(TEREDO, bits)) return [bits, MAPPED | ((bits >> 64n) & LOW), MAPPED | (low ^ LOW)]
  // :: and ::1 are no IPv4 addresses.
  if (isIn(COMPATIBLE, bits) && low >> 24n > 0n) return [bits, MAPPED | low]
  return [bits]
}
