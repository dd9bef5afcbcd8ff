import { expect, test } from 'vitest'
import type { Entry } from '../../src/connectors/connector.ts'
import { entryFromJson, entryToJson } from '../../src/federation/entry-json.ts'

const entry: Entry = {
  id: 'id-1',
  userid: 'ines',
  aliases: ['ines', 'i'],
  attributes: new Map([['cn', ['Ines']]]),
  groups: [{ id: 'cn=crew', name: 'crew', entryIds: [], attributes: new Map([['description', ['x']]]) }],
}
const again = (given: object) => entryFromJson(JSON.parse(JSON.stringify(given)))

test('an entry is the same once it was JSON', () => {
  expect(again(entryToJson(entry))).toEqual(entry)
  expect(again(entryToJson({ ...entry, groups: null }))).toEqual({ ...entry, groups: null })
})

test('a redacted value is absent, and without aliases the userid is the one', () => {
  expect(again({ ...entryToJson(entry), aliases: undefined, attributes: { cn: ['Ines'], pw: '[redacted]' } })).toEqual({
    ...entry,
    aliases: ['ines'],
  })
})

test.each([null, undefined, 'x', 7, [], {}, { id: 'x' }])('%j is no entry', words => {
  expect(entryFromJson(words)).toBeNull()
})
