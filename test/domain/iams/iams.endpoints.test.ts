// A stored secret is never sent to a new address (reference: iam-rules, "Semantics"), by whichever change of a configuration.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { configSchemas, type IamType } from '../../../src/domain/iams/config/schema.ts'
import { secretPaths } from '../../../src/domain/iams/config/secrets.ts'
import { decrypt } from '../../../src/domain/iams/encryption.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import { lockIam } from '../../../src/domain/iams/iams.store.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Invalid } from '../../../src/platform/errors.ts'
import { makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { certificate, theirs } from './certificate.ts'

type Config = Record<string, any>

let store: Store
let admin: UserActor
beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['APPLICATION_ADMIN'])
})
afterAll(() => store.close())

const as = () => testContext({ actor: admin, store })
const update = async (id: string, config: Config) => (await iams.update(as(), { id, config })).iam

/** The configuration with the value at the path; undefined takes it out. */
function put(config: Config, path: string, value: unknown): Config {
  const copy = structuredClone(config)
  const steps = path.split('.')
  const holder = steps.slice(0, -1).reduce((inner, step) => (inner[step] ??= {}), copy)
  const name = steps.at(-1)!
  if (value === undefined) delete holder[name]
  else holder[name] = value
  return copy
}

async function secretOf(id: string, path: string): Promise<string | undefined> {
  const { encrypted } = await store.transaction(db => lockIam(db, id))
  return encrypted[path] && decrypt([as().app.key], { iamid: id, path, encrypted: encrypted[path] })
}

let serial = 0
/** Configures an IAM with the secret; of the built-in type there is one only. */
async function configure(type: IamType, config: Config): Promise<string> {
  // One of an earlier version: none is made any more, but it may be changed.
  if (type === 'saml') {
    const id = `saml${++serial}`
    await store.db.query(`INSERT INTO iams (id, display_name, type) VALUES ($1, 'Place', 'saml')`, [id])
    await update(id, config)
    return id
  }
  if (type !== 'built-in') return (await iams.create(as(), { displayName: 'Place', type, config })).iam.id
  await update('bim', { externalUserInfo: { authentication: { password: null }, key: null } })
  await update('bim', config)
  return 'bim'
}

interface Case {
  type: IamType
  secret: string
  /** Without the secret. */
  config: Config
  /** What else has to go when the secret goes. */
  partner: string | null
  changes: [string, unknown][]
  unrelated: [string, unknown][]
}

const info = (type: IamType): Case => ({
  type,
  secret: 'externalUserInfo.authentication.password',
  config: {
    externalUserInfo: {
      uri: 'https://info.roster.example/user-info',
      authentication: { username: 'reader' },
      useSSL: true,
      rejectUnauthorized: true,
      ca: certificate,
    },
  },
  partner: 'externalUserInfo.authentication.username',
  changes: [
    ['externalUserInfo.uri', 'https://info.elsewhere.example/user-info'],
    ['externalUserInfo.uri', 'https://info.roster.example:8443/user-info'],
    ['externalUserInfo.uri', 'https://info.roster.example/collect'],
    ['externalUserInfo.useSSL', false],
    ['externalUserInfo.rejectUnauthorized', false],
    ['externalUserInfo.rejectUnauthorized', undefined],
    ['externalUserInfo.ca', theirs],
  ],
  unrelated: [
    ['externalUserInfo.timeoutMs', 500],
    ['externalUserInfo.onError', 'deny'],
    ['externalUserInfo.authentication.username', 'writer'],
    ...(type === 'built-in' ? [] : [['schema', { profile: { name: 'cn' } }] as [string, unknown]]),
  ],
})

const manual = {
  clientId: 'roster',
  issuer: 'https://id.roster.example',
  authorizationEndpoint: 'https://id.roster.example/auth',
  tokenEndpoint: 'https://id.roster.example/token',
  jwksUri: 'https://id.roster.example/jwks',
  enableSSL: true,
}

const cases: Case[] = [
  {
    type: 'ldap',
    secret: 'credentials.bind_pw',
    config: {
      options: {
        host: 'ldap.roster.example',
        port: 636,
        useSSL: true,
        rejectUnauthorized: true,
        userSearchBase: 'dc=roster',
        userIdAttribute: 'uid',
      },
      credentials: { bind_dn: 'cn=reader' },
    },
    partner: 'credentials',
    changes: [
      ['options.host', 'ldap.elsewhere.example'],
      ['options.port', 1636],
      ['options.port', undefined],
      ['options.useSSL', false],
      ['options.useSSL', undefined],
      ['options.rejectUnauthorized', false],
      ['options.ca', theirs],
    ],
    unrelated: [
      ['options.userSearchBase', 'dc=other'],
      ['options.groupSearchBase', 'ou=groups'],
      ['options.connectTimeout', 500],
      ['credentials.bind_dn', 'cn=writer'],
      ['schema', { profile: { name: 'cn' }, authorizations: { Department: 'ou' } }],
      ['supportedActions', ['syncGroups']],
    ],
  },
  {
    type: 'ldap',
    secret: 'credentials.bind_pw',
    config: {
      options: { host: 'ldap.roster.example', startTLS: true, userSearchBase: 'dc=roster', userIdAttribute: 'uid' },
      credentials: { bind_dn: 'cn=reader' },
    },
    partner: 'credentials',
    changes: [
      ['options.startTLS', false],
      ['options.port', 1389],
    ],
    unrelated: [['options.rejectUnauthorized', true]],
  },
  {
    type: 'openid',
    secret: 'options.clientSecret',
    config: { options: { clientId: 'roster', discoverUrl: 'https://id.roster.example/.well-known/openid-configuration' } },
    partner: null,
    changes: [
      ['options.discoverUrl', 'https://id.elsewhere.example/.well-known/openid-configuration'],
      ['options', manual],
      ['options.enableSSL', false],
    ],
    unrelated: [
      ['options.enableSSL', true],
      ['options.scopes', ['openid']],
      ['options.endSessionEndpoint', 'https://id.roster.example/end'],
      ['schema', { profile: { name: 'name' } }],
    ],
  },
  {
    type: 'openid',
    secret: 'options.clientSecret',
    config: { options: manual },
    partner: null,
    changes: [
      ['options.tokenEndpoint', 'https://id.elsewhere.example/token'],
      ['options.enableSSL', undefined],
      ['options', { clientId: 'roster', discoverUrl: 'https://id.elsewhere.example', enableSSL: true }],
    ],
    // None of these is sent the client's secret.
    unrelated: [
      ['options.jwksUri', 'https://id.roster.example/keys'],
      ['options.userInfoEndpoint', 'https://id.roster.example/me'],
    ],
  },
  ...(Object.keys(configSchemas) as IamType[]).map(info),
]

const enterAgain = (secret: string) =>
  new RegExp(
    `^config\\.${secret} must be entered again, or null, because config\\..* changes?: a stored secret is never sent to a new address`,
  )

describe.each(cases)('$type, $secret', ({ type, secret, config, partner, changes, unrelated }) => {
  const configured = () => configure(type, put(config, secret, 'the first'))

  test.each(changes)('%s as %j: refused without it, accepted with it', async (field, value) => {
    const id = await configured()
    const before = await iams.get(as(), { id })
    const changed = put(config, field, value)
    const refusal = update(id, changed)
    await expect(refusal).rejects.toThrow(Invalid)
    await expect(refusal).rejects.toThrow(enterAgain(secret))
    await expect(refusal).rejects.toMatchObject({ field: `config.${secret}` })
    expect(await iams.get(as(), { id })).toEqual(before)
    const { config: stored } = await update(id, put(changed, secret, 'the second'))
    expect(stored).toEqual(changed)
    expect(await secretOf(id, secret)).toBe('the second')
  })

  test.each(changes)('%s as %j: its fingerprint is not the secret; the same secret again is', async (field, value) => {
    const id = await configured()
    const { secrets } = (await iams.get(as(), { id }))!
    const changed = put(config, field, value)
    await expect(update(id, put(changed, secret, secrets[secret]))).rejects.toThrow(enterAgain(secret))
    await update(id, put(changed, secret, 'the first'))
    expect(await secretOf(id, secret)).toBe('the first')
  })

  test.each(changes)('%s as %j: accepted when the secret goes', async (field, value) => {
    const id = await configured()
    const changed = put(config, field, value)
    const bare = put(partner ? put(changed, partner, undefined) : changed, secret, null)
    expect((await update(id, bare)).secrets).toEqual({})
    expect(await secretOf(id, secret)).toBeUndefined()
  })

  test('other changes keep it', async () => {
    const id = await configured()
    await iams.update(as(), { id, displayName: 'Renamed', defaultPermissions: ['CREATE_PROJECT'] })
    let changed = config
    for (const [field, value] of unrelated) {
      changed = put(changed, field, value)
      expect((await update(id, changed)).config).toEqual(changed)
      expect(await secretOf(id, secret)).toBe('the first')
    }
  })

  test('its fingerprint given back is the secret left out', async () => {
    const id = await configured()
    const { secrets } = (await iams.get(as(), { id }))!
    expect((await update(id, put(config, secret, secrets[secret]))).secrets).toEqual(secrets)
    expect(await secretOf(id, secret)).toBe('the first')
  })
})

const directory = { host: 'ldap.roster.example', userSearchBase: 'dc=roster', userIdAttribute: 'uid' }
const credentials = { bind_dn: 'cn=reader', bind_pw: 'the bind password' }
const { bind_pw: _, ...reader } = credentials

test('not in two steps either: first without a place, then with another', async () => {
  const id = await configure('ldap', { options: directory, credentials })
  await expect(update(id, {})).rejects.toThrow(enterAgain('credentials.bind_pw'))
  const early = await configure('ldap', { credentials })
  await expect(update(early, { options: directory, credentials: reader })).rejects.toThrow(
    /because config\.options\.host changes:/,
  )
  await update(early, { options: directory, credentials })
  expect(await secretOf(early, 'credentials.bind_pw')).toBe('the bind password')
})

test('a guard may be switched on without the secret, and one does not stand for another', async () => {
  const id = await configure('ldap', { options: directory, credentials })
  const options = { ...directory, startTLS: true }
  expect((await update(id, { options, credentials: reader })).config).toMatchObject({ options })
  const refusal = update(id, { options: { ...directory, useSSL: true }, credentials: reader })
  await expect(refusal).rejects.toThrow(/because config\.options\.startTLS changes:/)
})

test('every secret is named at once, with all that changes; a private key, which is never sent, is not', async () => {
  const uri = 'https://info.roster.example'
  const externalUserInfo = { uri, cert: certificate, authentication: { username: 'reader' } }
  const id = await configure('ldap', {
    options: { ...directory, cert: certificate, useSSL: true, key: 'k' },
    credentials,
    externalUserInfo: { ...externalUserInfo, key: 'k', authentication: { username: 'reader', password: 'p' } },
  })
  const rule = 'a stored secret is never sent to a new address'
  await expect(
    update(id, {
      options: { ...directory, cert: certificate, startTLS: true, host: '10.0.0.1', port: 1389 },
      credentials: reader,
      externalUserInfo: { ...externalUserInfo, uri: 'http://10.0.0.1' },
    }),
  ).rejects.toThrow(
    `config.credentials.bind_pw must be entered again, or null, because config.options.host, config.options.port, config.options.useSSL change: ${rule}; ` +
      `config.externalUserInfo.authentication.password must be entered again, or null, because config.externalUserInfo.uri changes: ${rule}`,
  )
})

test('the places of every secret are fields of its schema, and only private keys go nowhere', () => {
  for (const [type, paths] of Object.entries(secretPaths))
    for (const [secret, { sentTo, guardedBy }] of Object.entries(paths)) {
      for (const field of [...sentTo, ...guardedBy])
        expect(
          field.split('.').reduce<any>((at, step) => at?.properties[step], configSchemas[type as IamType]),
          field,
        ).toBeDefined()
      expect(sentTo.length === 0, secret).toBe(secret.endsWith('.key'))
      if (sentTo.length > 0) expect(cases.some(one => one.type === type && one.secret === secret)).toBe(true)
    }
})
