import { expect, test } from 'vitest'
import { readMapping } from '../../src/cli/import.fields.ts'
import { readLdif } from '../../src/cli/import.ldif.ts'
import { HASHES } from '../domain/credentials/hashes.ts'

async function* pieces(text: string) {
  for (let at = 0; at < text.length; at += 7) yield text.slice(at, at + 7)
}
const read = async (text: string, map: string[] = []) => {
  const found: unknown[] = []
  for await (const { line, row, faults } of readLdif(pieces(text), readMapping(map)))
    found.push(row ?? [line, ...faults.map(({ message }) => message)])
  return found
}

const PEOPLE = `version: 1
# a comment that
  is continued
dn: uid=ines,ou=people,dc=roster
objectClass: top
objectClass: inetOrgPerson
uid: ines
cn: Silva, Ines
displayName:: SW7DqnMgU2lsdmE=
sn: Silva
mail: ines@silva.example
mail: second@silva.example
telephoneNumber: +32 1
jpegPhoto:: AAAA
 BBBB
title;lang-fr: Directrice
title: Head of
  Sales
memberOf: cn=Sales\\2C EMEA,ou=groups,dc=roster
memberOf: CN=Team\\, 2,ou=groups,dc=roster
departmentNumber: 7
departmentNumber: 8

dn: ou=people,dc=roster
objectClass: organizationalUnit
ou: people


dn:: Y249YmVu
changetype: add
objectClass: user
sAMAccountName: ben
`

test('people of a directory, folded lines, base64 and options; other entries are left out', async () => {
  const expected = [
    {
      line: 4,
      userid: 'ines',
      profile: {
        name: 'Inês Silva',
        email: 'ines@silva.example',
        phone: '+32 1',
        position: 'Head of Sales',
      },
      groups: ['Sales, EMEA', 'Team, 2'],
    },
    { line: 29, userid: 'ben' },
  ]
  expect(await read(PEOPLE)).toEqual(expected)
  expect(await read(PEOPLE.replaceAll('\n', '\r\n'))).toEqual(expected)
})

test('--map takes further attributes with all of their values, and replaces the usual ones', async () => {
  const map = ['departmentNumber=attributes.department', 'mail=userid,email', 'memberOf=']
  const [ines] = await read(PEOPLE, map)
  expect(ines).toMatchObject({
    userid: 'ines@silva.example',
    attributes: { department: ['7', '8'] },
    profile: { email: 'ines@silva.example' },
  })
  expect(ines).not.toHaveProperty('groups')
})

test('a password goes along where its form is understood, and is counted where not', async () => {
  const { 'bcrypt 2b': bcrypt, argon2id } = HASHES as Record<string, string>
  const entry = (uid: string, ...passwords: string[]) =>
    `dn: uid=${uid}\nuid: ${uid}\n${passwords.map(password => `userPassword: ${password}\n`).join('')}\n`
  const text = [
    entry('a', `{CRYPT}${bcrypt}`),
    entry('b', '{SSHA}x', `{ARGON2}${argon2id}`),
    entry('c', '{SSHA}x'),
    entry('d'),
  ].join('')
  const found: unknown[] = []
  for await (const { row, lacksPassword = false } of readLdif(pieces(text), new Map()))
    found.push([row?.passwordHash, lacksPassword])
  expect(found).toEqual([
    [`{CRYPT}${bcrypt}`, false],
    [`{ARGON2}${argon2id}`, false],
    [undefined, true],
    [undefined, false],
  ])
  expect(await read(entry('c', '{SSHA}x'), ['userPassword=passwordHash'])).toMatchObject([{ passwordHash: '{SSHA}x' }])
})

test('what an entry cannot have is a fault of it', async () => {
  const entry = (...lines: string[]) => `dn: uid=a\nobjectClass: person\n${lines.join('\n')}\n\n`
  const text = [
    entry('uid: a', 'mail:< file:///etc/passwd'),
    entry('uid: b', 'cn:: %%%'),
    entry('uid: c', 'cn:: /w=='),
    entry('uid: d', 'no colon'),
    'dn: uid=e\nchangetype: delete\n\n',
    entry('cn: No Name'),
    'uid: f\n',
  ].join('')
  expect(await read(text)).toEqual([
    [1, 'mail must not be a URL: write its value'],
    [6, 'cn must be base64 after two colons'],
    [11, 'cn must be UTF-8 in its base64'],
    [16, 'Line 19 is no LDIF: it must be an attribute, a colon and a value'],
    [21, 'changetype must be add: changes of entries are not imported'],
    [24, 'userid is missing'],
    [28, 'The entry has no dn'],
  ])
  expect(await read(entry('uid: a', ...Array.from({ length: 5_000 }, () => `description: ${'x'.repeat(70)}`)))).toEqual([
    [1, 'The entry has more than 262144 characters'],
  ])
})
