import { expect, test } from 'vitest'
import {
  changedFields,
  type ImportRules,
  type Known,
  planImport,
  type StoredUser,
} from '../../../src/domain/users/import.plan.ts'
import { checkRows } from '../../../src/domain/users/import.rows.ts'
import type { ImportUserRow } from '../../../src/generated/inputs.ts'

const attribute = (id: number, key: string, value: string, source = 'bim') => ({
  ...{ id, key, keyKey: key.toLowerCase(), value, source, ownerId: 1 },
})
const ana = {
  user: {
    id: 1,
    userid: 'ana',
    iamid: 'bim',
    name: 'Ana',
    email: 'ana@x.example',
    phone: null,
    disabled: false,
    disabledBy: null,
  },
  permissions: ['AUDIT'],
  effective: ['AUDIT', 'USER_ADMIN'],
  attributes: [
    attribute(1, 'Site', 'Ghent'),
    attribute(2, 'Site', 'Lyon'),
    attribute(3, 'desk', 'day'),
    attribute(4, 'Site', 'x', 'corp'),
  ],
  groups: new Set(['sales']),
} as unknown as StoredUser
const robot = { ...ana, user: { ...ana.user, id: 2, kind: 'SERVICE' } } as StoredUser
const known: Known = {
  users: new Map([
    ['ana', ana],
    ['robot', robot],
  ]),
  emails: new Map([['ana@x.example', 1]]),
  groups: new Set(['sales', 'admins']),
  groupPermissions: new Map([['admins', ['USER_ADMIN']]]),
  defaultPermissions: ['CREATE_PROJECT'],
}
const rules: ImportRules = { existing: 'UPDATE', createGroups: false, lacks: () => [], isSelf: () => false, claimed: new Map() }
const lacking: ImportRules = { ...rules, lacks: permissions => permissions.filter(name => name === 'USER_ADMIN') }

const plan = (row: Omit<ImportUserRow, 'line'>, more: Partial<ImportRules> = {}) =>
  planImport(checkRows([{ line: 1, ...row }]), known, { ...rules, claimed: new Map(), ...more })[0]!
const faultsOf = (row: Omit<ImportUserRow, 'line'>, more: Partial<ImportRules> = {}) => {
  const planned = plan(row, more)
  return planned.kind === 'refuse' ? planned.faults.map(({ field }) => field) : planned.kind
}

test('a new user gets the default permissions and what the row says', () => {
  const planned = plan({
    userid: 'ben',
    permissions: ['AUDIT'],
    groups: ['Sales'],
    attributes: { site: ['a'], none: [] },
    disabled: true,
  })
  expect(planned).toMatchObject({ kind: 'create', permissions: ['CREATE_PROJECT', 'AUDIT'] })
  expect(changedFields(planned)).toEqual(['userid', 'attributes.site', 'groups', 'permissions', 'disabled'])
})

test('an existing user changes only where the row differs', () => {
  const same = { userid: 'ANA', profile: { name: 'Ana', email: 'ana@x.example' }, permissions: ['AUDIT'], groups: ['SALES'] }
  expect(plan({ ...same, attributes: { site: ['Ghent', 'Lyon'], other: [] }, disabled: false }).kind).toBe('keep')
  const planned = plan({
    ...same,
    profile: { phone: '1' },
    attributes: { site: ['Lyon'] },
    permissions: ['GOVERNANCE'],
    groups: ['admins'],
  })
  expect(planned).toMatchObject({
    kind: 'change',
    permissions: ['GOVERNANCE'],
    groups: [{ name: 'admins' }],
    // In the first spelling; other keys and other sources stay.
    attributes: { added: [{ key: 'Site', value: 'Lyon' }], removed: [{ id: 1 }, { id: 2 }] },
  })
  expect(changedFields(planned)).toEqual(['profile.phone', 'attributes.Site', 'groups', 'permissions'])
  expect(plan({ userid: 'ana', profile: { phone: '1' } }, { existing: 'KEEP' }).kind).toBe('keep')
})

test('an e-mail address belongs to one user, and to one row', () => {
  expect(faultsOf({ userid: 'ben', profile: { email: 'ANA@x.example' } })).toEqual(['profile.email'])
  expect(faultsOf({ userid: 'ana', profile: { email: 'ANA@x.example' } })).toBe('change')
  const twice = checkRows([
    { line: 4, userid: 'ben', profile: { email: 'b@x.example' } },
    { line: 5, userid: 'carl', profile: { email: 'B@x.example' } },
  ])
  const [, second] = planImport(twice, known, { ...rules, claimed: new Map() })
  expect(second).toMatchObject({ kind: 'refuse', faults: [{ message: expect.stringContaining('repeats line 4') }] })
})

test('groups that do not exist are made, or a fault', () => {
  expect(faultsOf({ userid: 'ben', groups: ['Sales', 'New'] })).toEqual(['groups'])
  expect(faultsOf({ userid: 'ben', groups: ['Sales', 'New'] }, { createGroups: true })).toBe('create')
})

test('what the actor may not grant or manage is a fault of its field', () => {
  expect(faultsOf({ userid: 'ben', permissions: ['USER_ADMIN'] }, lacking)).toEqual(['permissions'])
  expect(faultsOf({ userid: 'ben', groups: ['admins'] }, lacking)).toEqual(['groups'])
  const takeover = { userid: 'ana', profile: { email: 'b@x.example', sqlUser: 'ANA', phone: '1' }, disabled: true }
  expect(faultsOf(takeover, lacking)).toEqual(['profile.email', 'profile.sqlUser', 'disabled'])
  expect(faultsOf({ userid: 'ana', profile: { phone: '1' } }, lacking)).toBe('change')
  expect(faultsOf({ userid: 'ana', disabled: true }, { isSelf: () => true })).toEqual(['disabled'])
  expect(faultsOf({ userid: 'robot', profile: { phone: '1' } })).toEqual(['userid'])
})

test('a new userid must not look like another one; one that exists is found', () => {
  expect(faultsOf({ userid: 'аna' })).toEqual(['userid'])
  expect(faultsOf({ userid: 'ana', profile: { phone: '1' } })).toBe('change')
})
