// Each shell block of the pages runs as it stands, except for hosts and ports, against real peers.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ldif } from '../../scripts/demo/directory.ts'
import { openLdap } from '../../src/connectors/ldap.ts'
import { documentAt } from '../../src/connectors/oidc.provider.ts'
import { checkConfig } from '../../src/domain/iams/config/validate.ts'
import { Browser } from '../authentication/oidc/browser.ts'
import { type RealProvider, realProvider, SECRET } from '../authentication/oidc/provider.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { outbound } from '../harness/outbound.ts'
import { type Slapd, sayWhenSkipped, slapdFolder, startSlapd } from '../harness/slapd.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const page = (name: string) => readPage(`docs/${name}.md`)
const run = promisify(execFile)
const TOUR = 'tour password'

sayWhenSkipped('the configurations of docs/ldap.md')

describe.skipIf(slapdFolder === null)('docs/ldap.md', () => {
  const text = page('ldap')
  let slapd: Slapd
  let app: TestApp
  let folder: string
  let web: number
  const http = createHttp()
  afterAll(() => void http.close())
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'roster-docs-'))
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    web = (http.address() as AddressInfo).port
    slapd = await startSlapd({ ldif: ldif() })
    app = await bootApp({ env: { ADMIN_PASSWORD: TOUR } })
    writeFileSync(join(folder, 'ca.pem'), slapd.certificates.ca)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('from the token to a person with groups', async () => {
    const lines = blocks(text, 'sh')
    const printed = await runBlocks(folder, lines, {
      'http://127.0.0.1:4000': app.url,
      'ldap.corp.example': 'localhost',
      '"port": 636': `"port": ${slapd.securePort}`,
      // The command itself, since the folder is not Roster's.
      'npm run sync --': `'${process.execPath}' '${new URL('../../src/cli/main.ts', import.meta.url).pathname}' sync`,
    })
    const [token, created, tried, entered, refreshed, synced, watched, ...rest] = printed
    expect([token, rest]).toEqual(['', []])
    expect(JSON.parse(created!)).toMatchObject({
      data: { createIam: { iam: { iamid: 'corp', secrets: { 'credentials.bind_pw': expect.any(String) } } } },
    })
    expect(JSON.parse(tried!)).toMatchObject({
      data: {
        testIam: {
          directory: {
            after: { name: 'Emma Lindqvist', email: 'emma@roster.example', position: 'Harbour master' },
            groupsAdded: ['Harbour', 'Night shift'],
            attributesAdded: { Title: ['Harbour master'] },
            rejected: [],
          },
          failures: [],
        },
      },
    })
    expect(JSON.parse(entered!)).toMatchObject({ authenticated: true })
    expect(JSON.parse(refreshed!)).toMatchObject({ userid: 'emma', iamAuthorizations: { Title: ['Harbour master'] } })
    // Both in one block: what would be done, and the same done.
    const [dry, real] = synced!.split(/(?<=\})\s*(?=\{"totalCount)/).map(report => JSON.parse(report))
    for (const report of [dry, real]) expect([report.totalCount, report.importedUsers.length]).toEqual([6, 5])
    const [run, command] = watched!.split(/(?<=\})\s*(?=Sync )/)
    expect(JSON.parse(run!).data.syncRuns.nodes).toMatchObject([{ status: 'FINISHED', total: 6, unchanged: 1 }])
    expect(command).toContain('6 people seen, 6 as they were, 0 changes would be made')
  })

  /** What `testIam` says of the saved configuration with some of its options changed. */
  async function failures(options: object, more: object = {}): Promise<string[]> {
    const { data } = await app.graphql('{ iam(iamid: "corp") { config } }')
    const saved = data.iam.config
    const credentials = { ...saved.credentials, bind_pw: 'reader-s3cret' }
    const config = { ...saved, options: { ...saved.options, ...options }, credentials, ...more }
    const tried = await app.graphql('query ($i: TestIamInput!) { testIam(input: $i) { failures } }', {
      i: { iamid: 'corp', userid: 'emma', config },
    })
    expect(tried.errors).toBeUndefined()
    return tried.data.testIam.failures
  }
  const credentials = { bind_dn: 'cn=reader,dc=roster,dc=example', bind_pw: 'wrong' }
  test.each<[string, () => Promise<string[]>]>([
    ['ECONNREFUSED', () => failures({ port: 1 })],
    ['SELF_SIGNED_CERT_IN_CHAIN', () => failures({ ca: slapd.certificates.other })],
    ['ERR_TLS_CERT_ALTNAME_INVALID', () => failures({ host: '127.0.0.9' })],
    ['its answer cannot be read', () => failures({ ca: undefined, useSSL: false, port: web })],
    ['the directory rejects the account of config.credentials: invalidCredentials (49)', () => failures({}, { credentials })],
    ['the directory answers noSuchObject (32)', () => failures({ userSearchBase: 'ou=nowhere,dc=roster,dc=example' })],
    ['the directory has several people with this userid', () => failures({ userSearchFilter: '(|(uid=%s)(uid=otto))' })],
  ])('an error, and the option that it is about: %s', async (words, meet) => {
    expect(text).toContain(words)
    const message = (await meet()).join()
    expect(message).toContain(words)
    expect(message).toMatch(/config\.(options|credentials)/)
  })

  test('the other directories’ configurations pass every check', () => {
    const others = blocks(text, 'json')
    expect(others).toHaveLength(2)
    for (const config of others) {
      const checked = checkConfig('ldap', 'other', { input: JSON.parse(config) })
      expect(openLdap(checked.config, new Map([['credentials.bind_pw', 'x']]), { outbound })).toHaveProperty('logIn')
    }
  })
})

describe('docs/openid-connect.md', () => {
  let app: TestApp
  let idp: RealProvider
  beforeAll(async () => {
    app = await bootApp({ env: { ADMIN_PASSWORD: TOUR } })
    idp = await realProvider({ roster: [`${app.url}/login/corp/callback`] }, app.url)
  })
  afterAll(async () => {
    await app?.close()
    await idp?.close()
  })

  test('from the mutation to a person with groups', async () => {
    const [mutation, types, ...more] = blocks(page('openid-connect'), 'graphql')
    expect(more).toEqual([])
    const { data: listed } = await app.graphql(types!)
    expect(listed.iamTypes.map(({ type }: { type: string }) => type)).toContain('OPENID')
    // The provider of the tests uses http, which needs enableSSL: false.
    const placed = mutation!
      .replace(/"https:\/\/login\.corp\.example[^"]*"/, `"${idp.issuer}/.well-known/openid-configuration", enableSSL: false`)
      .replace('"…"', JSON.stringify(SECRET))
    expect((await app.graphql(placed)).errors).toBeUndefined()
    idp.people.ana = { name: 'Ana Ribeiro', team: 'red', groups: ['Auditors'] }
    idp.next = 'ana'
    const entered = await new Browser().visit(`${app.url}/login/corp?returnTo=/login`)
    expect(entered.body).toContain('<strong>Ana Ribeiro</strong>')
    const { data } = await app.graphql(
      '{ user(ref: { name: { iamid: "corp", userid: "ana" } }) { iamAuthorizations permissions groups { nodes { name } } } }',
    )
    expect(data.user).toEqual({
      iamAuthorizations: { Team: ['red'] },
      permissions: ['AUDIT'],
      groups: { nodes: [{ name: 'Auditors' }] },
    })
    const [token, tried, simulated, ...rest] = await runBlocks(tmpdir(), blocks(page('openid-connect'), 'sh'), {
      'http://127.0.0.1:4000': app.url,
    })
    expect([token, rest]).toEqual(['', []])
    expect(JSON.parse(tried!).data.testIam).toEqual({
      provider: {
        issuer: idp.issuer,
        signingAlgorithms: expect.arrayContaining(['RS256']),
        keys: 1,
        client: 'ACCEPTED',
        userInfo: true,
      },
      failures: [],
    })
    expect(JSON.parse(simulated!).data.simulateIdentity).toEqual({
      after: { name: 'Ben' },
      groupsAdded: ['Auditors'],
      attributesAdded: { Team: ['red'] },
      rejected: [],
    })
  })

  test('the recipes pass every check, and each way of discovery expects the issuer that the provider has', () => {
    const recipes = blocks(page('openid-connect'), 'json').map(recipe =>
      checkConfig('openid', 'other', { input: JSON.parse(recipe) }),
    )
    expect(recipes.map(({ secrets }) => [...secrets.keys()])).toEqual(Array(4).fill(['options.clientSecret']))
    const places = recipes.map(({ config }) => documentAt((config.options as { discoverUrl: string }).discoverUrl))
    expect(places.map(({ issuer, url }) => [issuer, url.href])).toEqual(
      [
        'https://keycloak.corp.example/realms/corp',
        'https://login.microsoftonline.com/3f2c1a9e-0000-4000-8000-1d2e3f4a5b6c/v2.0',
        'https://corp.okta.com/oauth2/default',
        'https://accounts.google.com',
      ].map(issuer => [issuer, `${issuer}/.well-known/openid-configuration`]),
    )
  })
})

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('docs/user-info.md', () => {
  const text = page('user-info')
  const [answer] = blocks(text, 'json')
  let app: TestApp
  let folder: string
  let port: number
  let server: ReturnType<typeof createServer>
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'roster-docs-'))
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=x',
    ]
    const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'ca.pem')]
    await run('openssl', [...made, ...names])
    const tls = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'ca.pem')) }
    server = createServer(tls, (request, response) => {
      const wanted = `Basic ${Buffer.from('roster:endpoint-s3cret').toString('base64')}`
      if (request.headers.authorization !== wanted || !request.url!.startsWith('/user-info?')) response.writeHead(401).end()
      else response.end(answer)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
    app = await bootApp({ env: { ADMIN_PASSWORD: TOUR } })
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('from the token to the drift report', async () => {
    const printed = await runBlocks(folder, blocks(text, 'sh'), {
      'http://127.0.0.1:4000': app.url,
      'people.corp.example:8443': `localhost:${port}`,
    })
    const [token, configured, tried, refreshed, drift, ...rest] = printed
    expect([token, rest]).toEqual(['', []])
    expect(JSON.parse(configured!)).toMatchObject({
      data: { updateIam: { iam: { iamid: 'bim', secrets: { 'externalUserInfo.authentication.password': expect.any(String) } } } },
    })
    const authorizations = { EMEA: ['Sales', 'Expenses'], APAC: ['Sales'] }
    expect(JSON.parse(tried!)).toMatchObject({
      data: {
        testIam: {
          userInfo: {
            groupsAdded: ['Accountants', 'Controllers'],
            groupsRemoved: [],
            attributesAdded: authorizations,
            attributesRemoved: {},
            rejected: [],
          },
          failures: [],
        },
      },
    })
    expect(JSON.parse(refreshed!)).toMatchObject({ iamAuthorizations: authorizations })
    expect(JSON.parse(drift!)).toMatchObject({
      data: { userInfoDrift: { totals: { users: 1, answered: 1, neverCalled: 0 }, nodes: [] } },
    })
  })
})
