import { describe, expect, test } from 'vitest'
import {
  assertNotBim,
  changedGroupPermissions,
  changedPermissions,
  checkGroupPermissions,
  checkNewId,
  checkPermissions,
  checkType,
  normalizeVendorConfig,
} from '../../../../src/domain/iams/config/input.ts'

const refused = (field: string, message: RegExp) =>
  expect.objectContaining({ code: 'BAD_USER_INPUT', field, message: expect.stringMatching(message) })

describe('a configuration of the vendor', () => {
  test('is taken apart, and the input stays as it is', () => {
    const config = { id: 'corp', displayName: 'Corp', plugin: 'ldap', permissions: { crew: ['AUDIT'] }, options: {} }
    const given = { config, type: null }
    expect(normalizeVendorConfig(given)).toEqual({
      id: 'corp',
      displayName: 'Corp',
      type: 'ldap',
      groupPermissions: { crew: ['AUDIT'] },
      config: { options: {} },
    })
    expect(given.config).toHaveProperty('plugin')
  })
  test('may say what stands beside it again, and not contradict it', () => {
    expect(normalizeVendorConfig({ type: 'ldap', config: { type: 'ldap' } })).toEqual({ type: 'ldap', config: {} })
    expect(() => normalizeVendorConfig({ type: 'ldap', config: { plugin: 'openid' } })).toThrow(
      refused('config.plugin', /^config\.plugin must be the same as type, or left out$/),
    )
  })
  test.each([null, undefined, [], 'x'])('that is %j stays for the validation', config => {
    expect(normalizeVendorConfig({ config })).toEqual({ config })
  })
})

test('types that can be created', () => {
  expect(['ldap', 'openid'].map(checkType)).toEqual(['ldap', 'openid'])
  for (const type of ['built-in', 'saml', 'LDAP', 'toString', null, 7])
    expect(() => checkType(type)).toThrow(refused('type', /^type must be one of ldap, openid/))
})

test('ids', () => {
  expect(checkNewId('corp')).toBe('corp')
  expect(() => checkNewId('group')).toThrow(refused('id', /reserved word$/))
  for (const id of ['', 'a b', '1a', 7]) expect(() => checkNewId(id)).toThrow(refused('id', /^id must /))
  expect(() => assertNotBim('corp', 'stays')).not.toThrow()
  expect(() => assertNotBim('bim', 'stays')).toThrow(
    expect.objectContaining({ code: 'CONFLICT', message: 'The IAM bim is built in: it stays' }),
  )
})

test('permissions are taken once each, and a wrong one is named by its place', () => {
  expect(checkPermissions('p', ['GOVERNANCE', 'AUDIT', 'GOVERNANCE'])).toEqual(['GOVERNANCE', 'AUDIT'])
  expect(() => checkPermissions('p', ['AUDIT', ''])).toThrow(refused('p[1]', /^p\[1\] /))
})

test('permissions of groups are rows', () => {
  expect(checkGroupPermissions('corp', { 'The Crew': ['AA', 'BB', 'AA'], empty: [] })).toEqual([
    { iamid: 'corp', groupName: 'The Crew', groupKey: 'the crew', permission: 'AA' },
    { iamid: 'corp', groupName: 'The Crew', groupKey: 'the crew', permission: 'BB' },
  ])
  for (const input of [null, [], 'x'])
    expect(() => checkGroupPermissions('corp', input)).toThrow(refused('groupPermissions', /must be an object/))
  expect(() => checkGroupPermissions('corp', { crew: ['AA'], CREW: ['BB'] })).toThrow(
    refused('groupPermissions', /different spellings$/),
  )
})

test('what a change grants or removes', () => {
  expect(changedPermissions(['A', 'B'], ['B', 'C'])).toEqual(['A', 'C'])
  const row = (groupKey: string, permission: string) => ({ iamid: 'corp', groupName: groupKey, groupKey, permission })
  expect(changedGroupPermissions([row('x', 'A'), row('x', 'B')], [row('x', 'B'), row('y', 'A')])).toEqual(['A', 'A'])
})
