import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { LoginSubjects } from '../../authorization/ports.ts'

// Failed log-ins delay further ones, per account and address.

export const lockout = {
  windowSeconds: 600,
  /** The first delayed failure. An address may be an office. */
  firstDelayed: { account: 5, address: 100 },
  /** Seconds; the last repeats. */
  delays: [1, 2, 4, 8, 16, 32, 64, 128, 256, 300],
  /** Seconds until a reservation expires, queueing included. */
  leaseSeconds: 60,
  /** Known addresses have their own count. */
  knownSeconds: 7_776_000,
  knownAddresses: 20,
} as const

/** `useridKey` is canonical; unknown names count alike. */
export function subjectsOf(iamid: string, useridKey: string, address: string): LoginSubjects {
  const from = network(address)
  return {
    account: sha256(`account:${iamid}:${useridKey}`),
    address: sha256(`address:${from}`),
    own: sha256(`own:${from}:${iamid}:${useridKey}`),
  }
}

/** Mapped IPv4 is IPv4; IPv6 counts by /64, a subscriber's network. */
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
