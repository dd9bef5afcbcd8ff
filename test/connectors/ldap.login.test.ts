import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Listed } from '../../src/connectors/connector.ts'
import { Unprocessable } from '../../src/platform/errors.ts'
import { account, type Slapd, sayWhenSkipped, slapdFolder, startSlapd, suffix } from '../harness/slapd.ts'
import { connectorOf, elsewhere, ldif, odd, people } from './directory.ts'

// Who gets in, and who they are then, at a real OpenLDAP.

sayWhenSkipped('log-in by LDAP')

describe.skipIf(slapdFolder === null)('log-in', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startSlapd({ ldif })
  })
  afterAll(() => slapd?.close())

  test('the right password gives the person', async () => {
    const entry = await connectorOf(slapd).logIn('Ana', 'pw-Ana')
    expect(entry).toMatchObject({ id: `uid=Ana,${people}`, userid: 'Ana', groups: null })
    expect(entry!.attributes.get('mail')).toEqual(['Ana@roster.example', 'a.ribeiro@roster.example'])
    expect(entry!.attributes.get('title')).toEqual(['Lead', 'Lawyer'])
    // Bytes, whether or not they happen to be text.
    expect(entry!.attributes.get('badge')).toEqual(['/+7dzA=='])
    expect(entry!.attributes.get('objectguid')).toEqual([Buffer.from('abc').toString('base64')])
    expect([...entry!.attributes.keys()]).not.toContain('jpegphoto')
    expect([...entry!.attributes.keys()]).not.toContain('*')
  })

  test('passwords are not in what is read, even by who may', async () => {
    const { dn, password } = slapd.root
    const entry = await connectorOf(slapd, { credentials: { bind_dn: dn, bind_pw: password } }).find('Ana')
    expect(entry!.attributes.get('sn')).toEqual(['Person'])
    expect(JSON.stringify([...entry!.attributes])).not.toMatch(/password|pw-Ana|e1NTSEF/i)
  })

  test.each([
    ['a wrong password', 'Ana', 'pw-bo'],
    ['a password of another case', 'Ana', 'PW-ANA'],
    ['an unknown person', 'nobody', 'pw-Ana'],
    ['an empty password', 'Ana', ''],
    ['a password that begins with NUL', 'Ana', '\0pw-Ana'],
    ['broken Unicode', 'Ana', 'pw-Ana\ud800'],
    ['no userid', '', 'pw-Ana'],
    ['spaces for a userid', '  ', 'pw-Ana'],
    ['a wildcard', '*', 'pw-Ana'],
    ['a prefix and a wildcard', 'An*', 'pw-Ana'],
    ['another filter', ')(uid=*', 'pw-Ana'],
    ['a filter closed and opened', 'Ana)(|(uid=*', 'pw-Ana'],
    ['an escape', '\\2a', 'pw-Ana'],
    ['a lone backslash', '\\', 'pw-Ana'],
    ['a comma', `Ana,${people}`, 'pw-Ana'],
    ['NUL', 'Ana\0', 'pw-Ana'],
    ['a SASL mechanism', 'EXTERNAL', 'pw-Ana'],
    ['a very long one', 'a'.repeat(100_000), 'pw-Ana'],
    ['a locked account', 'locked', 'pw-locked'],
    ['an expired password', 'expired', 'pw-expired'],
    ['a password that must be changed first', 'mustchange', 'pw-mustchange'],
    ['an account without a password', 'nopassword', 'x'],
  ])('%s gives nobody', async (_, userid, password) => {
    expect(await connectorOf(slapd).logIn(userid, password)).toBe(null)
    const byPattern = connectorOf(slapd, { options: { userDNPattern: `uid=%s,${people}` } })
    expect(await byPattern.logIn(userid, password)).toBe(null)
  })

  test('the account of the locked is there: it is the bind that refuses', async () => {
    for (const userid of ['locked', 'expired', 'mustchange', 'nopassword'])
      expect(await connectorOf(slapd).find(userid)).toMatchObject({ userid })
  })

  test('two people of one userid are refused', async () => {
    const connector = connectorOf(slapd, { options: { userIdAttribute: 'employeeNumber' } })
    await expect(connector.logIn('7', 'pw-twin1')).rejects.toThrow('several people with this userid')
    await expect(connector.find('7')).rejects.toThrow(Unprocessable)
  })

  test('one person has one userid, however it is typed', async () => {
    expect(await connectorOf(slapd).logIn('ANA', 'pw-Ana')).toMatchObject({ userid: 'Ana' })
    expect(await connectorOf(slapd).find(' ana ')).toMatchObject({ userid: 'Ana' })
    const either = connectorOf(slapd, { options: { userSearchFilter: '(|(uid=%s)(mail=%s))' } })
    expect(await either.logIn('a.ribeiro@roster.example', 'pw-Ana')).toMatchObject({ userid: 'Ana' })
    const normalized = connectorOf(slapd, { options: { normalizeUserId: true } })
    expect(await normalized.logIn('ANA', 'pw-Ana')).toMatchObject({ userid: 'ana', id: `uid=Ana,${people}` })
  })

  test('of several values the typed one is the userid', async () => {
    const byMail = connectorOf(slapd, { options: { userSearchFilter: 'mail=%s' } })
    expect(await byMail.logIn('A.Ribeiro@roster.example', 'pw-Ana')).toMatchObject({ userid: 'a.ribeiro@roster.example' })
    expect(await byMail.logIn('ana@roster.example', 'pw-Ana')).toMatchObject({ userid: 'Ana@roster.example' })
  })

  test.each([
    ['an attribute', { userIdAttribute: 'objectGUID' }],
    ['a filter', { userSearchFilter: '(&(objectClass=inetOrgPerson)(!(title=Boss))(|(uid=nobody)(objectGUID=%s)))' }],
    ['a filter, with userids in lower case', { userSearchFilter: '(objectguid=%s)', normalizeUserId: true }],
  ])('a userid of bytes, by %s, is shown and typed as base64', async (_, options) => {
    const connector = connectorOf(slapd, { options })
    const userid = Buffer.from('abc').toString('base64')
    expect(await connector.logIn(userid, 'pw-Ana')).toMatchObject({ id: `uid=Ana,${people}`, userid })
    expect(await connector.find(userid)).toMatchObject({ userid })
    expect(await connector.find('abc')).toBe(null)
    const users: Listed[] = []
    for await (const event of connector.list()) if (event.type === 'users') users.push(...event.users)
    expect(users).toMatchObject([{ userid }])
  })

  test('a DN full of special characters', async () => {
    expect(await connectorOf(slapd).logIn('odd', 'pw-odd')).toMatchObject({ userid: 'odd' })
    const pattern = connectorOf(slapd, { options: { userIdAttribute: 'cn', userDNPattern: `cn=%s,${people}` } })
    const byName = await pattern.logIn(odd.name, 'pw-odd')
    expect(byName).toMatchObject({ userid: odd.name })
    expect(byName!.attributes.get('uid')).toEqual([odd.userid])
    expect(await connectorOf(slapd, { options: { userIdAttribute: 'cn' } }).find(odd.name)).not.toBe(null)
  })

  test('by a DN pattern, without an account of ours', async () => {
    const options = { userDNPattern: `uid=%s,${people}`, useUserAccountForSearch: true }
    const connector = connectorOf(slapd, { options, credentials: null })
    expect(await connector.logIn('bo', 'pw-bo')).toMatchObject({ id: `uid=bo,${people}`, userid: 'bo' })
    expect(await connector.logIn('bo', 'pw-Ana')).toBe(null)
  })

  test('the filter says who may log in, also by a DN pattern', async () => {
    const options = { userDNPattern: `uid=%s,${people}`, userSearchFilter: '(&(uid=%s)(title=Lead))' }
    expect(await connectorOf(slapd, { options }).logIn('Ana', 'pw-Ana')).toMatchObject({ userid: 'Ana' })
    expect(await connectorOf(slapd, { options }).logIn('bo', 'pw-bo')).toBe(null)
    expect(await connectorOf(slapd, { options }).find('bo')).toBe(null)
  })

  test("the person's own account reads what it may", async () => {
    const entry = await connectorOf(slapd, { options: { useUserAccountForSearch: true } }).logIn('bo', 'pw-bo')
    expect(entry!.attributes.get('mail')).toEqual(['bo@roster.example'])
  })

  test('mapped operational attributes come along', async () => {
    const entry = await connectorOf(slapd, { schema: { externalUserIds: { directory: 'entryUUID' } } }).find('bo')
    expect(entry!.attributes.get('entryuuid')).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)])
  })

  test('find: there, or not there', async () => {
    expect(await connectorOf(slapd).find('bo')).toMatchObject({ id: `uid=bo,${people}` })
    expect(await connectorOf(slapd).find('nobody')).toBe(null)
    expect(await connectorOf(slapd).find('*')).toBe(null)
  })

  test('one bind does not outlive its log-in', async () => {
    const options = { userDNPattern: `uid=%s,${people}`, useUserAccountForSearch: true }
    const connector = connectorOf(slapd, { options, credentials: null })
    // This server refuses anonymous searches: with the former bind bo would be found.
    const find = () => connector.find('bo').catch(error => error.message)
    const [before, entry, meanwhile] = await Promise.all([find(), connector.logIn('bo', 'pw-bo'), find()])
    expect(entry).toMatchObject({ userid: 'bo' })
    const refused =
      'the directory answers insufficientAccess (50): the account of config.credentials may not read that, or anonymous access is denied'
    expect([before, meanwhile, await find()]).toEqual([refused, refused, refused])
  })

  describe('is an error, never an answer', () => {
    test('a base that does not exist', async () => {
      const connector = connectorOf(slapd, { options: { userSearchBase: `ou=nowhere,${suffix}` } })
      await expect(connector.logIn('Ana', 'pw-Ana')).rejects.toThrow(
        /^the directory answers noSuchObject \(32\): config\.options\.userSearchBase/,
      )
    })

    test('a base elsewhere: referrals are not followed', async () => {
      const connector = connectorOf(slapd, { options: { userSearchBase: elsewhere } })
      await expect(connector.find('Ana')).rejects.toThrow(
        /^the directory answers referral \(10\): config\.options\.userSearchBase/,
      )
    })

    test('a name to bind as that is none', async () => {
      const connector = connectorOf(slapd, { credentials: { bind_dn: 'cn=a=b,,', bind_pw: 'x' } })
      await expect(connector.find('Ana')).rejects.toThrow(
        new Unprocessable('the directory rejects the account of config.credentials: invalidDNSyntax (34)'),
      )
    })

    test('an account of ours that is refused, without its password', async () => {
      const connector = connectorOf(slapd, { credentials: { bind_dn: account.dn, bind_pw: 'stale-s3cret' } })
      const error = await connector.logIn('Ana', 'pw-Ana').catch(fault => fault)
      expect(error).toEqual(new Unprocessable('the directory rejects the account of config.credentials: invalidCredentials (49)'))
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/s3cret|pw-Ana|cn=reader/)
    })
  })
})
