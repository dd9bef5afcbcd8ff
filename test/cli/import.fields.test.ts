import { describe, expect, test } from 'vitest'
import { entryOf, fieldsOfColumns, readMapping } from '../../src/cli/import.fields.ts'

const none = new Map<string, string[]>()
const messageOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

describe('columns', () => {
  test('are found by the names that files have, in any case', () => {
    expect(
      fieldsOfColumns(['User Name', 'Full_Name', 'E-MAIL', 'Telephone Number', 'attributes.Site', 'createdAt', ''], none),
    ).toEqual([['userid'], ['name'], ['email'], ['phone'], ['attributes.Site'], [], []])
  })

  test('are what --map says, also several fields or none', () => {
    const mapping = readMapping(['Mail=userid,email', 'Shoe size=', 'a=b=attributes.Cost Centre'])
    expect(fieldsOfColumns(['mail', 'shoe-size', 'A=B'], mapping)).toEqual([['userid', 'email'], [], ['attributes.Cost Centre']])
    expect(messageOf(() => readMapping(['userid']))).toContain('column=field')
    expect(messageOf(() => readMapping(['a=nothing']))).toContain('names no field nothing: it is one of userid, name, email')
  })

  test('that are unknown, repeated or missing are named', () => {
    const unknown = messageOf(() => fieldsOfColumns(['userid', 'emial', 'Shoe size'], none))
    expect(unknown).toContain(
      `The column "emial" is unknown: map it with --map 'emial=email', or leave it out with --map 'emial='`,
    )
    expect(unknown).toContain('"Shoe size"')
    expect(messageOf(() => fieldsOfColumns(['userid', 'mail', 'email'], none))).toContain('Two columns are email')
    expect(messageOf(() => fieldsOfColumns(['name'], none))).toContain('No column is the userid')
  })
})

describe('a line', () => {
  test('becomes a row; empty cells say nothing', () => {
    const entry = entryOf(7, [
      ['userid', 'ana'],
      ['name', 'Ana'],
      ['phone', ' '],
      ['groups', 'Sales; Team 2;'],
      ['permissions', 'AUDIT'],
      ['disabled', 'No'],
      ['passwordHash', '$2b$…'],
      ['attributes', '{"Site": ["Ghent"]}'],
      ['attributes.desk', 'day;night'],
      ['externalUserIds', '{"sql": "ANA"}'],
      ['iamid', 'bim'],
      ['kind', 'PERSON'],
    ])
    expect(entry).toEqual({
      line: 7,
      userid: 'ana',
      faults: [],
      row: {
        line: 7,
        userid: 'ana',
        profile: { name: 'Ana', externalUserIds: { sql: 'ANA' } },
        groups: ['Sales', 'Team 2'],
        permissions: ['AUDIT'],
        disabled: false,
        passwordHash: '$2b$…',
        attributes: { Site: ['Ghent'], desk: ['day', 'night'] },
      },
    })
    expect(entryOf(1, [['userid', 'b']]).row).toEqual({ line: 1, userid: 'b' })
  })

  test('with faults is kept here', () => {
    const entry = entryOf(3, [
      ['disabled', 'maybe'],
      ['attributes', '{'],
      ['preferences', '[1]'],
      ['iamid', 'corp'],
      ['kind', 'SERVICE'],
    ])
    expect(entry.row).toBeNull()
    expect(entry.faults.map(({ message }) => message)).toEqual([
      'disabled must be one of true, yes, 1, false, no, 0',
      'attributes must be JSON',
      'preferences must be a JSON object',
      'iamid names another identity source: only users of bim are imported',
      'kind must be PERSON: service accounts are not imported',
      'userid is missing',
    ])
  })
})
