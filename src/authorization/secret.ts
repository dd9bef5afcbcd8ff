import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

// Flow of a bearer secret: mint -> shown once, hash and prefix kept -> header -> parse refuses a mistyped one without a
// look-up -> the row is found by its SHA-256 -> sameHash. A fast hash is enough because the secret is random, not chosen.

/** API key, access token, invitation, SCIM key. */
export type SecretKind = 'rk' | 'rt' | 'ri' | 'rs'

export interface GeneratedSecret {
  /** Shown to its owner once and kept nowhere. */
  secret: string
  /** SHA-256, 32 bytes: what is stored and looked up. */
  hash: Buffer<ArrayBuffer>
  /** The first characters, for lists. */
  prefix: string
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 40 characters of 62 are 238 random bits; 202 stay unknown to who reads the prefix in a list. */
const randomCharacters = 40
/** A CRC-32 in base 62. It finds typing errors; it protects nothing. */
const checkCharacters = 6
const prefixCharacters = 6
const form = new RegExp(`^(rk|rt|ri|rs)_[0-9A-Za-z]{${randomCharacters + checkCharacters}}$`)

/** Letters and digits only, so that a double click selects a whole secret and no API has to encode it. */
export function generateSecret(kind: SecretKind): GeneratedSecret {
  const body = Array.from({ length: randomCharacters }, () => alphabet[randomInt(alphabet.length)]).join('')
  const text = `${kind}_${body}`
  const secret = text + checksum(text)
  return { secret, hash: hashSecret(secret), prefix: secret.slice(0, kind.length + 1 + prefixCharacters) }
}

/** What the text claims to be and the hash to look it up by, or null when no secret has this form. */
export function parse(text: string): { kind: SecretKind; hash: Buffer<ArrayBuffer> } | null {
  const kind = form.exec(text)?.[1] as SecretKind | undefined
  if (!kind || checksum(text.slice(0, -checkCharacters)) !== text.slice(-checkCharacters)) return null
  return { kind, hash: hashSecret(text) }
}

export function hashSecret(secret: string): Buffer<ArrayBuffer> {
  return createHash('sha256').update(secret).digest()
}

/** In constant time for hashes of one length. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The credential of an Authorization header, with or without the word Bearer, or null. Other schemes (Basic …) are null. */
export function fromHeader(authorization: string | undefined): string | null {
  const words = (authorization ?? '').split(/[ \t]+/).filter(word => word !== '')
  if (words[0]?.toLowerCase() === 'bearer') words.shift()
  return words.length === 1 ? words[0]! : null
}

/** The API key that stands as the password of Basic credentials (RFC 7617), as a header of its own; any other header as it is. */
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
