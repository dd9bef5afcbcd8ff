import { BlockList, isIP } from 'node:net'
import { Invalid } from '../errors.ts'
import type { TrustedProxies } from '../http/client-address.ts'
import { checkEmail } from '../validation.ts'

/** Throw Invalid without the value, which may be secret. */
export type Parse<Value> = (text: string, name: string) => Value

export function integer(min: number, max: number): Parse<number> {
  return (text, name) => {
    const value = Number(text)
    if (!/^\d{1,10}$/.test(text) || value < min || value > max)
      throw new Invalid(name, `must be a whole number from ${min} to ${max}`)
    return value
  }
}

export function oneOf<const Word extends string>(words: readonly Word[]): Parse<Word> {
  return (text, name) => {
    const word = words.find(known => known === text)
    if (word === undefined) throw new Invalid(name, `must be one of ${words.join(', ')}`)
    return word
  }
}

export function address(protocols: readonly string[]): Parse<string> {
  return (text, name) => {
    const url = protocols.some(protocol => text.startsWith(`${protocol}//`)) ? URL.parse(text) : null
    if (url === null || (url.hostname === '' && url.protocol.startsWith('smtp')))
      throw new Invalid(name, `must be a URL that begins with ${protocols.map(protocol => `${protocol}//`).join(' or ')}`)
    if (!isDecodable(url.username + url.password + url.pathname))
      throw new Invalid(name, 'must have each % of its user, password and path written as %25')
    return text
  }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

export function hostOf(text: string, name: string): string {
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(text)
  if ((isIP(text) === 0 && !isName) || !URL.canParse(`http://${bracketed(text)}`))
    throw new Invalid(name, 'must be an IP address or a host name, without a port')
  return text
}

export function publicUrlOf(text: string, name: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new Invalid(name, 'must be an http or https URL')
  if (url.username !== '' || url.password !== '' || /[?#]/.test(text))
    throw new Invalid(name, 'must not have credentials, a query or a fragment')
  let end = url.href.length
  while (url.href[end - 1] === '/') end--
  return url.href.slice(0, end)
}

/** Exactly as browsers send them in the header Origin. */
export function originsOf(text: string, name: string): string[] {
  const origins = text.split(',').map(part => part.trim())
  for (const origin of origins)
    if (!/^https?:/.test(origin) || URL.parse(origin)?.origin !== origin)
      throw new Invalid(
        name,
        'must be http or https origins separated by commas, in lower case and without a path or a slash at the end',
      )
  return [...new Set(origins)]
}

export function passwordOf(max: number): Parse<string> {
  return (text, name) => {
    if ([...text].length > max) throw new Invalid(name, `must have at most ${max} characters`)
    return text
  }
}

export function keyOf(text: string, name: string): Buffer {
  const key = Buffer.from(text, 'base64')
  // Buffer skips invalid base64, so compare.
  if (key.length !== 32 || key.toString('base64') !== text) throw new Invalid(name, 'must be 32 bytes in base64 (44 characters)')
  return key
}

/** One mailbox (RFC 5322): an unquoted comma would make two. */
export function mailFromOf(text: string, name: string): string {
  const [, named, bare] = /^(?:(?:"[^"\\\p{Cc}]*"|[^"<>(),;:@\\\p{Cc}]*) ?<([^<>]*)>|([^<>]*))$/u.exec(text) ?? []
  const mailbox = named ?? bare
  if (mailbox === undefined) throw new Invalid(name, 'must be an e-mail address, or a name and the address in < >')
  checkEmail(name, mailbox)
  return text
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

export function reachable(host: string): string {
  return host === '0.0.0.0' || /^[0:]+$/.test(host) ? '127.0.0.1' : bracketed(host)
}

/** 'credentials': before an @; all of a URL, where a password may contain a slash. */
export function mask(text: string, secret: 'whole' | 'url' | 'credentials'): string {
  if (secret === 'credentials') return printable(text.replace(/^([a-z]+:\/\/)?.*@/is, '$1****@'))
  const isPlain = /^[a-z]+:\/\/[^/?#\\]*(?:[/?#][^@]*)?$/i.test(text)
  const url = secret === 'url' && isPlain ? URL.parse(text) : null
  if (url === null) return '****'
  const who = url.username === '' && url.password === '' ? '' : '****@'
  return printable(`${url.protocol}//${who}${url.host}${url.pathname}${url.search === '' ? '' : '?****'}`)
}

export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '\uFFFD')
}

export function trustedProxiesOf(text: string, name: string): TrustedProxies {
  if (/^\d+$/.test(text)) return { hops: integer(1, 10)(text, name) }
  const networks = new BlockList()
  for (const entry of text.split(',').map(part => part.trim())) {
    const [address = '', length, ...rest] = entry.split('/')
    const family = isIP(address)
    const most = family === 6 ? 128 : 32
    if (family === 0 || rest.length > 0 || (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most)))
      throw new Invalid(name, 'must be a number from 1 to 10, or IP addresses and networks (CIDR) separated by commas')
    networks.addSubnet(address, Number(length ?? most), family === 6 ? 'ipv6' : 'ipv4')
  }
  return { networks }
}

export interface Setting<Value> {
  meaning: string
  parse: Parse<Value>
  fix: string
  fallback: Value
  unset?: string
  secret?: 'whole' | 'url' | 'credentials'
}

export function setting<Value>(row: Setting<Value>): Setting<Value> {
  return row
}
