import type { IncomingHttpHeaders } from 'node:http'
import { type BlockList, isIP } from 'node:net'

export type TrustedProxies = { readonly networks: BlockList } | { readonly hops: number }

/** From the last one back. */
const MAX_ENTRIES = 32

/**
 * The right-most untrusted address of X-Forwarded-For, else of Forwarded (RFC 7239). Invalid entries or too few
 * hops leave the socket's.
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

function forwardedFor(headers: IncomingHttpHeaders): string[] {
  const list = headers['x-forwarded-for']
  if (typeof list === 'string') return lastFirst(list)
  return typeof headers.forwarded === 'string' ? lastFirst(headers.forwarded).map(forOf) : []
}

const lastFirst = (list: string): string[] => list.split(',').slice(-MAX_ENTRIES).reverse()

function forOf(element: string): string {
  for (const pair of element.split(';')) {
    const [name = '', value = ''] = pair.split('=', 2)
    if (name.trim().toLowerCase() === 'for') return value.trim().replace(/^"([^"]*)"$/, '$1')
  }
  return ''
}

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
