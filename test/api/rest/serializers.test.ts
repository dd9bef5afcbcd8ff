import { expect, test } from 'vitest'
import { filled, group, owner, present, profile, shapedBy, visibleProfile } from '../../../src/api/rest/serializers.ts'

type Profile = Parameters<typeof profile>[0]
const person = { id: 1, name: 'Ines', phone: '1', preferences: { a: 1 }, externalUserIds: {}, scim: null } as unknown as Profile

test('preferences always have currentProject, unless there are none', () => {
  expect(profile(person).preferences).toEqual({ currentProject: null, a: 1 })
  expect(profile({ ...person, preferences: { currentProject: 7 } }).preferences).toEqual({ currentProject: 7 })
  expect(profile({ ...person, preferences: null }).preferences).toBeNull()
})

test('what is private is absent for others, and nothing else', () => {
  expect(visibleProfile({ ...person, externalUserIds: null as never })).toEqual({ id: 1, name: 'Ines' })
  expect(visibleProfile(person)).toEqual(profile(person))
})

test('attributes of a group are absent where hidden, and null where there are none', () => {
  const fields = { id: 1, name: 'Crew' }
  expect(group({ ...fields, attributes: null, authorizations: null } as never)).toEqual(fields)
  expect(group({ ...fields, attributes: { totalCount: 0 }, authorizations: null } as never)).toEqual({
    ...fields,
    authorizations: null,
  })
})

test('an owner of attributes is a user or a group by its fields', () => {
  expect(owner({ groupId: 7, groupEmail: 'x', name: 'Crew' } as never)).toEqual({ id: 7, email: 'x', name: 'Crew' })
  expect(owner({ id: 7, profile: { id: 8 } } as never)).toEqual({ id: 7, profile: 8 })
})

test('null is absent, an empty list is null, and items are shaped when they are written', () => {
  expect(present({ a: null, b: 0, c: '', d: undefined })).toEqual({ b: 0, c: '', d: undefined })
  expect([filled([]), filled(null), filled(undefined), filled(['a'])]).toEqual([null, null, null, ['a']])
  const seen: number[] = []
  const shaped = shapedBy([1, 2], item => ({ item: seen.push(item) }))
  expect(seen).toEqual([])
  expect(JSON.stringify(shaped)).toBe('[{"item":1},{"item":2}]')
})
