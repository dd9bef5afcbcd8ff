import { describe, expect, test } from 'vitest'
import type { IamType } from '../../../../src/domain/iams/config/schema.ts'
import { certificate } from '../certificate.ts'
import { check, faultsOf } from '../faults.ts'

const ldap = {
  options: { host: 'ldap.roster.example', port: 636, useSSL: true, userSearchBase: 'dc=roster', userSearchFilter: 'mail=%s' },
}
const openid = { options: { clientId: 'roster', clientSecret: 'shh', discoverUrl: 'https://id.roster.example/.well-known' } }
const manual = {
  clientId: 'roster',
  issuer: 'https://id.roster.example',
  authorizationEndpoint: 'https://id.roster.example/auth',
  tokenEndpoint: 'https://id.roster.example/token',
  jwksUri: 'https://id.roster.example/jwks',
}

describe('is accepted', () => {
  test.each<[string, IamType, object]>([
    ['nothing yet, ldap', 'ldap', {}],
    ['nothing yet, openid', 'openid', {}],
    ['nothing yet, saml', 'saml', {}],
    ['nothing, built-in', 'built-in', {}],
    ['a directory', 'ldap', ldap],
    ['a directory by attribute', 'ldap', { options: { host: '10.0.0.1', userSearchBase: 'dc=x', userIdAttribute: 'uid' } }],
    ['an address of IPv6', 'ldap', { options: { host: '[::1]', userSearchBase: 'dc=x', userIdAttribute: 'uid' } }],
    ['several hosts', 'ldap', { options: { host: 'a.example, [::1],10.0.0.1', userSearchBase: 'dc=x', userIdAttribute: 'uid' } }],
    ['a provider with discovery', 'openid', openid],
    ['discovery that must be of an issuer', 'openid', { options: { ...openid.options, issuer: manual.issuer } }],
    ['a provider without', 'openid', { options: manual }],
    [
      'SCIM with attributes',
      'openid',
      {
        scimEnabled: true,
        strictScimSchema: true,
        schema: { attributeSchema: [{ scimSchema: 'urn:ietf:params:scim:schemas:core:2.0:User', prefix: 'Title' }] },
      },
    ],
    ['a user info endpoint for bim', 'built-in', { externalUserInfo: { uri: 'https://info.roster.example/user-info?tenant=1' } }],
  ])('%s', (_, type, config) => {
    expect(faultsOf(type, config)).toEqual([])
  })

  test('every field of the reference', () => {
    const config = {
      authenticationOnly: true,
      migrateFrom: 'south',
      supportedActions: [
        'syncGroups',
        'syncAuthorizations',
        'syncRestGroups',
        'syncRestAuthorizations',
        'allowBIMAuthorizations',
        'allowBIMGroups',
        'syncUsers',
        'ldapSync',
      ],
      schema: {
        profile: {
          name: 'cn',
          email: 'mail',
          phone: 'tel',
          about: 'a',
          location: 'l',
          organization: 'o',
          position: 't',
          sqlUser: 's',
        },
        externalUserIds: { snowflakeUser: 'sf' },
        authorizations: { Department: 'ou' },
        group: { name: 'cn', email: 'mail', gid: 'gid', description: 'd' },
      },
      options: {
        ...ldap.options,
        rejectUnauthorized: true,
        ca: `# Ours\n${certificate}${certificate}`,
        cert: certificate,
        key: 'k',
        startTLS: false,
        groupSearchBase: 'ou=groups',
        groupSearchFilter: '(&(objectClass=groupOfNames)(cn=%s*))',
        userGroupSearchFilter: '(member=<dn>)',
        userDNPattern: 'uid=%s,ou=people',
        connectTimeout: 5000,
        normalizeUserId: true,
        groupMembershipAttributes: ['memberOf'],
        useUserAccountForSearch: false,
      },
      credentials: { bind_dn: 'cn=reader', bind_pw: 'secret' },
      ldapSync: { cronRule: '0 */1 * * *', paged: true, pageSize: 500, batchSize: 100, requireManualActivation: true },
      externalUserInfo: {
        uri: 'https://info.roster.example/user-info',
        useAuth: true,
        authentication: { username: 'u', password: 'p' },
        useSSL: true,
        ca: certificate,
        cert: certificate,
        key: 'c',
        rejectUnauthorized: true,
        timeoutMs: 1000,
        staleAfter: 60,
        onError: 'keep',
      },
    }
    const checked = check('ldap', config)
    expect(Object.fromEntries(checked.secrets)).toEqual({
      'credentials.bind_pw': 'secret',
      'options.key': 'k',
      'externalUserInfo.authentication.password': 'p',
      'externalUserInfo.key': 'c',
    })
    expect(checked.config).toMatchObject({ credentials: { bind_dn: 'cn=reader' }, options: { host: 'ldap.roster.example' } })
    expect(JSON.stringify(checked.config)).not.toMatch(/"(bind_pw|key|password)"/)
    expect(config.credentials.bind_pw).toBe('secret')
  })
})

test('every fault is named at once, each with its field', () => {
  const faults = faultsOf('ldap', {
    colour: 'red',
    scimEnabled: 'yes',
    supportedActions: ['fly', 'syncUsers', 'syncUsers'],
    options: { port: 70_000, useSSL: 1, userSearchFilter: 'mail=me', host: 'ldap://x' },
    credentials: { bind_pw: 7, extra: true },
    ldapSync: { cronRule: 'often', pageSize: 0 },
    schema: { profile: { nickname: 'x' }, authorizations: { Department: 3 } },
    externalUserInfo: { onError: 'maybe', timeoutMs: 1.5 },
  })
  expect(faults.toSorted()).toEqual([
    'config.colour is not known',
    'config.credentials.bind_pw must be a string of 1 to 1024 characters, or null',
    'config.credentials.extra is not known',
    'config.externalUserInfo.onError must be one of keep, deny',
    'config.externalUserInfo.timeoutMs must be an integer',
    'config.externalUserInfo.uri is required',
    'config.ldapSync.cronRule must be a cron rule of five fields, such as 0 */1 * * *',
    'config.ldapSync.pageSize must be at least 1',
    'config.options.host must be a host name or an address, without a scheme and a port (the port is config.options.port)',
    'config.options.port must be at most 65535',
    'config.options.useSSL must be true or false',
    'config.options.userSearchBase is required',
    'config.options.userSearchFilter must hold %s where the userid goes',
    'config.schema.authorizations.Department must be a string',
    'config.schema.profile.nickname is not known',
    'config.scimEnabled must be true or false',
    expect.stringMatching(/^config\.supportedActions must not repeat/),
    expect.stringMatching(/^config\.supportedActions\[0\] must be one of syncGroups, /),
  ])
})

const options = ldap.options
const info = { uri: 'https://info.roster.example' }
test.each<[string, IamType, object, string[]]>([
  [
    'no way to find users',
    'ldap',
    { options: { host: 'a', userSearchBase: 'dc=b' } },
    ['config.options.userSearchFilter or options.userIdAttribute is required'],
  ],
  [
    'both ways to find users',
    'ldap',
    { options: { ...options, userIdAttribute: 'uid' } },
    ['config.options.userIdAttribute cannot be combined with userSearchFilter'],
  ],
  [
    'SSL and StartTLS',
    'ldap',
    { options: { ...options, startTLS: true } },
    ['config.options.startTLS cannot be combined with useSSL'],
  ],
  [
    'certificates without TLS',
    'ldap',
    { options: { ...options, useSSL: false, ca: certificate } },
    ['config.options.ca needs useSSL or startTLS'],
  ],
  [
    'a certificate without its key',
    'ldap',
    { options: { ...options, cert: certificate } },
    ['config.options.key is required with cert'],
  ],
  ['a key without its certificate', 'ldap', { options: { ...options, key: 'a' } }, ['config.options.cert is required with key']],
  [
    'a bind name without a password',
    'ldap',
    { credentials: { bind_dn: 'cn=a' } },
    ['config.credentials.bind_pw is required with bind_dn'],
  ],
  [
    'a bind password without a name',
    'ldap',
    { credentials: { bind_pw: 'a' } },
    ['config.credentials.bind_dn is required with bind_pw'],
  ],
  [
    'no endpoints',
    'openid',
    { options: { clientId: 'a' } },
    ['issuer', 'authorizationEndpoint', 'tokenEndpoint', 'jwksUri'].map(
      name => `config.options.${name} is required without discoverUrl`,
    ),
  ],
  [
    'one endpoint missing',
    'openid',
    { options: { ...manual, jwksUri: undefined } },
    ['config.options.jwksUri is required without discoverUrl'],
  ],
  [
    'endpoints beside discovery',
    'openid',
    { options: { ...openid.options, jwksUri: manual.jwksUri } },
    ['config.options.jwksUri cannot be combined with discoverUrl'],
  ],
  [
    'algorithms beside discovery',
    'openid',
    { options: { ...openid.options, supportedIdTokenSigningAlgorithms: ['RS256'] } },
    ['config.options.supportedIdTokenSigningAlgorithms cannot be combined with discoverUrl'],
  ],
  [
    'unsigned ID tokens',
    'openid',
    { options: { ...manual, supportedIdTokenSigningAlgorithms: ['none'] } },
    [expect.stringMatching(/Algorithms\[0\] must be one of RS256/) as unknown as string],
  ],
  [
    'SCIM and user info',
    'openid',
    { scimEnabled: true, externalUserInfo: info },
    ['config.externalUserInfo cannot be combined with scimEnabled'],
  ],
  [
    'SCIM by its action and user info',
    'saml',
    { supportedActions: ['scimEnabled'], externalUserInfo: info },
    ['config.externalUserInfo cannot be combined with scimEnabled'],
  ],
  ['a strict SCIM schema without SCIM', 'openid', { strictScimSchema: true }, ['config.strictScimSchema needs scimEnabled']],
  [
    'SCIM attributes without SCIM',
    'openid',
    { schema: { attributeSchema: [] } },
    ['config.schema.attributeSchema needs scimEnabled'],
  ],
  [
    'authentication without credentials',
    'saml',
    { externalUserInfo: { ...info, useAuth: true } },
    ['username', 'password'].map(name => `config.externalUserInfo.authentication.${name} is required for authentication`),
  ],
  [
    'TLS for an endpoint without it',
    'saml',
    { externalUserInfo: { uri: 'http://info.example/', useSSL: true, ca: certificate } },
    [
      'config.externalUserInfo.uri must be https with useSSL',
      'config.externalUserInfo.ca needs a uri with https',
      'config.externalUserInfo.uri must be https, unless its host is this machine (localhost, 127.0.0.1, [::1])',
    ],
  ],
  [
    'a user name alone',
    'saml',
    { externalUserInfo: { ...info, authentication: { username: 'a' } } },
    ['config.externalUserInfo.authentication.password is required for authentication'],
  ],
  ['migration from itself', 'saml', { migrateFrom: 'north' }, ['config.migrateFrom must be another IAM']],
  ['options of another type', 'saml', { options: { host: 'a' } }, ['config.options is not known']],
  ['SCIM for bim', 'built-in', { scimEnabled: true }, ['config.scimEnabled is not known']],
  [
    'a user in a URL',
    'saml',
    { externalUserInfo: { uri: 'https://user:pass@info.example' } },
    ['config.externalUserInfo.uri must be an http or https URL without a user, a password and a fragment'],
  ],
  [
    'a file URL',
    'openid',
    { options: { clientId: 'a', discoverUrl: 'file:///etc/passwd' } },
    ['config.options.discoverUrl must be an http or https URL without a user, a password and a fragment'],
  ],
  [
    'a private key as a certificate',
    'ldap',
    { options: { ...options, ca: '-----BEGIN PRIVATE KEY-----' } },
    ['config.options.ca must not hold a private key: that belongs in key'],
  ],
  ...['an authority', certificate.replaceAll('\n', ' '), certificate.replace('MII', 'MIA')].map(
    (ca): [string, IamType, object, string[]] => [
      `what is no certificate: ${JSON.stringify(ca).slice(0, 40)}`,
      'ldap',
      { options: { ...options, ca } },
      ['config.options.ca must be certificates (PEM), their lines apart'],
    ],
  ),
])('refuses %s', (_, type, config, faults) => {
  expect(faultsOf(type, JSON.parse(JSON.stringify(config)))).toEqual(faults)
})

test('what means nothing to a directory is refused beside what has the wrong form, all at once', () => {
  const faults = faultsOf('ldap', {
    colour: 'red',
    options: {
      host: 'ldap.roster.example',
      port: 70_000,
      useSSL: true,
      startTLS: true,
      userSearchBase: 'people',
      userSearchFilter: '(uid=%s',
      userDNPattern: '%s',
      groupSearchBase: 'groups',
      groupSearchFilter: '(cn:caseExactMatch:=%s)',
      userGroupSearchFilter: '(member=you)',
      groupMembershipAttributes: ['memberOf', 'member of'],
    },
    credentials: { bind_dn: 'EXTERNAL' },
    schema: { group: { name: 'c n' } },
  })
  expect(faults.toSorted()).toEqual([
    'config.colour is not known',
    'config.credentials.bind_dn must be a DN',
    'config.credentials.bind_pw is required with bind_dn',
    'config.options.groupMembershipAttributes must be an attribute',
    'config.options.groupSearchBase must be a DN, such as dc=corp,dc=example',
    'config.options.groupSearchFilter uses a matching rule, which works for single look-ups but not for listing',
    'config.options.port must be at most 65535',
    'config.options.startTLS cannot be combined with useSSL',
    'config.options.userDNPattern must be a DN with %s as a value',
    'config.options.userGroupSearchFilter must have <dn> in place of the DN of the person',
    'config.options.userSearchBase must be a DN, such as dc=corp,dc=example',
    'config.options.userSearchFilter must be a filter (RFC 4515)',
    'config.schema.group.name must be an attribute',
  ])
})

test('a fault of a field hides what another field says of it', () => {
  const discoverUrl = 'hunter2'
  expect(faultsOf('openid', { options: { clientId: 'a', discoverUrl } })).toEqual([
    'config.options.discoverUrl must be an http or https URL without a user, a password and a fragment',
  ])
  expect(faultsOf('ldap', { options: { ...options, userSearchFilter: 7, useSSL: 1, ca: certificate } }).toSorted()).toEqual([
    'config.options.useSSL must be true or false',
    'config.options.userSearchFilter must be a string',
  ])
})

test('a stored secret is the other half of its group', () => {
  expect(faultsOf('ldap', { credentials: { bind_dn: 'cn=a' } }, ['credentials.bind_pw'])).toEqual([])
  expect(faultsOf('ldap', { credentials: { bind_dn: 'cn=a', bind_pw: null } }, ['credentials.bind_pw'])).toEqual([
    'config.credentials.bind_pw is required with bind_dn',
  ])
})

test('null takes a secret away, and the empty object around it', () => {
  const stored = ['credentials.bind_pw', 'externalUserInfo.authentication.password']
  const { config, secrets } = check(
    'ldap',
    { credentials: { bind_pw: null }, externalUserInfo: { authentication: { password: null } } },
    stored,
  )
  expect(config).toEqual({})
  expect(Object.fromEntries(secrets)).toEqual(Object.fromEntries(stored.map(path => [path, null])))
})
