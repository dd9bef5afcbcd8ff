import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { LoginSubjects } from '../../authorization/ports.ts'

// Failed log-ins slow the next ones down, per account and per address; the counting is in lockout.store.ts. A log-in: subjectsOf ->
// attempts.run: reserve (refuses under a lock) -> verify -> settle (asks for the lock again, counts or clears).

/** The numbers of the rule, in one place. */
export const lockout = {
  /** Failures count together within this time of the first of them. */
  windowSeconds: 600,
  /** The failure with this number is the first that is followed by a delay. An address may be a whole office. */
  firstDelayed: { account: 5, address: 100 },
  /** Seconds of delay after that failure and each further one: doubling to five minutes, where it stays. */
  delays: [1, 2, 4, 8, 16, 32, 64, 128, 256, 300],
  /** What a verification may take, its turn among the hashes included; then its reservation is void, and a killed instance's too. */
  leaseSeconds: 60,
  /** How long an address that logged in to an account keeps a count of its own there, and how many addresses of one account do. */
  knownSeconds: 7_776_000,
  knownAddresses: 20,
} as const

/** `useridKey` is the canonical userid, known or not: an unknown one is counted alike, or the delay would tell them apart. */
export function subjectsOf(iamid: string, useridKey: string, address: string): LoginSubjects {
  const from = network(address)
  return {
    account: sha256(`account:${iamid}:${useridKey}`),
    address: sha256(`address:${from}`),
    own: sha256(`own:${from}:${iamid}:${useridKey}`),
  }
}

/** IPv4 in IPv6 is the IPv4 address; other IPv6 counts by its /64, of which one subscriber has all addresses. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  const [plain = ''] = address.split('%', 1)
  if (!isIPv6(plain)) return address
  const [head, tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const before = head ? head.split(':') : []
  const after = tail ? tail.split(':') : []
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after].slice(0, 4).join(':')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
