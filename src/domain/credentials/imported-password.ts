import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { verify as verifyArgon2 } from '@node-rs/argon2'
import { verify as verifyBcrypt } from '@node-rs/bcrypt'
import { type ImportedHash, type Pbkdf2Hash, parseImportedHash, type ScryptHash } from './imported-hash.ts'

// All on threads of libuv: none blocks the process.
const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify<Buffer | string, Buffer, number, object, Buffer>(scrypt)

/** Null for what no import stores. The result takes about a second at most. */
export function importedVerifier(stored: string): ((password: string) => Promise<boolean>) | null {
  try {
    const hash = parseImportedHash(stored)
    return password => fits(hash, password)
  } catch {
    return null
  }
}

async function fits(hash: ImportedHash, password: string): Promise<boolean> {
  if ('text' in hash) return hash.kind === 'argon2' ? verifyArgon2(hash.text, password) : verifyBcrypt(password, hash.text)
  return timingSafeEqual(await derived(hash, password), hash.tag)
}

function derived(hash: Pbkdf2Hash | ScryptHash, password: string): Promise<Buffer> {
  const { salt, tag } = hash
  if (hash.kind === 'pbkdf2') return derivePbkdf2(password, salt, hash.iterations, tag.length, hash.digest)
  const { N, r, p } = hash
  return deriveScrypt(password, salt, tag.length, { N, r, p, maxmem: 128 * r * (N + p + 2) + 1_048_576 })
}
