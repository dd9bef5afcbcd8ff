/** Whose address a request comes from: the socket's, or what proxies that are trusted say of whom they forward for. */
import type { IncomingHttpHeaders } from 'node:http'
import { type BlockList, isIP } from 'node:net'

/** The proxies in front: networks, or how many there are on every way. */
export type TrustedProxies = { readonly networks: BlockList } | { readonly hops: number }

/** Entries of a header that are read, from the last one back. */
const MAX_ENTRIES = 32

/**
 * The right-most address that is no trusted proxy's. X-Forwarded-For is read; Forwarded (RFC 7239) only where there is none. Anything
 * that is no address, or fewer entries than hops, leaves the socket's.
 */
export function clientAddress(socket: string, headers: IncomingHttpHeaders, trusted: TrustedProxies | null): string {
  const peer = addressOf(socket) ?? socket
  if (trusted === null || ('networks' in trusted && !isIn(trusted.networks, peer))) return peer
  const forwarded = forwardedFor(headers)
  if ('hops' in trusted) return addressOf(forwarded[trusted.hops - 1] ?? '') ?? peer
  let client = peer
  for (const entry of forwarded) {
    const address = addressOf(entry)
    if (address === null) return peer
    client = address
    if (!isIn(trusted.networks, address)) return client
  }
  return client
}

function isIn(networks: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && networks.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Whom the request was forwarded for, the last one first. */
function forwardedFor(headers: IncomingHttpHeaders): string[] {
  const list = headers['x-forwarded-for']
  if (typeof list === 'string') return lastFirst(list)
  return typeof headers.forwarded === 'string' ? lastFirst(headers.forwarded).map(forOf) : []
}

const lastFirst = (list: string): string[] => list.split(',').slice(-MAX_ENTRIES).reverse()

/** The value of `for` in one element of Forwarded, '' for none. */
function forOf(element: string): string {
  for (const pair of element.split(';')) {
    const [name = '', value = ''] = pair.split('=', 2)
    if (name.trim().toLowerCase() === 'for') return value.trim().replace(/^"([^"]*)"$/, '$1')
  }
  return ''
}

/** One spelling of an address that may have a port, brackets or a zone, or be IPv4 within IPv6; null for anything else. */
function addressOf(text: string): string | null {
  const trimmed = text.trim()
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/.exec(trimmed) ?? []
  const [address] = (bracketed ?? plain ?? trimmed).split('%', 1)
  const family = isIP(address!)
  if (family === 0 || (bracketed !== undefined && family !== 6)) return null
  if (family === 4) return address!
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (mapped === null) return canonical
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
