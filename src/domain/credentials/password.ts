import { randomBytes } from 'node:crypto'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import type { PasswordHasher } from '../../authorization/ports.ts'
import { Invalid, TooManyRequests } from '../../platform/errors.ts'
import { FairQueue, type Turn } from '../../platform/fair-queue.ts'
import { importedVerifier } from './imported-password.ts'

// Policy → NFKC → queue → argon2id. Always one hash: time reveals nothing.

/** 19 MiB, two passes, one lane (OWASP). */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** Also for verification: a stricter policy locks nobody out. */
const maxCharacters = 1024

const NO_ACCOUNT: Turn = { actor: '' }
/** About 30 seconds of work on two cores. */
const MAX_WAITING = 4000
const RETRY_AFTER = 30

export interface PasswordLimits {
  /** 19 MiB and a libuv thread (of four) each. */
  inFlight: number
  minLength: number
  maxLength: number
}

export function createPasswordHasher({ inFlight, minLength, maxLength }: PasswordLimits): PasswordHasher {
  const queue = new FairQueue({
    places: inFlight,
    maxWaiting: { total: MAX_WAITING },
    refuse: () =>
      new TooManyRequests('Too many passwords are being checked, try again later', {
        retryAfter: RETRY_AFTER,
        reason: 'passwords',
      }),
  })
  const longest = Math.max(maxLength, maxCharacters)
  // A random tag that no password fits.
  const decoy = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${base64(16)}$${base64(32)}`

  return {
    queue,
    check(field, password) {
      if (typeof password !== 'string') throw new Invalid(field, 'must be a string')
      const length = countCharacters(password)
      if (length < minLength || length > maxLength) throw new Invalid(field, `must be ${minLength} to ${maxLength} characters`)
      if (!isText(password)) throw new Invalid(field, 'must not contain NUL or lone surrogates')
    },
    hash: (password, turn = NO_ACCOUNT) => queue.run(turn, () => hash(password.normalize('NFKC'), cost)),
    verify(phc, password, turn = NO_ACCOUNT) {
      const possible = isPossible(password, longest)
      const stored = phc !== null && possible && isPhc(phc) ? phc : decoy
      const given = possible ? password.normalize('NFKC') : ''
      return queue.run(turn, () => verify(stored, given).catch(() => false))
    },
    verifyImported(stored, password, turn = NO_ACCOUNT) {
      const fits = isPossible(password, longest) ? importedVerifier(stored) : null
      // Other systems hash what is typed, without NFKC.
      return fits === null ? this.verify(null, password, turn) : queue.run(turn, () => fits(password).catch(() => false))
    },
  }
}

/** Bounds the queue and slow NFKC. argon2 merges lone surrogates. */
const isPossible = (password: string, longest: number): boolean =>
  password.length <= 2 * longest && countCharacters(password) <= longest && isText(password)

export interface StoredPassword {
  readonly passwordHash: string | null
  readonly imported: boolean
}

/** Null: there is no such account. */
export const verifyStored = (
  hasher: PasswordHasher,
  stored: StoredPassword | null,
  { password, turn }: { password: string; turn: Turn },
): Promise<boolean> =>
  stored?.imported && stored.passwordHash !== null
    ? hasher.verifyImported(stored.passwordHash, password, turn)
    : hasher.verify(stored?.passwordHash ?? null, password, turn)

export function generatePassword(minLength: number): string {
  return randomBytes(Math.max(15, Math.ceil((minLength * 3) / 4))).toString('base64url')
}

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
