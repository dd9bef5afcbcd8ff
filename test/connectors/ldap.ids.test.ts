import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attributesOf } from '../../src/connectors/ldap.entry.ts'
import { entryIdOf, idFilter } from '../../src/connectors/ldap.ids.ts'
import { directoryIdOf, openidIdOf } from '../../src/federation/source-ids.ts'
import { type Slapd, sayWhenSkipped, slapdFolder, startSlapd } from '../harness/slapd.ts'
import { connectorOf, ldif, people } from './directory.ts'

// Which attribute is an entry's stable id, and how it is written.

const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const idOf = (raw: Record<string, string | Buffer | string[] | Buffer[]>, option?: string) =>
  entryIdOf(attributesOf({ dn: 'cn=x', ...raw }), option)

describe('an entry id', () => {
  test.each<[string, Record<string, string | Buffer | string[] | Buffer[]>, string | undefined, string | null]>([
    ['entryUUID', { entryUUID: 'F341DFCA-80B3-1041-8cd4-8b2a6424adbc' }, undefined, 'f341dfca-80b3-1041-8cd4-8b2a6424adbc'],
    // [MS-DTYP] 2.3.4.2: the first three parts little-endian.
    ['objectGUID', { objectGUID: bytes }, undefined, '33221100-5544-7766-8899-aabbccddeeff'],
    ['GUID of eDirectory', { GUID: bytes }, undefined, '00112233-4455-6677-8899-aabbccddeeff'],
    ['nsUniqueId', { nsUniqueId: '66446001-1DD211B2-80B4A7F4-00000000' }, undefined, '66446001-1dd211b2-80b4a7f4-00000000'],
    ['ipaUniqueID', { ipaUniqueID: '3c2b1a' }, undefined, '3c2b1a'],
    ['the first of several attributes', { GUID: bytes, nsUniqueId: 'b', entryUUID: 'a' }, undefined, 'a'],
    ['bytes that are no GUID', { objectGUID: Buffer.from('abc') }, undefined, 'YWJj'],
    ['the attribute that is named, whatever else there is', { entryUUID: 'a', employeeNumber: 'N7' }, 'employeeNumber', 'N7'],
    ['a named one is compared by case', { employeeNumber: 'n7' }, 'EMPLOYEENUMBER', 'n7'],
    ['a security identifier', { objectSid: bytes }, 'objectSid', bytes.toString('base64')],
    ['none where it is switched off', { entryUUID: 'a' }, 'none', null],
    ['none where the named attribute is not there', { entryUUID: 'a' }, 'employeeNumber', null],
    ['none of an entry without any', { uid: 'a' }, undefined, null],
    ['none where there are several values', { entryUUID: ['a', 'b'] }, undefined, null],
    ['none that is too long', { employeeNumber: 'x'.repeat(513) }, 'employeeNumber', null],
    ['none with NUL', { employeeNumber: 'a\0' }, 'employeeNumber', null],
  ])('%s', (_, raw, option, id) => {
    expect(idOf(raw, option)).toBe(id)
  })

  test('is asked for by the bytes that it stands for', () => {
    const sent = (attribute: string, text: string) => (idFilter([attribute], text) as unknown as { value: Buffer | string }).value
    expect(sent('objectGUID', '33221100-5544-7766-8899-aabbccddeeff')).toEqual(bytes)
    expect(sent('GUID', '00112233-4455-6677-8899-aabbccddeeff')).toEqual(bytes)
    expect(sent('objectGUID', 'YWJj')).toEqual(Buffer.from('abc'))
    expect(sent('entryUUID', 'f341dfca-80b3-1041-8cd4-8b2a6424adbc')).toBe('f341dfca-80b3-1041-8cd4-8b2a6424adbc')
  })
})

test.each([
  ['issuer and subject', { iss: 'https://idp.example', sub: 'a#b', email: 'x' }, 'https://idp.example#a#b'],
  ['another case of the subject is another id', { iss: 'https://idp.example', sub: 'A' }, 'https://idp.example#A'],
  ['no subject', { iss: 'https://idp.example' }, undefined],
  ['no issuer', { sub: 'a' }, undefined],
  ['an issuer that could end elsewhere', { iss: 'https://idp.example/#x', sub: 'a' }, undefined],
  ['a subject that is too long', { iss: 'https://idp.example', sub: 'x'.repeat(600) }, undefined],
])('the id of a provider: %s', (_, claims, id) => {
  expect(openidIdOf(claims)?.id).toBe(id)
})

sayWhenSkipped('entry ids')
describe.skipIf(slapdFolder === null)('at a directory', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startSlapd({ ldif })
  })
  afterAll(() => slapd?.close())

  test('the operational entryUUID is read, and an entry is found by it', async () => {
    const connector = connectorOf(slapd)
    const entry = (await connector.find('Ana'))!
    const { id } = directoryIdOf({ config: {} }, entry)!
    expect(id).toBe(entry.attributes.get('entryuuid')![0])
    expect(await connector.findById(id)).toMatchObject({ id: `uid=Ana,${people}`, userid: 'Ana', aliases: ['Ana'] })
    expect(await connector.findById('00000000-0000-0000-0000-000000000000')).toBe(null)
    expect(await connector.findById('*')).toBe(null)
    expect(await connectorOf(slapd, { options: { entryIdAttribute: 'none' } }).findById(id)).toBe(null)
  })

  test('bytes find their entry', async () => {
    const byGuid = connectorOf(slapd, { options: { entryIdAttribute: 'objectGUID' } })
    const entry = (await byGuid.find('Ana'))!
    const id = directoryIdOf({ config: { options: { entryIdAttribute: 'objectGUID' } } }, entry)!.id
    expect(id).toBe(Buffer.from('abc').toString('base64'))
    expect(await byGuid.findById(id)).toMatchObject({ userid: 'Ana' })
  })

  test('all userids of an entry come in one order, whichever was typed', async () => {
    const byMail = connectorOf(slapd, { options: { userSearchFilter: 'mail=%s' } })
    const both = ['Ana@roster.example', 'a.ribeiro@roster.example']
    for (const typed of both) expect(await byMail.logIn(typed, 'pw-Ana')).toMatchObject({ userid: typed, aliases: both })
  })
})
