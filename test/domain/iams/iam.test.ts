import { describe, expect, test } from 'vitest'
import {
  changedGroupPermissions,
  changedPermissions,
  checkGroupPermissions,
  normalizeVendorConfig,
} from '../../../src/domain/iams/config/input.ts'
import { groupPermissions, idFrom, scimEnabled, sortKeys } from '../../../src/domain/iams/iam.ts'
import { Invalid } from '../../../src/platform/errors.ts'

test.each([
  ['Jump Cloud LDAP', 'jumpCloudLDAP'],
  ['North directory', 'northDirectory'],
  ['LDAP', 'ldap'],
  ['Okta', 'okta'],
  ['Zürich & Genève', 'zurichGeneve'],
  ['3rd floor', 'rdFloor'],
  ['already-an_id', 'already-an_id'],
  ['東京', 'openid'],
  ['  - ', 'openid'],
  ['x'.repeat(200), 'x'.repeat(60)],
])('an id from the display name %j is %s', (name, id) => {
  expect(idFrom(name, 'openid')).toBe(id)
  expect(idFrom(name, 'openid')).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/)
})

test('either switch turns SCIM on', () => {
  expect(scimEnabled({ config: { scimEnabled: true } })).toBe(true)
  expect(scimEnabled({ config: { supportedActions: ['scimEnabled'] } })).toBe(true)
  expect(scimEnabled({ config: { scimEnabled: false, supportedActions: ['syncUsers'] } })).toBe(false)
  expect(scimEnabled({ config: {} })).toBe(false)
})

test('the order of names does not matter, the order of lists does', () => {
  const text = (value: unknown) => JSON.stringify(sortKeys(value))
  expect(text({ b: [{ d: 1, c: 2 }], a: null })).toBe(text({ a: null, b: [{ c: 2, d: 1 }] }))
  expect(text(['a', 'b'])).not.toBe(text(['b', 'a']))
})

describe('group permissions', () => {
  const rows = (input: unknown) => checkGroupPermissions('bim', input)

  test('become rows and back, each permission once', () => {
    const input = { 'Quay Crew': ['AUDIT', 'CREATE_FILTER', 'AUDIT'], __proto__x: ['GOVERNANCE'], Empty: [] }
    expect(rows(input)).toContainEqual({ iamid: 'bim', groupName: 'Quay Crew', groupKey: 'quay crew', permission: 'AUDIT' })
    expect(groupPermissions(rows(input))).toEqual({ 'Quay Crew': ['AUDIT', 'CREATE_FILTER'], __proto__x: ['GOVERNANCE'] })
  })

  test.each([
    ['a list', [], /groupPermissions must be an object/],
    ['text', 'AUDIT', /groupPermissions must be an object/],
    ['no list of permissions', { crew: 'AUDIT' }, /groupPermissions\.crew must be a list/],
    ['a permission that cannot be one', { crew: ['audit'] }, /groupPermissions\.crew\[0\] must be/],
    ['a group that cannot be one', { ' crew': ['AUDIT'] }, /a group name must not begin or end with white space/],
    ['a group twice', { crew: ['AUDIT'], CREW: ['AUDIT'] }, /must not name a group twice/],
  ])('refuse %s', (_, input, message) => {
    expect(() => rows(input)).toThrow(Invalid)
    expect(() => rows(input)).toThrow(message)
  })

  test('what a change grants or removes', () => {
    const [before, after] = [rows({ crew: ['AUDIT', 'CREATE_FILTER'] }), rows({ CREW: ['AUDIT'], other: ['GOVERNANCE'] })]
    expect(changedGroupPermissions(before, after)).toEqual(['CREATE_FILTER', 'GOVERNANCE'])
    expect(changedGroupPermissions(before, before)).toEqual([])
    expect(changedPermissions(['A', 'B'], ['B', 'C'])).toEqual(['A', 'C'])
  })
})

describe('a pasted configuration', () => {
  const config = {
    id: 'north',
    displayName: 'North',
    type: 'ldap',
    plugin: 'ldap',
    defaultPermissions: ['AUDIT'],
    permissions: { a: [] },
  }

  test('is taken apart', () => {
    expect(normalizeVendorConfig({ config: { ...config, scimEnabled: true } })).toEqual({
      id: 'north',
      displayName: 'North',
      type: 'ldap',
      defaultPermissions: ['AUDIT'],
      groupPermissions: { a: [] },
      config: { scimEnabled: true },
    })
  })

  test.each(['id', 'displayName', 'type'])('must not contradict %s beside it', field => {
    expect(() => normalizeVendorConfig({ [field]: 'other', config })).toThrow(
      new RegExp(`config\\.${field} must be the same as ${field}`),
    )
  })

  test('leaves what it was made from alone', () => {
    const input = { config: { ...config } }
    normalizeVendorConfig(input)
    expect(input.config).toEqual(config)
  })
})
