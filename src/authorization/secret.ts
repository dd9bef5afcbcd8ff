import { hash, randomInt, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

// Bearer secrets are random, so a fast hash (SHA-256) is enough. A checksum rejects typing errors without a
// lookup.

/** API key, token, invitation, SCIM key. */
export type SecretKind = 'rk' | 'rt' | 'ri' | 'rs'

export interface GeneratedSecret {
  secret: string
  hash: Buffer<ArrayBuffer>
  prefix: string
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 238 random bits, of which lists reveal 36. */
const randomCharacters = 40
/** CRC-32 in base 62, for typing errors only. */
const checkCharacters = 6
const prefixCharacters = 6
const form = new RegExp(`^(rk|rt|ri|rs)_[0-9A-Za-z]{${randomCharacters + checkCharacters}}$`)

/** Alphanumeric: a double click selects it and no API encodes it. */
export function generateSecret(kind: SecretKind): GeneratedSecret {
  const body = Array.from({ length: randomCharacters }, () => alphabet[randomInt(alphabet.length)]).join('')
  const text = `${kind}_${body}`
  const secret = text + checksum(text)
  return { secret, hash: hashSecret(secret), prefix: secret.slice(0, kind.length + 1 + prefixCharacters) }
}

export function parse(text: string): { kind: SecretKind; hash: Buffer<ArrayBuffer> } | null {
  const kind = form.exec(text)?.[1] as SecretKind | undefined
  if (!kind || checksum(text.slice(0, -checkCharacters)) !== text.slice(-checkCharacters)) return null
  return { kind, hash: hashSecret(text) }
}

export function hashSecret(secret: string): Buffer<ArrayBuffer> {
  return hash('sha256', secret, 'buffer')
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

export function fromHeader(authorization: string | undefined): string | null {
  const words = (authorization ?? '').split(/[ \t]+/).filter(word => word !== '')
  if (words[0]?.toLowerCase() === 'bearer') words.shift()
  return words.length === 1 ? words[0]! : null
}

/** Converts a Basic password (RFC 7617) to a Bearer header. */
export function withoutBasic(authorization: string | undefined): string | undefined {
  const [, credentials] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '') ?? []
  if (credentials === undefined) return authorization
  const pair = Buffer.from(credentials, 'base64').toString()
  const password = pair.slice(pair.indexOf(':') + 1)
  return parse(password)?.kind === 'rk' ? `Bearer ${password}` : undefined
}

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < checkCharacters; place++) {
    digits = alphabet[rest % alphabet.length] + digits
    rest = Math.floor(rest / alphabet.length)
  }
  return digits
}
