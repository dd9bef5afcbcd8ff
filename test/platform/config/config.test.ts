import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, loadConfig, showConfig } from '../../../src/platform/config/config.ts'
import { hasOpenssl, makeCertificate } from '../http/openssl.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const otherKey = Buffer.alloc(32, 8).toString('base64')

/** The faults of an environment, or none. */
function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

test('without any setting Roster serves this machine on the embedded store', () => {
  expect(loadConfig({})).toEqual({
    port: 4000,
    host: '127.0.0.1',
    dataDir: './data',
    databaseUrl: null,
    directUrl: null,
    readUrl: null,
    publicUrl: 'http://127.0.0.1:4000',
    adminUserid: 'admin',
    adminPassword: null,
    secretKey: null,
    secretKeyPrevious: null,
    smtpUrl: null,
    mailFrom: 'Roster <roster@localhost>',
    logLevel: 'info',
    logFormat: 'auto',
    drainSeconds: 0,
    metrics: null,
    grants: 'strict',
    hsts: { subdomains: 'no' },
    token: { idleSeconds: 3600, lifeSeconds: 43_200 },
    invitationSeconds: 604_800,
    keyGraceSeconds: 86_400,
    credentialCacheSeconds: 5,
    password: { minLength: 1, maxLength: 1024 },
    hashing: { inFlight: 2 },
    caps: { keysPerUser: 250, projectsPerUser: 100, serviceAccountsPerOwner: 100 },
    trustedProxies: null,
    corsOrigins: [],
    certificate: null,
    retention: { auditDays: null, auditExportDir: null, syncRunDays: null, exchangeDays: null, expiredKeyDays: null },
    outbound: { allow: null, deny: [] },
  })
})

test.runIf(hasOpenssl)('every setting is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  makeCertificate(folder, 'tls')
  const tls = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  const env = {
    PORT: '8080',
    HOST: '192.0.2.7',
    DATA_DIR: '/srv/roster',
    DATABASE_URL: 'postgresql://roster:p%40ss@db.example:5433/roster?sslmode=require',
    DATABASE_DIRECT_URL: 'postgresql://db.example:5432/roster',
    DATABASE_READ_URL: 'postgresql://reads.example:5432/roster',
    PUBLIC_URL: 'https://roster.example.com',
    ADMIN_USERID: 'Åsa',
    ADMIN_PASSWORD: 'correct horse',
    SECRET_KEY: key,
    SECRET_KEY_PREVIOUS: otherKey,
    SMTP_URL: 'smtps://mail.example.com',
    MAIL_FROM: '"Roster, Inc." <roster@example.com>',
    DRAIN_SECONDS: '7',
    GRANTS: 'documented',
    HSTS_SUBDOMAINS: 'yes',
    TOKEN_IDLE_SECONDS: '60',
    TOKEN_LIFE_SECONDS: '120',
    INVITATION_SECONDS: '180',
    KEY_GRACE_SECONDS: '0',
    CREDENTIAL_CACHE_SECONDS: '0',
    PASSWORD_MIN_LENGTH: '12',
    HASHES_IN_FLIGHT: '3',
    API_KEYS_PER_USER: '7',
    SERVICE_ACCOUNTS_PER_OWNER: '9',
    PROJECTS_PER_USER: '8',
    TRUSTED_PROXIES: '2',
    CORS_ORIGINS: 'https://people.example, http://localhost:5173',
    TLS_CERT: tls.cert,
    TLS_KEY: tls.key,
    OUTBOUND_ALLOW: 'ldap.corp.example',
    OUTBOUND_DENY: '*.internal.example',
    AUDIT_DAYS: '400',
    AUDIT_EXPORT_DIR: '/srv/roster/audit',
    SYNC_RUN_DAYS: '90',
    EXCHANGE_DAYS: '30',
    EXPIRED_KEY_DAYS: '365',
    LOG_LEVEL: 'silent',
    LOG_FORMAT: 'json',
    METRICS_PORT: '9464',
    METRICS_HOST: '192.0.2.8',
  }
  expect(Object.keys(env)).toEqual(showConfig({}).map(({ name }) => name))
  expect(loadConfig(env)).toEqual({
    port: 8080,
    host: '192.0.2.7',
    dataDir: '/srv/roster',
    databaseUrl: env.DATABASE_URL,
    directUrl: env.DATABASE_DIRECT_URL,
    readUrl: env.DATABASE_READ_URL,
    publicUrl: 'https://roster.example.com',
    adminUserid: 'Åsa',
    adminPassword: 'correct horse',
    secretKey: Buffer.alloc(32, 7),
    secretKeyPrevious: Buffer.alloc(32, 8),
    smtpUrl: 'smtps://mail.example.com',
    mailFrom: '"Roster, Inc." <roster@example.com>',
    logLevel: 'silent',
    logFormat: 'json',
    drainSeconds: 7,
    metrics: { port: 9464, host: '192.0.2.8' },
    grants: 'documented',
    hsts: { subdomains: 'yes' },
    token: { idleSeconds: 60, lifeSeconds: 120 },
    invitationSeconds: 180,
    keyGraceSeconds: 0,
    credentialCacheSeconds: 0,
    password: { minLength: 12, maxLength: 1024 },
    hashing: { inFlight: 3 },
    caps: { keysPerUser: 7, projectsPerUser: 8, serviceAccountsPerOwner: 9 },
    trustedProxies: { hops: 2 },
    certificate: tls,
    corsOrigins: ['https://people.example', 'http://localhost:5173'],
    outbound: {
      allow: [{ kind: 'name', name: 'ldap.corp.example', below: false }],
      deny: [{ kind: 'name', name: 'internal.example', below: true }],
    },
    retention: { auditDays: 400, auditExportDir: '/srv/roster/audit', syncRunDays: 90, exchangeDays: 30, expiredKeyDays: 365 },
  })
})

test('an empty string is as if unset', () => {
  const empty = Object.fromEntries(showConfig({}).map(({ name }) => [name, '']))
  expect(loadConfig(empty)).toEqual(loadConfig({}))
})

test.each([
  [{ HOST: '0.0.0.0' }, 'http://127.0.0.1:4000'],
  [{ HOST: '::' }, 'http://127.0.0.1:4000'],
  [{ HOST: '0:0:0:0:0:0:0:0' }, 'http://127.0.0.1:4000'],
  [{ HOST: '::1', PORT: '81' }, 'http://[::1]:81'],
  [{ HOST: 'roster.local', PORT: '0' }, 'http://roster.local:0'],
  [{ HOST: '0.0.0.0', PUBLIC_URL: 'https://r.example/' }, 'https://r.example'],
  [{ PUBLIC_URL: 'HTTPS://R.example:443/people//' }, 'https://r.example/people'],
])('%o gives links under %s', (env, publicUrl) => {
  expect(loadConfig(env).publicUrl).toBe(publicUrl)
})

const integer = (name: string, min: number, max: number, way: string) =>
  ['x', '1.5', '-1', '1e3', '0x10', ' 1', String(max + 1), ...(min > 0 ? [String(min - 1)] : [])].map(
    text => [name, text, `${name} must be a whole number from ${min} to ${max}: ${way}`] as const,
  )
const databaseUrl = 'must be a URL that begins with postgresql:// or postgres://'
const smtpUrl = 'must be a URL that begins with smtp:// or smtps://'

/** name, value, what its one fault begins with. */
const broken: (readonly [name: string, text: string, fault: string])[] = [
  ...integer('PORT', 0, 65_535, 'set a free port such as 4000'),
  ...integer('DRAIN_SECONDS', 0, 3600, 'set a number of seconds such as 5'),
  ...integer('AUDIT_DAYS', 1, 36_525, 'set'),
  ...integer('SYNC_RUN_DAYS', 1, 36_525, 'set'),
  ...integer('EXCHANGE_DAYS', 1, 36_525, 'set'),
  ...integer('EXPIRED_KEY_DAYS', 1, 36_525, 'set'),
  ...integer('TOKEN_IDLE_SECONDS', 1, 31_536_000, 'set'),
  ...integer('TOKEN_LIFE_SECONDS', 1, 31_536_000, 'set'),
  ...integer('INVITATION_SECONDS', 1, 31_536_000, 'set'),
  ...integer('KEY_GRACE_SECONDS', 0, 31_536_000, 'set'),
  ...integer('CREDENTIAL_CACHE_SECONDS', 0, 60, 'set'),
  ...integer('PASSWORD_MIN_LENGTH', 1, 64, 'set'),
  ...integer('HASHES_IN_FLIGHT', 1, 64, 'set'),
  ...integer('API_KEYS_PER_USER', 1, 100_000, 'set'),
  ...integer('PROJECTS_PER_USER', 1, 100_000, 'set'),
  ...integer('SERVICE_ACCOUNTS_PER_OWNER', 1, 100_000, 'set'),
  ...['10.0.0.0/33', 'geheim'].map(
    text => ['TRUSTED_PROXIES', text, 'TRUSTED_PROXIES must be a number from 1 to 10, or IP addresses and networks'] as const,
  ),
  ...[
    '*',
    'null',
    'geheim',
    'https://a.example/',
    'https://a.example/x',
    'https://A.example',
    'https://a.example:443',
    'file://',
    'a.example',
    'https://a.example,',
  ].map(text => ['CORS_ORIGINS', text, 'CORS_ORIGINS must be http or https origins separated by commas'] as const),
  ...['OUTBOUND_ALLOW', 'OUTBOUND_DENY'].flatMap(name =>
    ['10.0.0.1/8', 'https://geheim', '127.1', 'a b/c'].map(
      text => [name, text, `${name} must be addresses, networks such as 10.0.0.0/8`] as const,
    ),
  ),
  ['HOST', 'a b', 'HOST must be an IP address or a host name, without a port: set'],
  ['HOST', '127.0.0.1:4000', 'HOST must be an IP address'],
  ['HOST', 'http://localhost', 'HOST must be an IP address'],
  ['HOST', '[::1]', 'HOST must be an IP address'],
  ['HOST', '1.2.3.999', 'HOST must be an IP address'],
  ['DATABASE_URL', 'localhost', `DATABASE_URL ${databaseUrl}: set`],
  ['DATABASE_URL', 'postgresql:u:p@h/d', `DATABASE_URL ${databaseUrl}: set`],
  ['DATABASE_URL', 'mysql://u:p@h/d', `DATABASE_URL ${databaseUrl}: set`],
  ['DATABASE_DIRECT_URL', 'mysql://u:p@h/d', `DATABASE_DIRECT_URL ${databaseUrl}: set`],
  ['DATABASE_READ_URL', 'mysql://u:p@h/d', `DATABASE_READ_URL ${databaseUrl}: set`],
  ['DATABASE_URL', 'postgres://u:100%@h/d', 'DATABASE_URL must have each % of its user, password and path written as %25: set'],
  ['PUBLIC_URL', 'roster.example', 'PUBLIC_URL must be an http or https URL: set'],
  ['PUBLIC_URL', 'ftp://roster.example', 'PUBLIC_URL must be an http or https URL: set'],
  ['PUBLIC_URL', 'javascript:alert(1)', 'PUBLIC_URL must be an http or https URL: set'],
  ['PUBLIC_URL', 'https://u:p@r.example', 'PUBLIC_URL must not have credentials, a query or a fragment: set'],
  ['PUBLIC_URL', 'https://r.example/?', 'PUBLIC_URL must not have credentials, a query or a fragment: set'],
  ['PUBLIC_URL', 'https://r.example/#x', 'PUBLIC_URL must not have credentials, a query or a fragment: set'],
  ['ADMIN_USERID', ' admin', 'ADMIN_USERID must not begin or end with white space: set'],
  ['ADMIN_USERID', '..', 'ADMIN_USERID must not be "." or "..": set'],
  ['ADMIN_USERID', 'аdmin', 'ADMIN_USERID must not mix Latin, Greek and Cyrillic letters: set'],
  ['ADMIN_PASSWORD', 'x'.repeat(1025), 'ADMIN_PASSWORD must have at most 1024 characters: choose'],
  ['SECRET_KEY', 'short', 'SECRET_KEY must be 32 bytes in base64 (44 characters): create one with `openssl rand -base64 32`'],
  ['SECRET_KEY', `${key.slice(0, -1)}!`, 'SECRET_KEY must be 32 bytes in base64'],
  ['SECRET_KEY', Buffer.alloc(33).toString('base64'), 'SECRET_KEY must be 32 bytes in base64'],
  ['SECRET_KEY', Buffer.alloc(32).toString('hex'), 'SECRET_KEY must be 32 bytes in base64'],
  ['SMTP_URL', 'mail.example.com:25', `SMTP_URL ${smtpUrl}: set`],
  ['SMTP_URL', 'http://mail.example.com', `SMTP_URL ${smtpUrl}: set`],
  ['SMTP_URL', 'smtp://', `SMTP_URL ${smtpUrl}: set`],
  ['MAIL_FROM', 'Roster', 'MAIL_FROM must be an e-mail address: set'],
  [
    'MAIL_FROM',
    'Roster, Inc. <roster@example.com>',
    'MAIL_FROM must be an e-mail address, or a name and the address in < >: set',
  ],
  ['MAIL_FROM', 'a@b.example, c@d.example', 'MAIL_FROM must be an e-mail address: set'],
  ['MAIL_FROM', 'Roster\r\nBcc: x@y.example <roster@example.com>', 'MAIL_FROM must be an e-mail address, or'],
  ['TLS_CERT', 'geheim', 'TLS_CERT must be a file that Roster can read: set'],
  ['TLS_KEY', 'geheim', 'TLS_KEY must be a file that Roster can read: set'],
  ['LOG_LEVEL', 'loud', 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent: set'],
  ['METRICS_PORT', '70000', 'METRICS_PORT must be a whole number from 0 to 65535: set'],
  ['METRICS_HOST', 'a b', 'METRICS_HOST '],
  ['LOG_FORMAT', 'xml', 'LOG_FORMAT must be one of auto, json, text: set'],
  ['HSTS_SUBDOMAINS', 'true', 'HSTS_SUBDOMAINS must be one of yes, no: set'],
  ['GRANTS', 'Strict', 'GRANTS must be one of strict, documented: set'],
]

describe('faults', () => {
  test.each(broken)('%s=%j', (name, text, fault) => {
    const faults = faultsOf({ SECRET_KEY: key, [name]: text })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toSatisfy((line: string) => line.startsWith(fault), `${faults[0]}\nshould begin with\n${fault}`)
  })

  test('all are reported at once, in the order of the table, each with a remedy, none with a value', () => {
    const env = Object.fromEntries(broken.map(([name, text]) => [name, text]))
    // Set last: each name once, with a value that no message may repeat.
    Object.assign(env, {
      SMTP_URL: 'http://geheim',
      SECRET_KEY: 'geheim',
      SECRET_KEY_PREVIOUS: 'geheim',
      DATABASE_URL: 'mysql://geheim',
      PUBLIC_URL: 'https://geheim@x',
    })
    const faults = faultsOf(env)
    const wrong = showConfig({})
      .map(({ name }) => name)
      .filter(name => name !== 'DATA_DIR' && name !== 'AUDIT_EXPORT_DIR')
    expect(faults.map(fault => fault.split(' ')[0])).toEqual(wrong)
    for (const fault of faults) expect(fault).toMatch(/: (set|choose|create) /)
    expect(faults.join('\n')).not.toMatch(/geheim|xxxx/)
    expect(() => loadConfig(env)).toThrow(new RegExp(`${faults.length} faults`))
  })

  test('audit events go only into a folder', () => {
    expect(faultsOf({ AUDIT_DAYS: '400' })).toEqual([
      'AUDIT_DAYS needs AUDIT_EXPORT_DIR beside it, for the files of what is removed: set a number of days such as 400, or leave it unset to keep them',
    ])
    expect(faultsOf({ AUDIT_DAYS: '400', AUDIT_EXPORT_DIR: '/srv' })).toEqual([])
  })

  test.each(['DATABASE_DIRECT_URL', 'DATABASE_READ_URL'])('%s needs the database that it leads to', name => {
    expect(faultsOf({ [name]: 'postgres://h/d' })).toEqual([
      expect.stringMatching(new RegExp(`^${name} needs DATABASE_URL beside it: set it like`)),
    ])
  })

  test('a server database needs a key, also when its own URL is broken', () => {
    const fault = /^SECRET_KEY is required with DATABASE_URL: create one with/
    expect(faultsOf({ DATABASE_URL: 'postgres://h/d' })).toEqual([expect.stringMatching(fault)])
    expect(faultsOf({ DATABASE_URL: 'h' })).toEqual([expect.stringMatching(/^DATABASE_URL/), expect.stringMatching(fault)])
    expect(faultsOf({ DATABASE_URL: 'postgres:///d?host=/run/postgresql', SECRET_KEY: key })).toEqual([])
  })

  test("the administrator's password obeys the policy, in characters", () => {
    const fault =
      'ADMIN_PASSWORD must not be shorter than PASSWORD_MIN_LENGTH: choose another, or leave it unset to have one made'
    expect(faultsOf({ ADMIN_PASSWORD: '🐎🐎🐎', PASSWORD_MIN_LENGTH: '4' })).toEqual([fault])
    expect(faultsOf({ ADMIN_PASSWORD: '🐎🐎🐎🐎', PASSWORD_MIN_LENGTH: '4' })).toEqual([])
    expect(faultsOf({ ADMIN_PASSWORD: '🐎'.repeat(1024) })).toEqual([])
  })
})

describe('what an operator is shown', () => {
  const shownOf = (name: string, text: string) => showConfig({ [name]: text }).find(setting => setting.name === name)?.shown

  test.each([
    ['SECRET_KEY', key, '****'],
    ['SECRET_KEY', 'broken', '****'],
    ['ADMIN_PASSWORD', 'geheim', '****'],
    ['DATABASE_URL', 'postgresql://u:geheim@db.example:5433/roster', 'postgresql://****@db.example:5433/roster'],
    ['DATABASE_DIRECT_URL', 'postgresql://u:geheim@db.example:5432/roster', 'postgresql://****@db.example:5432/roster'],
    ['DATABASE_READ_URL', 'postgresql://u:geheim@db.example:5432/roster', 'postgresql://****@db.example:5432/roster'],
    ['DATABASE_URL', 'postgresql://db.example/roster?password=geheim', 'postgresql://db.example/roster?****'],
    ['DATABASE_URL', 'postgresql://u:12/geheim@db.example/roster', '****'],
    ['DATABASE_URL', 'postgresql://u:a@b/geheim@db.example/roster', '****'],
    ['DATABASE_URL', 'postgresql://u:12#geheim@db.example/roster', '****'],
    ['DATABASE_URL', 'u:geheim@db.example', '****'],
    ['DATABASE_URL', 'postgresql:u:geheim@db.example', '****'],
    ['SMTP_URL', 'smtp://key:geheim@mail.example:587?pool=true', 'smtp://****@mail.example:587?****'],
    ['PUBLIC_URL', 'https://u:12\\geheim@r.example', 'https://****@r.example'],
    ['PUBLIC_URL', 'https://u:geheim@r.example', 'https://****@r.example'],
    ['PUBLIC_URL', 'https://u:12/ge@heim@r.example/people', 'https://****@r.example/people'],
    ['PUBLIC_URL', 'u:geheim@r.example', '****@r.example'],
    ['PUBLIC_URL', 'roster.example', 'roster.example'],
    ['PUBLIC_URL', 'https://r.example/?x#y', 'https://r.example/?x#y'],
    ['MAIL_FROM', 'a\u001b[2J@b', 'a\uFFFD[2J@b'],
    ['PORT', '4001', '4001'],
  ])('%s=%s as %s', (name, text, shown) => {
    expect(shownOf(name, text)).toBe(shown)
  })
})
