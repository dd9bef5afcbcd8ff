import { describe, expect, test } from 'vitest'
import { checkDocument, checkResource, hasSchema, isUnassigned, memberOf, sameness } from '../../../src/scim/protocol/resource.ts'
import { findAttribute, userType } from '../../../src/scim/protocol/schema.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const [open, strict] = [userType({}), userType({ strictScimSchema: true })]
const check = (members: object, type = open) => checkResource(type, { schemas: [CORE], ...members })
const refused = (scimType: string, field: string) => expect.objectContaining({ scimType, field })

test('names are spelled as the schemas spell them, and what is not the client’s is left out', () => {
  const given = {
    USERNAME: 'ines',
    id: '1',
    password: 'x',
    meta: {},
    groups: [],
    Emails: [{ VALUE: 'a', Primary: 'True' }],
    nickName: null,
    own: 7,
  }
  expect(check(given)).toEqual({ userName: 'ines', emails: [{ value: 'a', primary: true }], own: 7 })
  expect(check({ [ENTERPRISE.toUpperCase()]: { Department: 'd', manager: 'boss' } })).toEqual({
    [ENTERPRISE]: { department: 'd', manager: { value: 'boss' } },
  })
})

describe('is refused', () => {
  test.each([
    [{ title: 7 }, open, 'invalidValue', 'title'],
    [{ active: 'yes' }, open, 'invalidValue', 'active'],
    [{ name: 'x' }, open, 'invalidValue', 'name'],
    [
      {
        emails: [
          { primary: true, value: 'a' },
          { primary: true, value: 'b' },
        ],
      },
      open,
      'invalidValue',
      'emails',
    ],
    [{ title: 'x', TITLE: 'y' }, open, 'invalidSyntax', 'title'],
    [JSON.parse('{"__proto__": 1}'), open, 'invalidSyntax', '__proto__'],
    [{ [CORE]: {} }, open, 'invalidSyntax', CORE],
    [{ own: 7 }, strict, 'invalidSyntax', 'own'],
    [{ emails: [{ own: 7 }] }, strict, 'invalidSyntax', 'emails.own'],
    [{ 'urn:x:y': {} }, strict, 'invalidSyntax', 'urn:x:y'],
    [{ schemas: [CORE, 'urn:x:y'] }, strict, 'invalidSyntax', 'schemas'],
    [{ schemas: [ENTERPRISE] }, open, 'invalidSyntax', 'schemas'],
    [{ [ENTERPRISE]: 7 }, open, 'invalidValue', ENTERPRISE],
  ])('%j', (members, type, scimType, field) => {
    expect(() => check(members, type)).toThrow(refused(scimType, field))
  })

  test('a list of more than 1,000 values', () => {
    const many = (count: number) => ({ emails: Array.from({ length: count }, (_, at) => ({ value: `${at}` })) })
    expect(check(many(1000)).emails).toHaveLength(1000)
    expect(() => check(many(1001))).toThrow('emails must have at most 1000 values')
  })
})

describe('a document in the end', () => {
  test('has a name, and at most 65,536 bytes', () => {
    expect(() => checkDocument(open, {})).toThrow(refused('invalidValue', 'userName'))
    expect(() => checkDocument(open, { userName: '' })).toThrow(refused('invalidValue', 'userName'))
    // {"userName":"u","own":"…"} has 25 bytes beside its text.
    const of = (bytes: number) => ({ userName: 'u', own: 'x'.repeat(bytes - 25) })
    expect(checkDocument(open, of(65_536))).toHaveProperty('own')
    expect(() => checkDocument(open, of(65_537))).toThrow('at most 65536 bytes')
  })

  test('has each value once, and a manager of "" not at all', () => {
    expect(
      checkDocument(open, {
        userName: 'u',
        emails: [{ value: 'A', type: 'work', primary: true }, { value: 'a', type: 'work', display: 'x' }, { value: 'a' }],
        [ENTERPRISE]: { manager: { value: '' } },
      }),
    ).toEqual({ userName: 'u', emails: [{ value: 'a', type: 'work', primary: true, display: 'x' }, { value: 'a' }] })
  })
})

test('what is unassigned, and what is found without case', () => {
  expect([null, undefined, [], '', {}, 0, false].map(isUnassigned)).toEqual([true, true, true, false, false, false, false])
  expect([memberOf({ aB: 1 }, 'Ab'), memberOf({}, 'a')]).toEqual([1, undefined])
  expect([hasSchema({ Schemas: [CORE.toUpperCase()] }, CORE), hasSchema({ schemas: CORE }, CORE), hasSchema({}, CORE)]).toEqual([
    true,
    false,
    false,
  ])
})

test('values are the same by value and type, in any case where case means nothing', () => {
  const emails = findAttribute(open.core.attributes, 'emails')!
  const key = (value: unknown) => sameness(emails, value)
  expect(key({ value: 'A', type: 'Work', display: 'x' })).toBe(key({ type: 'work', value: 'a' }))
  expect(key({ value: 'a', type: 'home' })).not.toBe(key({ value: 'a', type: 'work' }))
  expect(key({ display: 'x', type: 'home' })).toBe(key({ type: 'home', display: 'x' }))
})
