import { randomBytes } from 'node:crypto'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import type { PasswordHasher } from '../../authorization/ports.ts'
import { Invalid, TooManyRequests } from '../../platform/errors.ts'
import { FairQueue, type Turn } from '../../platform/fair-queue.ts'

// Flow of a password: check (new ones only) -> NFKC -> its turn in the queue -> argon2id in a thread of libuv's pool.
// Every verify costs one full hash whatever the account is like, so time tells nobody which accounts exist.

/** 19 MiB, two passes, one lane (OWASP's second choice): about 113 log-ins a second and core. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** What a password may be unless a policy says otherwise; also the longest that verify looks at, so that lowering
 * PASSWORD maxLength later locks nobody out. */
const maxCharacters = 1024

/** The turn of work that nobody waits for by name. */
const NO_ACCOUNT: Turn = { actor: '' }
/** About half a minute of log-ins on two cores; those beyond are TooManyRequests. */
const MAX_WAITING = 4000
const RETRY_AFTER = 30

export interface PasswordLimits {
  /** Hashes computed at one time. Each takes 19 MiB and a thread of libuv's pool, which has four by default. */
  inFlight: number
  /** Characters (code points) of a new password. */
  minLength: number
  maxLength: number
}

export function createPasswordHasher({ inFlight, minLength, maxLength }: PasswordLimits): PasswordHasher {
  const queue = new FairQueue({
    places: inFlight,
    maxWaiting: { total: MAX_WAITING },
    refuse: () => new TooManyRequests('Too many passwords are being checked, try again later', { retryAfter: RETRY_AFTER }),
  })
  const longest = Math.max(maxLength, maxCharacters)
  // A random tag: no password fits it, and making it costs nothing.
  const decoy = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${base64(16)}$${base64(32)}`

  return {
    check(field, password) {
      if (typeof password !== 'string') throw new Invalid(field, 'must be a string')
      const length = countCharacters(password)
      if (length < minLength || length > maxLength) throw new Invalid(field, `must be ${minLength} to ${maxLength} characters`)
      if (!isText(password)) throw new Invalid(field, 'must not contain NUL or lone surrogates')
    },
    hash: (password, turn = NO_ACCOUNT) => queue.run(turn, () => hash(password.normalize('NFKC'), cost)),
    verify(phc, password, turn = NO_ACCOUNT) {
      // Decided before the queue, so that what waits there is small, and before NFKC, which is slow on long hostile text.
      // Lone surrogates would all reach argon2 as one replacement character.
      const possible = password.length <= 2 * longest && countCharacters(password) <= longest && isText(password)
      const stored = phc !== null && possible && isPhc(phc) ? phc : decoy
      const given = possible ? password.normalize('NFKC') : ''
      return queue.run(turn, () => verify(stored, given).catch(() => false))
    },
  }
}

/** A random password of at least `minLength` characters. */
export function generatePassword(minLength: number): string {
  // Base64 makes four characters of three bytes.
  return randomBytes(Math.max(15, Math.ceil((minLength * 3) / 4))).toString('base64url')
}

/** Asked beforehand, because verify refuses a malformed string without doing any work. */
function isPhc(text: string): boolean {
  try {
    parseOptions(text)
    return true
  } catch {
    return false
  }
}

function isText(password: string): boolean {
  return password.isWellFormed() && !password.includes('\0')
}

function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '')
}
