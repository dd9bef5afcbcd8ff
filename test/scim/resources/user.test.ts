import { describe, expect, test } from 'vitest'
import { userType } from '../../../src/scim/protocol/schema.ts'
import { attributesOf, profileOf, type ScimUserRecord, userDocument, usualPath } from '../../../src/scim/resources/user.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const profile = (document: object, config: Record<string, unknown> = {}) =>
  profileOf(userType(config), config, { userName: 'ines', ...document })

describe('a profile', () => {
  test('is filled from the usual places', () => {
    const document = {
      displayName: ' Ines ',
      emails: [{ value: 'other@x.example' }, { value: 'ines@x.example', primary: true }],
      phoneNumbers: [{ value: '1' }],
      addresses: [{ locality: 'Ghent' }],
      title: 'Pilot',
      [ENTERPRISE]: { organization: 'Roster' },
    }
    expect(profile(document)).toEqual({
      name: 'Ines',
      email: 'ines@x.example',
      phone: '1',
      location: 'Ghent',
      organization: 'Roster',
      position: 'Pilot',
    })
  })

  test.each([
    [{ name: { formatted: 'F', givenName: 'G' } }, 'F'],
    [{ name: { givenName: 'G', familyName: 'N' } }, 'G N'],
    [{ name: { familyName: 'N' } }, 'N'],
    [{ displayName: '  ', name: {} }, 'ines'],
    [{}, 'ines'],
  ])('has a name: %j', (document, name) => {
    expect(profile(document).name).toBe(name)
  })

  test('is empty where the provider says nothing', () => {
    expect(profile({})).toEqual({ name: 'ines', email: null, phone: null, location: null, organization: null, position: null })
  })

  test('follows the mapping first, and passes over what SCIM does not have', () => {
    const config = {
      schema: { profile: { position: 'nickName', about: 'title', phone: 'telephone number' } },
      strictScimSchema: true,
    }
    expect(profile({ nickName: 'n', title: 't', phoneNumbers: [{ value: '1' }] }, config)).toMatchObject({
      position: 'n',
      about: 't',
      phone: '1',
    })
    expect([usualPath('name'), usualPath('about'), usualPath('toString')]).toEqual(['displayName', undefined, undefined])
  })
})

test('attributes are those of mapped schemas, flat, each value once', () => {
  const config = {
    schema: {
      attributeSchema: [
        { scimSchema: 'urn:x:y', prefix: 'x' },
        { scimSchema: 'urn:a:core:2.0:User', prefix: 'core' },
      ],
    },
  }
  const document = {
    title: 'Pilot',
    'URN:X:Y': { a: ['1', '1', 2], b: { c: true, d: { value: 'v', type: 't' } }, e: '', f: null },
    'urn:z': { g: 1 },
  }
  expect(attributesOf(config, document).map(({ key, value }) => `${key}=${value}`)).toEqual([
    'x.a=1',
    'x.a=2',
    'x.b.c=true',
    'x.b.d=v',
    'core.title=Pilot',
  ])
  expect(attributesOf({}, document)).toEqual([])
})

test('userName and active are columns', () => {
  const user = { userid: 'ines', disabled: true, document: { title: 'x', userName: 'old' } } as unknown as ScimUserRecord
  expect(userDocument(user)).toEqual({ userName: 'old', title: 'x', active: false })
})
