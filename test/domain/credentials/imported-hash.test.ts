import { expect, test } from 'vitest'
import { parseImportedHash, storedForm } from '../../../src/domain/credentials/imported-hash.ts'
import { HASHES } from './hashes.ts'

const messageOf = (text: string): string => {
  try {
    parseImportedHash(text)
  } catch (error) {
    expect((error as Error).message).not.toContain(text)
    return (error as Error).message
  }
  return 'taken'
}

test.each(Object.entries(HASHES))('%s is read, and its stored form is the same hash', (_, text) => {
  const hash = parseImportedHash(text)
  expect(storedForm(hash)).toMatch(/^\$/)
  expect(parseImportedHash(storedForm(hash))).toEqual(hash)
})

test('the schemes of directories are taken away', () => {
  const { 'bcrypt 2b': bcrypt, argon2id } = HASHES as Record<string, string>
  for (const [text, plain] of [
    [`{CRYPT}${bcrypt}`, bcrypt],
    [`{BCRYPT}${bcrypt}`, bcrypt],
    [`{ARGON2}${argon2id}`, argon2id],
    [bcrypt!.replace('$2b$', '$2y$'), bcrypt!.replace('$2b$', '$2y$')],
  ])
    expect(storedForm(parseImportedHash(text!))).toBe(plain)
  expect(
    storedForm(parseImportedHash('$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')),
  ).toBe('$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
})

const TAG = 'A'.repeat(43)
const SALT = 'c2FsdHNhbHQ'
test.each([
  ['plain text', 'is in no form'],
  ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'is in no form'],
  ['$6$salt$hash', 'is in no form'],
  ['$2x$05$zKLt/8ZkxGTLiCJM8mCwsezaFDb8tuA2B8YILGZswn7Txfb5.3Dga', 'bcrypt must be'],
  [
    '$2b$14$zKLt/8ZkxGTLiCJM8mCwsezaFDb8tuA2B8YILGZswn7Txfb5.3Dga',
    'takes too much work at each log-in: bcrypt may have a cost up to 13',
  ],
  ['$2b$03$zKLt/8ZkxGTLiCJM8mCwsezaFDb8tuA2B8YILGZswn7Txfb5.3Dga', 'cost of at least 4'],
  ['$2b$05$zKLt', 'bcrypt must be'],
  [`$argon2d$v=19$m=1024,t=3,p=1$${SALT}$${TAG}`, 'argon2 must be argon2id or argon2i'],
  [`$argon2id$v=16$m=1024,t=3,p=1$${SALT}$${TAG}`, 'argon2 must be argon2id or argon2i of version 19'],
  [`$argon2id$v=19$m=65537,t=1,p=1$${SALT}$${TAG}`, 'takes too much work'],
  [`$argon2id$v=19$m=65536,t=11,p=1$${SALT}$${TAG}`, 'takes too much work'],
  [`$argon2id$v=19$m=1024,t=1,p=17$${SALT}$${TAG}`, 'takes too much work'],
  [`$argon2id$v=19$m=8,t=1,p=2$${SALT}$${TAG}`, 'm of at least 8 times p'],
  [`$argon2id$v=19$m=1024,t=0,p=1$${SALT}$${TAG}`, 't and p of at least 1'],
  [`$argon2id$v=19$m=1024,t=1,p=1$${SALT}$AAAA`, 'tag must have 16 to 64 bytes'],
  [`$argon2id$v=19$m=1024,t=1,p=1$c2Fs$${TAG}`, 'salt must have 8 to 64 bytes'],
  [`$pbkdf2-sha256$2000001$${SALT}$${TAG}`, 'PBKDF2 may have up to 2000000 iterations'],
  [`$pbkdf2-sha256$1000001$${SALT}$${'A'.repeat(86)}`, 'over all blocks'],
  [`$pbkdf2-sha256$0$${SALT}$${TAG}`, 'at least 1 iteration'],
  [`$pbkdf2-md5$1000$${SALT}$${TAG}`, 'PBKDF2 must be of sha1'],
  [`$pbkdf2-sha256$1000$${SALT}$!!!!`, 'must be base64'],
  [`$pbkdf2-sha256$1000$${SALT}$AAAA`, 'tag must have 16 to 64 bytes'],
  [`$scrypt$ln=17,r=8,p=1$${SALT}$${TAG}`, 'scrypt may take up to 67108864 bytes'],
  [`$scrypt$ln=16,r=8,p=5$${SALT}$${TAG}`, 'takes too much work'],
  [`$scrypt$ln=0,r=8,p=1$${SALT}$${TAG}`, 'a power of 2 as N'],
  [`scrypt$1000$saltsalt$8$1$${TAG}=`, 'a power of 2 as N'],
  [`$scrypt$ln=10,r=0,p=1$${SALT}$${TAG}`, 'r and p of at least 1'],
  [`$scrypt$r=8,p=1$${SALT}$${TAG}`, 'scrypt must have ln'],
  ['x'.repeat(513), 'at most 512 characters'],
])('%s is refused', (text, reason) => {
  expect(messageOf(text)).toMatch(/^passwordHash /)
  expect(messageOf(text)).toContain(reason)
})
