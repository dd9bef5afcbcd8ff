// Identity sources as files: the commands in processes of their own, against the real API.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { bootApp, type TestApp } from '../harness/app.ts'
import { cli } from './process.ts'

let app: TestApp
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-declared-'))
  app = await bootApp()
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

const asAdmin = (args: string[], env: Record<string, string> = {}) =>
  cli(args, { ROSTER_URL: app.url, ROSTER_TOKEN: app.admin.token, XDG_CONFIG_HOME: folder, ...env })

function file(text: string): string {
  const path = join(folder, 'roster.yaml')
  writeFileSync(path, text)
  return path
}

const iam = async (iamid: string) =>
  (
    await app.graphql(
      `query ($iamid: String!) { iam(iamid: $iamid) { displayName defaultPermissions groupPermissions config secrets } }`,
      { iamid },
    )
  ).data.iam

const audited = async (): Promise<number> =>
  (await app.graphql('{ auditEvents(first: 1, filter: {events: [iamConfigured]}) { totalCount } }')).data.auditEvents.totalCount

const LDAP = {
  scimEnabled: true,
  options: { host: 'ldap.example.test', userSearchBase: 'dc=example', userIdAttribute: 'uid', startTLS: true },
  credentials: { bind_dn: 'cn=reader', bind_pw: 'hunter2' },
  schema: {
    profile: { name: 'cn' },
    authorizations: { Team: 'ou', 'Cost: centre': 'x' },
    attributeSchema: [{ scimSchema: 'urn:a', prefix: 'a' }],
  },
  ldapSync: { cronRule: '0 3 * * *', maxDisabledCount: 0 },
}
const OPENID = {
  options: { clientId: 'roster', clientSecret: 'hunter2', discoverUrl: 'https://id.example.test', scopes: ['openid', 'email'] },
  externalUserInfo: { uri: 'https://info.example.test/', authentication: { username: 'u', password: 'hunter2' } },
}

test('an export of every type of identity source is found unchanged, and has no secret', async () => {
  const create = 'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { iamid } } }'
  const rules = { groupPermissions: { 'Team: A': ['AUDIT', 'X_ONE'] }, defaultPermissions: ['READER'] }
  for (const input of [
    { iamid: 'ldap', displayName: 'yes', type: 'LDAP', config: LDAP, ...rules },
    { iamid: 'openid', displayName: 'Open: "ID" #1', type: 'OPENID', config: OPENID },
    { iamid: 'empty', displayName: '0x10', type: 'OPENID' },
  ])
    expect((await app.graphql(create, { input })).errors).toBeUndefined()
  const update = 'mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { iamid } } }'
  const config = { externalUserInfo: OPENID.externalUserInfo }
  const changed = await app.graphql(update, { input: { iamid: 'bim', config, defaultPermissions: ['READER'] } })
  expect(changed.errors).toBeUndefined()
  await app.store.db.query("UPDATE iams SET type = 'saml' WHERE id = 'empty'")

  const exported = await asAdmin(['iam', 'export'])
  expect(exported).toMatchObject({ stderr: '', exitCode: 0 })
  expect(exported.stdout).not.toContain('hunter2')
  expect(exported.stdout).toMatch(/^# Secrets are read from the environment: .*LDAP_CREDENTIALS_BIND_PW/)
  const values = parse(exported.stdout).iams
  expect(Object.values<{ type: string }>(values).map(({ type }) => type)).toEqual(['BUILT_IN', 'SAML', 'LDAP', 'OPENID'])
  expect(values.ldap.config).toEqual({
    ...LDAP,
    credentials: { bind_dn: 'cn=reader', bind_pw: `\${env:LDAP_CREDENTIALS_BIND_PW}` },
  })
  const before = await audited()
  for (const more of [[], ['--prune']]) {
    const planned = await asAdmin(['plan', file(exported.stdout), ...more])
    expect(planned).toEqual({ stdout: 'No changes.\n', stderr: '', exitCode: 0 })
  }
  expect(await asAdmin(['iam', 'apply', file(exported.stdout), '--yes', '--prune'])).toMatchObject({ stdout: '', exitCode: 0 })
  expect(await audited()).toBe(before)
  for (const iamid of Object.keys(values)) {
    const one = await asAdmin(['iam', 'export', iamid])
    expect(parse(one.stdout)).toEqual({ iams: { [iamid]: values[iamid] } })
  }
  expect((await asAdmin(['iam', 'export', 'nothing'])).exitCode).toBe(3)
}, 120_000)

test('a new one is planned, refused without its secret, applied with it, and then unchanged', async () => {
  const text = `iams:
  corp:
    type: LDAP
    displayName: Corp
    groupPermissions: {Admins: [USER_ADMIN]}
    config:
      scimEnabled: true
      options: {host: ldap.example.test, userSearchBase: dc=corp, userIdAttribute: uid}
      credentials: {bind_dn: cn=reader, bind_pw: "\${file:${join(folder, 'password')}}"}
`
  const planned = await asAdmin(['plan', file(text), '--json'])
  expect(planned.exitCode).toBe(2)
  const report = JSON.parse(planned.stdout)
  expect(report.unresolved).toEqual([expect.stringContaining('iams.corp.config.credentials.bind_pw: the file ')])
  expect(report.iams.find((one: { iamid: string }) => one.iamid === 'corp')).toMatchObject({ action: 'create' })
  const refused = await asAdmin(['apply', file(text), '--yes'])
  expect(refused).toMatchObject({ stdout: '', exitCode: 1 })
  expect(refused.stderr).toContain('Nothing was applied, because secrets are missing:')
  expect((await asAdmin(['apply', file(text)])).stderr).toBe('--yes is needed where no terminal asks.\n')

  writeFileSync(join(folder, 'password'), 'hunter2\n')
  const applied = await asAdmin(['apply', file(text), '--yes'])
  expect(applied.exitCode).toBe(0)
  expect(applied.stdout).toMatch(
    /^Created corp\.\n {2}SCIM URL {2}http\S+\/scim\/v2\/corp\n {2}SCIM key {2}rs_\S+ {2}\(shown this once\)\n$/,
  )
  expect(applied.stdout + applied.stderr).not.toContain('hunter2')
  expect(await iam('corp')).toMatchObject({
    groupPermissions: { Admins: ['USER_ADMIN'] },
    secrets: { 'credentials.bind_pw': expect.any(String) },
  })
  const before = await audited()
  expect((await asAdmin(['plan', file(text)])).exitCode).toBe(0)
  expect(await asAdmin(['apply', file(text), '--yes', '--secrets'])).toMatchObject({ stdout: 'Changed corp.\n', exitCode: 0 })
  expect(await audited()).toBe(before)
  writeFileSync(join(folder, 'password'), 'hunter3\n')
  await asAdmin(['apply', file(text), '--yes', '--secrets'])
  expect(await audited()).toBe(before + 1)
}, 120_000)

test('drift shows; what the file has not stays without --prune', async () => {
  const text = 'iams: {corp: {displayName: "Corp Ltd", config: {options: {host: ldap2.example.test}}}}\n'
  const planned = await asAdmin(['iam', 'plan', file(text)])
  expect(planned.exitCode).toBe(2)
  expect(planned.stdout).toContain(`~ corp  update
  ~ displayName: "Corp" → "Corp Ltd"
  ~ config.options.host: "ldap.example.test" → "ldap2.example.test"
    groupPermissions.Admins ["USER_ADMIN"] is not in the file, and stays
`)
  const refused = await asAdmin(['apply', file(text), '--yes'])
  expect(refused).toMatchObject({ stdout: '', exitCode: 1 })
  expect(refused.stderr).toContain('corp was refused: ')
  expect(refused.stderr).toContain('config.credentials.bind_pw')
  expect(refused.stderr).toContain('Applied: nothing. Not applied: corp.')
  const rules = 'iams: {corp: {groupPermissions: {Staff: [AUDIT]}}}\n'
  await asAdmin(['apply', file(rules), '--yes'])
  expect((await iam('corp')).groupPermissions).toEqual({ Admins: ['USER_ADMIN'], Staff: ['AUDIT'] })
}, 120_000)

test('it stops at the first refusal, and says what was applied', async () => {
  const text = `iams:
  one: {type: LDAP, displayName: One}
  two: {type: LDAP, displayName: Two, config: {ldapSync: {cronRule: never}}}
  three: {type: LDAP, displayName: Three}
`
  const { stdout, stderr, exitCode } = await asAdmin(['apply', file(text), '--yes'])
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
  expect(stderr).toMatch(/two was refused: .*cron.*\nApplied: one\. Not applied: two, three\.\n$/)
  expect([await iam('one'), await iam('three')]).toMatchObject([{ displayName: 'One' }, null])
}, 60_000)

test('--prune removes what the file has not, but neither bim nor an identity source with users', async () => {
  const { stdout } = await asAdmin(['iam', 'export'])
  const { iams } = parse(stdout)
  const keep = {
    iams: { ...iams, one: undefined, corp: { ...iams.corp, groupPermissions: { Staff: ['AUDIT'] } }, bim: undefined },
  }
  const text = JSON.stringify(keep)
  const planned = await asAdmin(['plan', file(text), '--prune'])
  expect(planned.stdout).toContain('- one  delete\n')
  expect(planned.stdout).toContain('  - groupPermissions.Admins: ["USER_ADMIN"]\n')
  const applied = await asAdmin(['apply', file(text), '--prune', '--yes'])
  expect(applied).toMatchObject({ stdout: 'Changed corp.\nRemoved one.\n', exitCode: 0 })
  expect([await iam('one'), (await iam('corp')).groupPermissions]).toEqual([null, { Staff: ['AUDIT'] }])
  expect((await asAdmin(['plan', file(text), '--prune'])).exitCode).toBe(0)
}, 60_000)

test('what the file has wrong comes with its line; no other exit code of plan is 2', async () => {
  const wrong = await asAdmin([
    'plan',
    file('iams:\n  corp:\n    config:\n      credentials: {bind_pw: hunter2}\n      optoins: {}\n'),
  ])
  expect(wrong).toMatchObject({ stdout: '', exitCode: 1 })
  expect(wrong.stderr).toMatch(
    /roster\.yaml:4: iams\.corp\.config\.credentials\.bind_pw is a secret, which must not be in the file/,
  )
  expect(wrong.stderr).toMatch(/roster\.yaml:5: iams\.corp\.config\.optoins is not known: did you mean options\?/)
  expect(wrong.stderr).not.toContain('hunter2')
  for (const args of [['plan'], ['iam', 'plan', 'x', '--nothing'], ['plan', join(folder, 'none.yaml')]])
    expect((await asAdmin(args)).exitCode, args.join(' ')).toBe(1)
  const plain = await app.as([])
  expect((await asAdmin(['plan', file('iams: {}\n')], { ROSTER_TOKEN: plain.token })).exitCode).toBe(4)
}, 60_000)
