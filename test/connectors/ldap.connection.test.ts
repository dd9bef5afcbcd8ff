import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reasonWithHint } from '../../src/connectors/ldap.hints.ts'
import { Invalid, Unavailable, Unprocessable } from '../../src/platform/errors.ts'
import { type Slapd, sayWhenSkipped, slapdFolder, startSlapd, unnamedHost } from '../harness/slapd.ts'
import { connectorOf, ldif } from './directory.ts'

// How a real OpenLDAP is reached: encrypted or not at all, and by another host when one is away.

sayWhenSkipped('connections by LDAP')

const away = (...reasons: string[]) =>
  new Unavailable(`the directory is unreachable: ${reasons.map(reasonWithHint).join(', ')}`, { reason: 'directory' })
/** Loopback, where nothing listens. */
const downHost = '127.0.0.2'

describe.skipIf(slapdFolder === null)('a connection', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startSlapd({ ldif })
  })
  afterAll(() => slapd?.close())

  const find = (options: Readonly<Record<string, unknown>>) => connectorOf(slapd, { options }).find('bo')
  const ldaps = () => ({ port: slapd.securePort, useSSL: true })

  describe.each([
    ['ldaps', ldaps],
    ['StartTLS', () => ({ startTLS: true })],
  ])('%s', (_, by) => {
    test.each(['127.0.0.1', 'localhost'])('with the right authority, to %s', async host => {
      const connector = connectorOf(slapd, { options: { ...by(), host, ca: slapd.certificates.ca } })
      expect(await connector.logIn('bo', 'pw-bo')).toMatchObject({ userid: 'bo' })
      expect(await connector.logIn('bo', 'wrong')).toBe(null)
    })

    test('a certificate of another authority, or of none, is refused', async () => {
      await expect(find({ ...by(), ca: slapd.certificates.other })).rejects.toThrow(away('SELF_SIGNED_CERT_IN_CHAIN'))
      await expect(find(by())).rejects.toThrow(away('SELF_SIGNED_CERT_IN_CHAIN'))
      await expect(async () => find({ ...by(), ca: 'no certificate at all' })).rejects.toThrow(Invalid)
    })

    test('a certificate of another name is refused', async () => {
      const options = { ...by(), host: unnamedHost, ca: slapd.certificates.ca }
      await expect(find(options)).rejects.toThrow(away('ERR_TLS_CERT_ALTNAME_INVALID'))
      expect(await find({ host: unnamedHost })).toMatchObject({ userid: 'bo' })
    })

    test('with any certificate, when that is asked for', async () => {
      expect(await find({ ...by(), rejectUnauthorized: false })).toMatchObject({ userid: 'bo' })
    })
  })

  test('a key that does not fit its certificate is refused at once', () => {
    const { client, server, ca } = slapd.certificates
    expect(() => connectorOf(slapd, { options: { ...ldaps(), ca, cert: client.cert, key: server.key } })).toThrow(Invalid)
    expect(() => connectorOf(slapd, { options: { ...ldaps(), ca, cert: client.cert, key: 'secret key' } })).toThrow(
      new Invalid('config.options.cert', 'must be a certificate (PEM) that fits options.key'),
    )
  })

  test('encrypted to a port in the clear, and the other way round, is away', async () => {
    await expect(find({ port: slapd.port, useSSL: true })).rejects.toThrow(Unavailable)
    const clear = connectorOf(slapd, { options: { port: slapd.securePort }, settings: { operationTimeout: 1000 } })
    await expect(clear.find('bo')).rejects.toThrow(Unavailable)
  })

  test('a host that is down is passed over', async () => {
    expect(await find({ host: `${downHost},127.0.0.1` })).toMatchObject({ userid: 'bo' })
    expect(await find({ host: ` 127.0.0.1 , ${downHost}` })).toMatchObject({ userid: 'bo' })
    expect(await find({ host: 'nowhere.invalid,127.0.0.1' })).toMatchObject({ userid: 'bo' })
    await expect(find({ host: `${downHost},127.0.0.3` })).rejects.toThrow(away('ECONNREFUSED'))
    const secure = { ...ldaps(), ca: slapd.certificates.ca, host: `${downHost},${unnamedHost}` }
    await expect(find(secure)).rejects.toThrow(away('ECONNREFUSED', 'ERR_TLS_CERT_ALTNAME_INVALID'))
  })

  test('a wrong password at one host is wrong at all', async () => {
    const hosts = connectorOf(slapd, { options: { host: `127.0.0.1,${downHost}` } })
    expect(await hosts.logIn('bo', 'wrong')).toBe(null)
    // Had the second one been asked, it would be away.
    const account = { bind_dn: 'cn=nobody,dc=roster,dc=example', bind_pw: 'x' }
    const refused = connectorOf(slapd, { options: { host: `127.0.0.1,${downHost}` }, credentials: account })
    await expect(refused.find('bo')).rejects.toThrow(Unprocessable)
  })

  test('down, then up again', async () => {
    const connector = connectorOf(slapd)
    expect(await connector.logIn('bo', 'pw-bo')).toMatchObject({ userid: 'bo' })
    await slapd.stop()
    await expect(connector.logIn('bo', 'pw-bo')).rejects.toThrow(away('ECONNREFUSED'))
    await expect(connector.logIn('bo', 'wrong')).rejects.toThrow(Unavailable)
    expect(await connector.logIn('bo', '')).toBe(null)
    await slapd.start()
    expect(await connector.logIn('bo', 'pw-bo')).toMatchObject({ userid: 'bo' })
    expect(await connector.logIn('bo', 'wrong')).toBe(null)
  })
})

describe.skipIf(slapdFolder === null)('a server that', () => {
  test('knows no StartTLS gets nothing in the clear', async () => {
    const slapd = await startSlapd({ ldif, tls: 'none' })
    try {
      const connector = connectorOf(slapd, { options: { startTLS: true } })
      await expect(connector.logIn('bo', 'pw-bo')).rejects.toThrow(/^the directory (answers|is unreachable: )/)
      expect(await connectorOf(slapd).logIn('bo', 'pw-bo')).toMatchObject({ userid: 'bo' })
    } finally {
      await slapd.close()
    }
  })

  test('wants a client certificate gets ours', async () => {
    const slapd = await startSlapd({ ldif, tls: 'demand' })
    try {
      const { ca, client } = slapd.certificates
      const options = { port: slapd.securePort, useSSL: true, ca }
      expect(await connectorOf(slapd, { options: { ...options, ...client } }).find('bo')).toMatchObject({ userid: 'bo' })
      await expect(connectorOf(slapd, { options }).find('bo')).rejects.toThrow(Unavailable)
    } finally {
      await slapd.close()
    }
  })
})

describe('a configuration that means nothing is refused when it is opened', () => {
  const port = 389
  test.each<[string, object]>([
    ['config.options.userSearchFilter', { userSearchFilter: '(mail=%s' }],
    ['config.options.userSearchFilter', { userSearchFilter: '(%s=mail)' }],
    ['config.options.userIdAttribute', { userIdAttribute: 'uid)(x' }],
    ['config.options.userDNPattern', { userDNPattern: '%s' }],
    ['config.options.userGroupSearchFilter', { userGroupSearchFilter: '(member=you)' }],
    ['config.options.groupMembershipAttributes', { groupMembershipAttributes: ['member of'] }],
  ])('%s', (field, options) => {
    expect(() => connectorOf({ port }, { options: { ...options } })).toThrow(expect.objectContaining({ field }))
  })

  test('a bind name that a client would take for something else', () => {
    expect(() => connectorOf({ port }, { credentials: { bind_dn: 'EXTERNAL', bind_pw: 'x' } })).toThrow(Invalid)
  })
})
