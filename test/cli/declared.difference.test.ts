import { expect, test } from 'vitest'
import { plans, type StoredIam, withValue } from '../../src/cli/declared.difference.ts'
import type { WantedIam } from '../../src/cli/declared.wanted.ts'

const stored: StoredIam = {
  iamid: 'corp',
  type: 'LDAP',
  displayName: 'Corp',
  defaultPermissions: ['A', 'B'],
  groupPermissions: { Admins: ['AUDIT'], Others: ['X'] },
  config: { options: { host: 'a', port: 1 }, supportedActions: ['syncUsers'] },
  secrets: { 'credentials.bind_pw': 'f' },
  updatedAt: 't',
}
const same: WantedIam = { ...stored, secrets: new Map([['credentials.bind_pw', { kind: 'env', name: 'P' }]]) }
const only = (wanted: Partial<WantedIam>, options = {}) => plans([{ ...same, ...wanted }], [stored], options)[0]!

test('the same, in another order and spelling, is no change', () => {
  const wanted = { defaultPermissions: ['B', 'A'], groupPermissions: { ADMINS: ['AUDIT'], Others: ['X'] } }
  expect(only(wanted)).toMatchObject({ action: 'none', changes: [], kept: [] })
})

test('a changed field is sent alone; secrets go with the configuration', () => {
  const config = { ...stored.config, options: { host: 'b', port: 1, useSSL: true } }
  expect(only({ displayName: 'New' })).toMatchObject({ input: { displayName: 'New' }, secrets: new Map() })
  expect(only({ config })).toMatchObject({
    action: 'update',
    changes: [
      { field: 'config.options.host', action: 'change', before: 'a', after: 'b' },
      { field: 'config.options.useSSL', action: 'add', after: true },
    ],
    input: { iamid: 'corp', ifUpdatedAt: 't', configPatch: { options: { host: 'b', useSSL: true } } },
    secrets: same.secrets,
  })
  expect(only({}, { secrets: true }).changes).toEqual([{ field: 'config.credentials.bind_pw', action: 'secret' }])
})

test('what is not in the file stays, and goes with prune', () => {
  const less = { defaultPermissions: null, groupPermissions: null, config: { options: { host: 'a' } }, secrets: new Map() }
  const fields = [
    'groupPermissions.Admins',
    'groupPermissions.Others',
    'config.options.port',
    'config.supportedActions',
    'config.credentials.bind_pw',
  ]
  const kept = only(less)
  expect([kept.action, kept.kept.map(({ field }) => field)]).toEqual(['none', ['defaultPermissions', ...fields]])
  const pruned = only(less, { prune: true })
  expect(pruned.changes.filter(({ action }) => action === 'remove').map(({ field }) => field)).toEqual(fields)
  expect(pruned.input).toEqual({
    iamid: 'corp',
    ifUpdatedAt: 't',
    defaultPermissions: [],
    groupPermissions: {},
    configPatch: { options: { port: null }, supportedActions: null, credentials: { bind_pw: null } },
  })
})

test('rules of groups that the file has not are sent with those that it changes', () => {
  expect(only({ groupPermissions: { admins: ['USER_ADMIN'] } }).input).toMatchObject({
    groupPermissions: { admins: ['USER_ADMIN'], Others: ['X'] },
  })
})

test('identity sources that the file has not are removed with prune alone, and never bim', () => {
  const bim = { ...stored, iamid: 'bim', type: 'BUILT_IN' }
  expect(plans([], [bim, stored], {}).map(({ iamid, action }) => [iamid, action])).toEqual([['corp', 'none']])
  expect(plans([], [bim, stored], { prune: true })).toMatchObject([{ iamid: 'corp', action: 'delete' }])
})

test('a new one has what the file has', () => {
  const plan = plans([{ ...same, groupPermissions: null }], [], {})[0]!
  expect(plan).toMatchObject({ action: 'create', secrets: same.secrets })
  expect(plan.input).toEqual({
    iamid: 'corp',
    type: 'LDAP',
    displayName: 'Corp',
    defaultPermissions: ['A', 'B'],
    config: stored.config,
  })
})

test('a value is set at its path, in a copy', () => {
  const before = { a: { b: 1 } }
  expect(withValue(before, 'a.c', 'x')).toEqual({ a: { b: 1, c: 'x' } })
  expect(withValue({ a: null }, 'a.c', null)).toEqual({ a: null })
  expect(before).toEqual({ a: { b: 1 } })
})
