import { expect, test } from 'vitest'
import { joined } from '../../src/cli/declared.document.ts'
import { wantedIams } from '../../src/cli/declared.wanted.ts'
import { iamTypes } from '../../src/domain/iams/config/describe.ts'

const types = iamTypes.map(({ type, ...rest }) => ({ ...rest, type: type.toUpperCase().replace('-', '_') }))
const known = { types, existing: new Map([['corp', 'LDAP']]) }
const reference = `\${env:PASSWORD}`

const faultsOf = (entry: unknown, iamid = 'corp') =>
  wantedIams({ iams: { [iamid]: entry } }, known).faults.map(({ path, rule }) => `${joined(path)} ${rule}`)

test('secrets are apart from the configuration', () => {
  const config = { credentials: { bind_dn: 'cn=reader', bind_pw: reference }, schema: { authorizations: { Team: 'ou' } } }
  const { iams, faults } = wantedIams({ iams: { corp: { config, groupPermissions: { Admins: ['AUDIT'] } } } }, known)
  expect(faults).toEqual([])
  expect(iams).toEqual([
    {
      iamid: 'corp',
      type: 'LDAP',
      displayName: null,
      defaultPermissions: null,
      groupPermissions: { Admins: ['AUDIT'] },
      config: { credentials: { bind_dn: 'cn=reader' }, schema: { authorizations: { Team: 'ou' } } },
      secrets: new Map([['credentials.bind_pw', { kind: 'env', name: 'PASSWORD' }]]),
    },
  ])
})

test.each<[unknown, string]>([
  [{ config: { options: { hots: 'a' } } }, 'iams.corp.config.options.hots is not known: did you mean host?'],
  [{ config: { host: 'a' } }, 'iams.corp.config.host is not known: did you mean config.options.host?'],
  [{ options: {} }, 'iams.corp.options is not known: did you mean config.options?'],
  [{ permissions: {} }, 'iams.corp.permissions is not known: did you mean groupPermissions?'],
  [{ config: { displayName: 'a' } }, 'iams.corp.config.displayName is not known: did you mean iams.corp.displayName?'],
  [{ config: { options: null } }, 'iams.corp.config.options has no value: leave it out, and use --prune to remove it'],
  [{ config: { options: 'a' } }, 'iams.corp.config.options must be a mapping'],
  [{ config: { options: { host: reference } } }, 'iams.corp.config.options.host must not be a reference: those are for'],
  [{ type: 'OPENID' }, 'iams.corp.type is LDAP on the server and cannot be changed'],
  [{ defaultPermissions: 'AUDIT' }, 'iams.corp.defaultPermissions must be a list of permissions'],
  [{ groupPermissions: { Admins: null } }, 'iams.corp.groupPermissions.Admins must be a list of permissions'],
  [null, 'iams.corp must be a mapping with type, displayName, '],
])('%j', (entry, fault) => {
  expect(faultsOf(entry)).toEqual([expect.stringContaining(fault)])
})

test('a literal secret is refused by its place, at every place of every type, and never shown', () => {
  for (const { type, options } of types)
    for (const { path } of options.filter(({ secret }) => secret)) {
      const config = path.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), 'hunter2')
      const { faults } = wantedIams({ iams: { x: { config } } }, { types, existing: new Map([['x', type]]) })
      expect(faults.map(({ path }) => joined(path))).toEqual([`iams.x.config.${path}`])
      expect(faults[0]!.rule).toMatch(/^is a secret, which must not be in the file: write /)
      expect(JSON.stringify(faults)).not.toContain('hunter2')
    }
  const key = '-----BEGIN PRIVATE KEY-----\nhunter2'
  expect(faultsOf({ config: { schema: { authorizations: { Team: key } } } })).toEqual([
    expect.stringMatching(/^iams\.corp\.config\.schema\.authorizations\.Team has a private key, which must not be in the file/),
  ])
})

test('all faults at once; a new identity source needs a type and a name', () => {
  expect(faultsOf({ config: { nothing: 1, options: { prot: 1 } }, defaultPermissions: 1 })).toHaveLength(3)
  expect(faultsOf({ displayName: 'a' }, 'new')).toEqual(['iams.new.type must be one of LDAP, OPENID for a new identity source'])
  expect(faultsOf({ type: 'LDAP' }, 'new')).toEqual(['iams.new.displayName is required for a new identity source'])
  expect(wantedIams({ iam: {} }, known).faults.map(({ rule }) => rule)).toEqual([
    'is not known: did you mean iams?',
    'must be a mapping of identity sources by their ids',
  ])
})
