// Where a configuration has Roster connect to: what is refused when it is saved, with the option and the setting.
import { describe, expect, test } from 'vitest'
import type { IamType } from '../../../../src/domain/iams/config/schema.ts'
import { checkConfig } from '../../../../src/domain/iams/config/validate.ts'
import { missingIn } from '../../../../src/domain/iams/missing-loss.ts'
import { createOutbound } from '../../../../src/platform/outbound/connect.ts'
import { outboundRulesOf } from '../../../../src/platform/outbound/policy.ts'
import { faultsOf } from '../faults.ts'

const ldap = (host: string, more: object = {}) => ({ options: { host, userSearchBase: 'dc=x', userIdAttribute: 'uid', ...more } })
const info = (uri: string) => ({ externalUserInfo: { uri } })
const openid = (options: object) => ({ options: { clientId: 'roster', ...options } })
const manual = {
  issuer: 'https://id.example',
  authorizationEndpoint: 'https://id.example/auth',
  tokenEndpoint: 'https://id.example/token',
  jwksUri: 'https://id.example/jwks',
  userInfoEndpoint: 'https://id.example/me',
  endSessionEndpoint: 'https://id.example/bye',
}
const refusal = (what: string) =>
  `names an address that Roster may not connect to: it is ${what}, which only an entry of OUTBOUND_ALLOW for that address opens`

describe('an address that is always denied', () => {
  const places: [string, IamType, (host: string) => object][] = [
    ['config.externalUserInfo.uri', 'built-in', host => info(`https://${host}/latest`)],
    ['config.externalUserInfo.uri', 'ldap', host => ({ ...ldap('ldap.example'), ...info(`https://${host}/latest`) })],
    ['config.options.host', 'ldap', host => ldap(`ldap.example,${host}`)],
    ['config.options.discoverUrl', 'openid', host => openid({ discoverUrl: `https://${host}/x` })],
    ...(['tokenEndpoint', 'jwksUri', 'userInfoEndpoint'] as const).map((name): [string, IamType, (host: string) => object] => [
      `config.options.${name}`,
      'openid',
      host => openid({ ...manual, [name]: `https://${host}/x` }),
    ]),
  ]
  const hosts = ['169.254.169.254', '[::ffff:169.254.169.254]', '[fe80::1]']
  test.each(places)('%s of %s', (field, type, config) => {
    for (const host of hosts) expect(faultsOf(type, config(host))).toEqual([`${field} ${refusal('link-local')}`])
    expect(faultsOf(type, config('[::]'))).toEqual([`${field} ${refusal('the unspecified address')}`])
    expect(faultsOf(type, config('127.0.0.1'))).toEqual([])
  })

  test.each(['0xA9FEA9FE', '2852039166', '0251.0376.0251.0376', '169.254.43518'])('as %s', host => {
    expect(faultsOf('built-in', info(`https://${host}/`))).toEqual([`config.externalUserInfo.uri ${refusal('link-local')}`])
    expect(faultsOf('ldap', ldap(host))).toEqual([`config.options.host ${refusal('link-local')}`])
  })

  test('is no fault where only the browser goes', () => {
    const options = { ...manual, authorizationEndpoint: 'https://169.254.1.1/', endSessionEndpoint: 'https://169.254.1.1/' }
    expect(faultsOf('openid', openid(options))).toEqual([])
  })
})

test('the settings, and where Roster listens, count when it is saved', async () => {
  const outbound = createOutbound({ allow: null, deny: outboundRulesOf('10.0.0.0/8 *.internal.example', 'OUTBOUND_DENY') })
  await outbound.listensAt('127.0.0.1', 4000)
  const save = (config: object) => () => checkConfig('ldap', 'x', { input: config, refusal: outbound.refusal })
  const at = 'config.options.host names an address that Roster may not connect to: '
  expect(save(ldap('10.1.1.1'))).toThrow(`${at}OUTBOUND_DENY names the address`)
  expect(save(ldap('a.internal.example'))).toThrow(`${at}OUTBOUND_DENY names the host`)
  expect(save(ldap('127.1', { port: 4000 }))).toThrow(`${at}Roster itself listens there, which no setting opens`)
  expect(save(ldap('127.0.0.1'))).not.toThrow()
  const only = createOutbound({ allow: outboundRulesOf('ldap.example', 'OUTBOUND_ALLOW'), deny: [] })
  expect(() => checkConfig('ldap', 'x', { input: ldap('10.1.1.1'), refusal: only.refusal })).toThrow(
    `${at}OUTBOUND_ALLOW does not name it`,
  )
})

describe('unencrypted', () => {
  const urls = ['authorizationEndpoint', 'tokenEndpoint', 'jwksUri', 'userInfoEndpoint', 'endSessionEndpoint'] as const
  test.each(urls)('%s is refused unless enableSSL is false', name => {
    const options = { ...manual, [name]: 'http://id.example/x' }
    const fault = `config.options.${name} must be https, unless config.options.enableSSL is false`
    expect(faultsOf('openid', openid(options))).toEqual([fault])
    expect(faultsOf('openid', openid({ ...options, enableSSL: true }))).toEqual([fault])
    expect(faultsOf('openid', openid({ ...options, enableSSL: false }))).toEqual([])
  })
  test('discoverUrl likewise', () => {
    const fault = 'config.options.discoverUrl must be https, unless config.options.enableSSL is false'
    expect(faultsOf('openid', openid({ discoverUrl: 'http://id.example' }))).toEqual([fault])
    expect(faultsOf('openid', openid({ discoverUrl: 'http://id.example', enableSSL: false }))).toEqual([])
  })

  test.each([
    ['http://info.example/', false],
    ['http://10.0.0.1/', false],
    ['http://localhost.example/', false],
    ['HTTP://INFO.EXAMPLE/', false],
    ['http://127.0.0.1:8080/', true],
    ['http://2130706433/', true],
    ['http://[::1]/', true],
    ['http://[::ffff:127.0.0.1]/', true],
    ['http://localhost/', true],
    ['http://info.localhost/', true],
    ['https://info.example/', true],
  ])('externalUserInfo.uri %s: %s', (uri, isGood) => {
    const fault = 'config.externalUserInfo.uri must be https, unless its host is this machine (localhost, 127.0.0.1, [::1])'
    for (const type of ['built-in', 'ldap', 'openid'] as const) expect(faultsOf(type, info(uri))).toEqual(isGood ? [] : [fault])
  })
})

describe('a host of a directory', () => {
  const fault =
    'config.options.host must be a host name or an address, without a scheme and a port (the port is config.options.port)'
  test.each([
    '127.0.0.1:3890',
    'ldap.example:389',
    'cafe:389',
    '[::1]:389',
    'ldap://a',
    'a:b',
    '1:2',
    '[127.0.0.1]',
    '[ldap.example]',
    'a,b:389',
  ])('%s is none', host => {
    expect(faultsOf('ldap', ldap(host))).toEqual([fault])
  })
  test.each(['ldap.example', 'ldap.example.', '127.0.0.1', '::1', '[::1]', '2001:db8::1', 'bücher.example', 'a_b', 'a, b'])(
    '%s is one',
    host => {
      expect(faultsOf('ldap', ldap(host))).toEqual([])
    },
  )
})

describe('what an IAM still needs', () => {
  const missing = (type: string, config: object, scimKeyPrefix: string | null = null) =>
    missingIn({ type, config: config as Record<string, unknown>, scimKeyPrefix })
  test.each<[string, string, object, string[]]>([
    ['nothing, for bim', 'built-in', {}, []],
    [
      'a directory',
      'ldap',
      { schema: {} },
      [
        'config.options.host',
        'config.options.userSearchBase',
        'config.options.userSearchFilter or config.options.userIdAttribute',
      ],
    ],
    ['a provider', 'openid', {}, ['config.options.clientId', 'config.options.discoverUrl']],
    ['a log-in that there is not', 'saml', {}, ['another type: this version has no log-in by SAML']],
    ['nothing more of a directory', 'ldap', ldap('a'), []],
    ['nothing more of a provider', 'openid', openid(manual), []],
    ['a key', 'openid', { ...openid(manual), scimEnabled: true }, ['a SCIM key (generateScimKey)']],
  ])('%s', (_, type, config, expected) => {
    expect(missing(type, config)).toEqual(expected)
  })
  test('no key where there is one', () => {
    expect(missing('openid', { ...openid(manual), scimEnabled: true }, 'rs_abc')).toEqual([])
  })
})
