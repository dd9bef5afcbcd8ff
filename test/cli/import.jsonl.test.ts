import { expect, test } from 'vitest'
import { readMapping } from '../../src/cli/import.fields.ts'
import { readJsonLines } from '../../src/cli/import.jsonl.ts'

async function* texts(text: string) {
  yield text
}
const read = async (text: string, map: string[] = []) => {
  const found: unknown[] = []
  for await (const { line, row, faults } of readJsonLines(texts(text), readMapping(map)))
    found.push(row ?? [line, ...faults.map(({ message }) => message)])
  return found
}

test('takes the fields of an export, and those of the mutation', async () => {
  const exported =
    '{"iamid":"bim","userid":"ana","globalUserId":"x","kind":"PERSON","name":"Ana","email":null,"disabled":false,"lastLogin":null,"permissions":["AUDIT"],"authorizations":{"site":["Ghent"]}}'
  const row =
    '{"userid":"ben","profile":{"name":"Ben","externalUserIds":{"sql":"B"}},"groups":["Sales; EMEA"],"attributes.desk":"day;night"}'
  expect(await read(`${exported}\r\n\r\n${row}\n`)).toEqual([
    {
      line: 1,
      userid: 'ana',
      profile: { name: 'Ana' },
      disabled: false,
      permissions: ['AUDIT'],
      attributes: { site: ['Ghent'] },
    },
    {
      ...{ line: 3, userid: 'ben', profile: { name: 'Ben', externalUserIds: { sql: 'B' } } },
      ...{ groups: ['Sales; EMEA'], attributes: { desk: ['day', 'night'] } },
    },
  ])
})

test('every fault of a line; members that are unknown can be mapped', async () => {
  const line = '{"userid":7,"groups":[1],"name":true,"disabled":"maybe","shoe":1,"profile":[]}'
  expect(await read(`{\n[1]\n${line}\n`)).toEqual([
    [1, 'The line is not JSON: write one object on each line'],
    [2, 'The line is no JSON object'],
    [
      3,
      'The member "shoe" is unknown: map it with --map NAME=FIELD, or leave it out with --map NAME=',
      'profile must be an object',
      'userid must be text',
      'groups must be text, or a list of texts',
      'name must be text',
      'disabled must be one of true, yes, 1, false, no, 0',
    ],
  ])
  expect(await read('{"login":"ana","shoe":1}', ['shoe='])).toEqual([{ line: 1, userid: 'ana' }])
})
