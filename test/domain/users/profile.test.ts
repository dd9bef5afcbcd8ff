import { describe, expect, test } from 'vitest'
import { nameColumns, profileColumns } from '../../../src/domain/users/profile.ts'

const refused = (field: string, message: string) =>
  expect.objectContaining({ code: 'BAD_USER_INPUT', field, message: `${field} ${message}` })

test('a field left out is absent, and an empty text is null', () => {
  expect(profileColumns({})).toEqual({})
  expect(
    profileColumns({ name: ' Ines  Ortega ', email: '', phone: '', position: 'x', externalUserIds: null, preferences: null }),
  ).toEqual({
    name: 'Ines  Ortega',
    nameKey: 'ines  ortega',
    email: null,
    emailKey: '',
    phone: null,
    position: 'x',
    preferences: null,
    externalUserIds: {},
  })
  expect(profileColumns({ email: 'Ines@Roster.Example' })).toEqual({
    email: 'Ines@Roster.Example',
    emailKey: 'ines@roster.example',
  })
})

describe('a name', () => {
  test('has 1 to 254 characters', () => {
    for (const length of [1, 254]) expect(nameColumns('x'.repeat(length)).name).toHaveLength(length)
    expect(() => nameColumns('x'.repeat(255))).toThrow(/^profile\.name must /)
    for (const empty of ['', '   '])
      expect(() => nameColumns(empty)).toThrow(refused('profile.name', 'must be 1 to 254 characters'))
  })
  test('is one line, and stays', () => {
    for (const text of ['a\nb', 'a\tb', 'a\r\nb'])
      expect(() => nameColumns(text)).toThrow(refused('profile.name', 'must not contain control characters'))
    expect(() => profileColumns({ name: null })).toThrow(refused('profile.name', 'is required and cannot be removed'))
  })
})

describe.each(['preferences', 'externalUserIds'] as const)('%s', field => {
  test('is an object', () => {
    for (const value of [[], 'x', 7, true])
      expect(() => profileColumns({ [field]: value })).toThrow(refused(`profile.${field}`, 'must be an object'))
  })
  test('has at most 65,536 bytes of JSON', () => {
    // {"a":"…"} has 8 bytes beside its text.
    const of = (bytes: number) => ({ [field]: { a: 'x'.repeat(bytes - 8) } })
    expect(profileColumns(of(65_536))).toHaveProperty(field)
    expect(() => profileColumns(of(65_537))).toThrow(refused(`profile.${field}`, 'must be at most 65536 bytes of JSON'))
    expect(() => profileColumns({ [field]: { a: 'é'.repeat(32_765) } })).toThrow('must be at most 65536 bytes')
  })
})

test.each([
  [{ a: 'x', b: null }, null],
  [{ databricksUserObject: { id: null, type: 'NONE' } }, null],
  [{ databricksUserObject: { id: 7 } }, 'profile.externalUserIds.databricksUserObject'],
  [{ databricksUserObject: { other: 'x' } }, 'profile.externalUserIds.databricksUserObject'],
  [{ databricksUserObject: [] }, 'profile.externalUserIds.databricksUserObject'],
  [{ a: { id: 'x' } }, 'profile.externalUserIds.a'],
  [{ a: 7 }, 'profile.externalUserIds.a'],
  [{ ['x'.repeat(65)]: 7 }, `profile.externalUserIds.${'x'.repeat(64)}`],
])('names in other systems: %j', (externalUserIds, field) => {
  if (field === null) expect(profileColumns({ externalUserIds })).toEqual({ externalUserIds })
  else expect(() => profileColumns({ externalUserIds })).toThrow(refused(field, 'must be a string or null'))
})
