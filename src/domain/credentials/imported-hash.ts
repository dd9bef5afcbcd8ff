/** Password hashes of other systems. Errors never repeat them. */
import { Invalid } from '../../platform/errors.ts'

type Digest = 'sha1' | 'sha256' | 'sha512'
interface Derived {
  readonly salt: Buffer
  readonly tag: Buffer
}
export interface TextHash {
  readonly kind: 'argon2' | 'bcrypt'
  readonly text: string
}
export interface Pbkdf2Hash extends Derived {
  readonly kind: 'pbkdf2'
  readonly digest: Digest
  readonly iterations: number
}
export interface ScryptHash extends Derived {
  readonly kind: 'scrypt'
  readonly N: number
  readonly r: number
  readonly p: number
}
export type ImportedHash = TextHash | Pbkdf2Hash | ScryptHash

/** About a second of one core, and 64 MiB. */
const MOST = {
  characters: 512,
  argon2: { kib: 65_536, kibTimesPasses: 655_360, lanes: 16 },
  bcrypt: { cost: 13 },
  /** Times the blocks of the tag. */
  pbkdf2: { iterations: 2_000_000 },
  scrypt: { bytes: 67_108_864, work: 2_097_152 },
}
const TAG = { least: 16, most: 64 }
const SALT = { least: 4, most: 128 }

const FORMS = 'argon2id, argon2i, bcrypt, PBKDF2 or scrypt, in PHC or crypt form'
const costly = (what: string): Invalid => new Invalid('passwordHash', `takes too much work at each log-in: ${what}`)
const malformed = (what: string): Invalid => new Invalid('passwordHash', `is malformed: ${what}`)

/** `{CRYPT}` and the like, Django's and PHC. Throws Invalid for what is unknown, malformed or takes too long. */
export function parseImportedHash(given: string): ImportedHash {
  if (given.length > MOST.characters) throw new Invalid('passwordHash', `must have at most ${MOST.characters} characters`)
  const text = given.replace(/^\{(?:crypt|argon2|bcrypt|blf-crypt)\}/i, '').replace(/^(?:argon2|bcrypt)\$(?=\$2|argon2i)/, dollar)
  const hash = argon2(text) ?? bcrypt(text) ?? pbkdf2(text) ?? scrypt(text)
  if (hash === null) throw new Invalid('passwordHash', `is in no form that can be imported: it must be ${FORMS}`)
  return hash
}

/** Django writes `argon2$argon2id$…` and `bcrypt$$2b$…`. */
const dollar = (prefix: string): string => (prefix.startsWith('argon2') ? '$' : '')

/** What is stored: `parseImportedHash` reads it again. */
export function storedForm(hash: ImportedHash): string {
  if ('text' in hash) return hash.text
  const rest = `${base64(hash.salt)}$${base64(hash.tag)}`
  return hash.kind === 'pbkdf2'
    ? `$pbkdf2-${hash.digest}$i=${hash.iterations}$${rest}`
    : `$scrypt$ln=${Math.log2(hash.N)},r=${hash.r},p=${hash.p}$${rest}`
}

function argon2(text: string): ImportedHash | null {
  if (!/^\$argon2/.test(text)) return null
  const found = /^\$argon2id?\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([^$]+)\$([^$]+)$/.exec(text)
  if (found === null) throw malformed('argon2 must be argon2id or argon2i of version 19, with m, t, p, a salt and a tag')
  const [kib, passes, lanes] = found.slice(1, 4).map(Number) as [number, number, number]
  const { argon2: most } = MOST
  if (kib > most.kib || kib * passes > most.kibTimesPasses || lanes > most.lanes)
    throw costly(`argon2 may have m up to ${most.kib}, m times t up to ${most.kibTimesPasses}, and p up to ${most.lanes}`)
  if (passes < 1 || lanes < 1 || kib < 8 * lanes)
    throw malformed('argon2 must have t and p of at least 1, and m of at least 8 times p')
  checkSize('salt', bytes(found[4]!), { least: 8, most: 64 })
  checkSize('tag', bytes(found[5]!), TAG)
  return { kind: 'argon2', text }
}

function bcrypt(text: string): ImportedHash | null {
  if (!/^\$2[a-z]?\$/.test(text)) return null
  const found = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)
  if (found === null) throw malformed('bcrypt must be $2a$, $2b$ or $2y$, the cost and 53 characters')
  const cost = Number(found[1])
  if (cost > MOST.bcrypt.cost) throw costly(`bcrypt may have a cost up to ${MOST.bcrypt.cost}`)
  if (cost < 4) throw malformed('bcrypt must have a cost of at least 4')
  return { kind: 'bcrypt', text }
}

/** PHC and passlib; Django; OpenLDAP. */
const PBKDF2 =
  /^(?:\$pbkdf2(?:-(?<phc>sha1|sha256|sha512))?\$(?:i=)?(?<i1>\d{1,9})(?:,l=\d+)?\$|pbkdf2_(?<django>sha1|sha256|sha512)\$(?<i2>\d{1,9})\$|\{pbkdf2(?:[-_](?<ldap>sha1|sha256|sha512))?\}(?<i3>\d{1,9})\$)(?<salt>[^$]+)\$(?<tag>[^$]+)$/i

function pbkdf2(text: string): ImportedHash | null {
  if (!/^(?:\$pbkdf2|pbkdf2_|\{pbkdf2)/i.test(text)) return null
  const found = PBKDF2.exec(text)?.groups
  if (found === undefined) throw malformed('PBKDF2 must be of sha1, sha256 or sha512, with iterations, a salt and a tag')
  const { phc, django, ldap, i1, i2, i3 } = found
  const digest = (phc ?? django ?? ldap ?? 'sha1').toLowerCase() as Digest
  const iterations = Number(i1 ?? i2 ?? i3)
  // Django's salt is text.
  const salt = checkSize('salt', django === undefined ? bytes(found.salt!) : Buffer.from(found.salt!), SALT)
  const tag = checkSize('tag', bytes(found.tag!), TAG)
  const blocks = Math.ceil(tag.length / { sha1: 20, sha256: 32, sha512: 64 }[digest])
  if (iterations * blocks > MOST.pbkdf2.iterations)
    throw costly(`PBKDF2 may have up to ${MOST.pbkdf2.iterations} iterations, over all blocks of its tag`)
  if (iterations < 1) throw malformed('PBKDF2 must have at least 1 iteration')
  return { kind: 'pbkdf2', digest, iterations, salt, tag }
}

/** PHC; Django. */
const SCRYPT =
  /^(?:\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r1>\d{1,9}),p=(?<p1>\d{1,9})\$(?<salt>[^$]+)|scrypt\$(?<n>\d{1,9})\$(?<text>[^$]+)\$(?<r2>\d{1,9})\$(?<p2>\d{1,9}))\$(?<tag>[^$]+)$/

function scrypt(text: string): ImportedHash | null {
  if (!/^\$?scrypt\$/.test(text)) return null
  const found = SCRYPT.exec(text)?.groups
  if (found === undefined) throw malformed('scrypt must have ln, r, p, a salt and a tag')
  const N = found.ln === undefined ? Number(found.n) : 2 ** Number(found.ln)
  const [r, p] = [Number(found.r1 ?? found.r2), Number(found.p1 ?? found.p2)]
  const { bytes: most, work } = MOST.scrypt
  if (128 * N * r > most || N * r * p > work)
    throw costly(`scrypt may take up to ${most} bytes (128 times N times r), and N times r times p up to ${work}`)
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1)
    throw malformed('scrypt must have a power of 2 as N, and r and p of at least 1')
  const salt = checkSize('salt', found.salt === undefined ? Buffer.from(found.text!) : bytes(found.salt), SALT)
  return { kind: 'scrypt', N, r, p, salt, tag: checkSize('tag', bytes(found.tag!), TAG) }
}

/** Base64 with or without padding; passlib writes `.` for `+`. */
function bytes(text: string): Buffer {
  const plain = text.replaceAll('.', '+').replace(/={1,2}$/, '')
  if (!/^[A-Za-z0-9+/]+$/.test(plain) || plain.length % 4 === 1) throw malformed('its salt and its tag must be base64')
  return Buffer.from(plain, 'base64')
}

function checkSize(what: string, value: Buffer, { least, most }: { least: number; most: number }): Buffer {
  if (value.length < least || value.length > most) throw malformed(`its ${what} must have ${least} to ${most} bytes`)
  return value
}

const base64 = (value: Buffer): string => value.toString('base64').replaceAll('=', '')
