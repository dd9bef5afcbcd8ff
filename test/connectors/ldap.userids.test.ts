// `normalizeUserId` changes how a userid is written, never whose it is: names are compared in their canonical form (validation.ts).
import { expect, test } from 'vitest'
import type { LdapSearchSettings } from '../../src/connectors/ldap.config.ts'
import { normalizeUserid } from '../../src/connectors/ldap.search.ts'
import { canonical } from '../../src/platform/validation.ts'

const normalized = (userid: string) => normalizeUserid({ normalize: true } as LdapSearchSettings, userid)
const codePoints = Array.from({ length: 0xffff }, (_, at) => at + 1).filter(code => code < 0xd800 || code > 0xdfff)

test('a userid keeps its canonical form: every code point of the BMP inside it and at its end, a final sigma, ß, İ', () => {
  const userids = codePoints.flatMap(code => [`a${String.fromCharCode(code)}b`, `A${String.fromCharCode(code)}.x`])
  const others = ['ΟΔΟΣ', 'οδος', 'οδοσ', 'ΟΔΟΣ.ΑΣ', 'Straße', 'STRASSE', 'STRAẞE', 'İstanbul', 'ISTANBUL', 'ısparta', 'AΣ']
  const ends = codePoints
    .map(code => `A${String.fromCharCode(code)}`)
    .filter(userid => userid === userid.normalize('NFKC').trim())
  const changed = [...userids, ...others, ...ends].filter(userid => canonical(normalized(userid)) !== canonical(userid))
  expect(changed).toEqual([])
})
