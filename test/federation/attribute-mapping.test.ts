import { describe, expect, test } from 'vitest'
import { bringsGroups, groupsFrom, identityOf } from '../../src/federation/attribute-mapping.ts'

const values = (found: Record<string, readonly string[]>) => (name: string) => found[name]
const record = (found: Record<string, readonly string[]>, groups: string[] | null = null) => ({
  userid: 'ines',
  values: values(found),
  groups: groups?.map(name => ({ name, values: values({}) })) ?? null,
})
const config = (schema: object, more: object = {}) => ({ config: { schema, ...more } })

describe('a profile', () => {
  const iam = config({ profile: { name: 'cn', email: 'mail', position: 'title' } })
  test('has the first value, trimmed; an empty one is null, and a missing one is absent', () => {
    expect(identityOf(iam, record({ cn: [' Ines ', 'other'], title: ['  '] }))).toEqual({
      identity: { userid: 'ines', profile: { name: 'Ines', position: null } },
      faults: [],
    })
    expect(identityOf(iam, record({ title: [] })).identity.profile).toEqual({ position: null })
  })
  test('keeps the name where none is given', () => {
    for (const cn of [[], ['']]) expect(identityOf(iam, record({ cn })).identity.profile).toEqual({})
  })
  test('lacks values that break a rule, which are faults', () => {
    const { identity, faults } = identityOf(iam, record({ cn: ['x'.repeat(255)], mail: ['no address'], title: ['Pilot'] }))
    expect(identity.profile).toEqual({ position: 'Pilot' })
    expect(faults).toEqual([expect.stringMatching(/^profile\.name /), expect.stringMatching(/^profile\.email /)])
  })
})

describe('names in other systems', () => {
  const iam = config({ externalUserIds: { presto: 'sid' } })
  test.each([
    [['p'], 'p', 0],
    [[], null, 0],
    [['x'.repeat(1024)], 'x'.repeat(1024), 0],
    [['x'.repeat(1025)], undefined, 1],
  ])('of %j', (sid, value, faults) => {
    const result = identityOf(iam, record({ sid }))
    expect(result.identity.externalUserIds).toEqual(value === undefined ? {} : { presto: value })
    expect(result.faults).toHaveLength(faults)
  })
})

describe('attributes', () => {
  const iam = config({ authorizations: { Title: 'title', Team: 'team' } })
  test('are those of the source; invalid values are faults, and only invalid ones are not an empty list', () => {
    expect(identityOf(iam, record({ title: ['a', 'b'] })).identity.attributes).toEqual({ Title: ['a', 'b'] })
    expect(identityOf(iam, record({ title: [] })).identity.attributes).toEqual({ Title: [] })
    const mixed = identityOf(iam, record({ title: ['a', ''] }))
    expect([mixed.identity.attributes, mixed.faults.length]).toEqual([{ Title: ['a'] }, 1])
    const bad = identityOf(iam, record({ title: [''] }))
    expect([bad.identity.attributes, bad.faults.length]).toEqual([{}, 1])
  })
})

test('an IAM only for log-in brings nothing', () => {
  const iam = config({ profile: { name: 'cn' }, authorizations: { Title: 'title' } }, { authenticationOnly: true })
  expect(identityOf(iam, record({ cn: ['x'], title: ['y'] }, ['crew'])).identity).toEqual({ userid: 'ines', profile: {} })
  expect(bringsGroups(iam)).toBe(false)
})

describe('groups', () => {
  const iam = config({ group: { name: 'cn', description: 'description' } })
  const group = (name: string, found: Record<string, readonly string[]> = {}) => ({
    name,
    entryId: `id ${name}`,
    values: values(found),
  })
  test('have the mapped name, else their own, and the fields that are mapped', () => {
    expect(groupsFrom(iam, [group('a', { cn: [' Crew '], description: ['x'] }), group('b')])).toEqual({
      groups: [
        { name: 'Crew', entryId: 'id a', gid: null, email: null, description: 'x' },
        { name: 'b', entryId: 'id b', gid: null, email: null, description: null },
      ],
      fields: ['description'],
      faults: [],
    })
  })
  test('one without a name is a fault; if all are, there is no list of groups', () => {
    expect(groupsFrom(iam, [group(''), group('b')])).toMatchObject({ groups: [{ name: 'b' }], faults: [/name/] })
    expect(identityOf(iam, record({}, ['']))).toMatchObject({
      identity: { userid: 'ines', profile: {} },
      faults: [expect.any(String)],
    })
    expect(identityOf(iam, record({}, [''])).identity).not.toHaveProperty('groups')
    expect(identityOf(iam, record({}, [])).identity.groups).toEqual([])
    expect(identityOf(iam, record({}, null)).identity).not.toHaveProperty('groups')
  })
})
