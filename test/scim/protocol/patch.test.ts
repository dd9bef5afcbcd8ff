import { describe, expect, test } from 'vitest'
import { resolve } from '../../../src/scim/protocol/attribute-paths.ts'
import { patched, valueAt } from '../../../src/scim/protocol/patch.ts'
import { parsePatch } from '../../../src/scim/protocol/patch-operations.ts'
import { type Document, userType } from '../../../src/scim/protocol/schema.ts'

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const type = userType({})
const patch = (document: Document, op: string, path: string | undefined, value?: unknown) => {
  const before = structuredClone(document)
  const after = patched(type, document, parsePatch(type, { schemas: [PATCH], Operations: [{ op, path, value }] }))
  expect(document, 'the document given stays').toEqual(before)
  return after
}
const [work, home] = [
  { type: 'work', value: 'w@x.example' },
  { type: 'home', value: 'h@x.example' },
]

describe('what a step makes of a document', () => {
  test.each([
    ['add to nothing', {}, 'add', 'title', 'x', { title: 'x' }],
    ['replace', { title: 'y' }, 'replace', 'title', 'x', { title: 'x' }],
    ['replace by nothing', { title: 'y' }, 'replace', 'title', '', { title: '' }],
    ['replace by null', { title: 'y' }, 'replace', 'title', null, {}],
    ['add null', { title: 'y' }, 'add', 'title', null, { title: 'y' }],
    ['remove', { title: 'y', a: 1 }, 'remove', 'title', undefined, { a: 1 }],
    ['add to a list', { emails: [work] }, 'add', 'emails', [home], { emails: [work, home] }],
    [
      'add what is there',
      { emails: [work] },
      'add',
      'emails',
      [{ ...work, value: 'W@X.example' }],
      { emails: [{ ...work, value: 'W@X.example' }] },
    ],
    ['replace a list', { emails: [work] }, 'replace', 'emails', [home], { emails: [home] }],
    ['remove a list', { emails: [work] }, 'remove', 'emails', undefined, {}],
    [
      'remove values by naming them',
      { emails: [work, home] },
      'remove',
      'emails',
      [{ value: 'W@x.example' }],
      { emails: [home] },
    ],
    [
      'merge a complex one',
      { name: { givenName: 'a', familyName: 'b' } },
      'replace',
      'name',
      { givenName: 'c' },
      { name: { givenName: 'c', familyName: 'b' } },
    ],
    [
      'clear a part of it',
      { name: { givenName: 'a', familyName: 'b' } },
      'replace',
      'name',
      { givenName: null },
      { name: { familyName: 'b' } },
    ],
    ['a part', { name: { givenName: 'a' } }, 'add', 'name.familyName', 'b', { name: { givenName: 'a', familyName: 'b' } }],
    ['the last part', { name: { givenName: 'a' } }, 'remove', 'name.givenName', undefined, {}],
    [
      'a part of each value',
      { emails: [work, home] },
      'replace',
      'emails.display',
      'x',
      {
        emails: [
          { ...work, display: 'x' },
          { ...home, display: 'x' },
        ],
      },
    ],
    [
      'a part of chosen values',
      { emails: [work, home] },
      'replace',
      'emails[type eq "work"].value',
      'n@x.example',
      { emails: [{ ...work, value: 'n@x.example' }, home] },
    ],
    ['chosen values', { emails: [work, home] }, 'remove', 'emails[type eq "WORK"]', undefined, { emails: [home] }],
    ['no chosen value', { emails: [home] }, 'remove', 'emails[type eq "work"]', undefined, { emails: [home] }],
    ['a value that the filter describes', {}, 'add', 'emails[type eq "work"].value', 'w@x.example', { emails: [work] }],
    ['a manager as text', {}, 'add', `${ENTERPRISE}:manager`, 'boss', { [ENTERPRISE]: { manager: { value: 'boss' } } }],
    [
      'an extension',
      { [ENTERPRISE]: { department: 'a', division: 'b' } },
      'replace',
      ENTERPRISE,
      { department: 'c' },
      { [ENTERPRISE]: { department: 'c', division: 'b' } },
    ],
    ['an extension that goes', { [ENTERPRISE]: { department: 'a' } }, 'remove', ENTERPRISE, undefined, {}],
    [
      'the last attribute of an extension',
      { [ENTERPRISE]: { department: 'a' } },
      'remove',
      `${ENTERPRISE}:department`,
      undefined,
      {},
    ],
  ])('%s', (_what, before, op, path, value, after) => {
    expect(patch(before as Document, op, path, value)).toEqual(after)
  })
})

test('a new primary value takes it from the one before; two at once are refused', () => {
  const primary = { ...work, primary: true }
  expect(patch({ emails: [primary] }, 'add', 'emails', [{ ...home, primary: true }])).toEqual({
    emails: [
      { ...work, primary: false },
      { ...home, primary: true },
    ],
  })
  expect(() => patch({ emails: [work, home] }, 'replace', 'emails.primary', true)).toThrow(
    'emails must have at most one primary value',
  )
})

test.each([
  ['remove', 'userName', undefined, 'mutability'],
  ['replace', 'emails[type eq "work"]', { value: 'x' }, undefined],
  ['replace', 'emails[type ne "work"].value', 'x', 'noTarget'],
  ['replace', 'emails.value', 'x', 'noTarget'],
  ['replace', 'emails[type eq "work"]', null, 'noTarget'],
])('%s %s %j of a user without e-mails: %s', (op, path, value, scimType) => {
  const work = () => patch({ userName: 'ines' }, op, path, value)
  if (scimType === undefined) expect(work()).toEqual({ userName: 'ines', emails: [{ type: 'work', value: 'x' }] })
  else expect(work).toThrow(expect.objectContaining({ scimType }))
})

test.each([
  ['title', 'x'],
  ['name.givenName', 'Ines'],
  ['emails', 'p'],
  ['emails.type', 'home'],
  [`${ENTERPRISE}:department`, 'd'],
  ['department', 'd'],
  ['nickName', undefined],
])('the value at %s is %s', (path, value) => {
  const document = {
    title: 'x',
    name: { givenName: 'Ines' },
    emails: [
      { value: 'w', type: 'work' },
      { value: 'p', type: 'home', primary: true },
    ],
    [ENTERPRISE]: { department: 'd' },
  }
  expect(valueAt(document, resolve(type, path))).toBe(value)
})
