// S1: messages of graphql-js quote what a caller sent. They are short before anything reads them, on every path.
import { afterAll, expect, test } from 'vitest'
import { parseJson } from '../../../src/platform/http/body.ts'
import { send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'
import { DELAY, leastTime, longestPiece } from './delay.ts'

const app = await bootApp()
afterAll(() => app.close())

interface Body {
  errors: { message: string; extensions: Record<string, unknown> }[]
}
const LOG_IN = 'mutation($i:LogInInput!){logIn(input:$i){token}}'
const ask = (query: string, variables: object, token?: string) =>
  send<Body>(app.url, 'POST', '/graphql', { ...(token && { token }), json: { query, variables } })

const REPEATED = ' cannot represent non'
const UNIT = { small: 40 * REPEATED.length, large: 1_000_000 }
const repeated = (unit: string, bytes: number) => unit.repeat(Math.ceil(bytes / unit.length))

test.each(['small', 'large'] as const)('an unknown key of a %s request is answered at once', async size => {
  const key = repeated(REPEATED, UNIT[size])
  const variables = { i: { userid: 'a', password: 'hidden', [key]: 1 } }
  const { value, piece } = await longestPiece(() => ask(LOG_IN, variables, app.admin.token))
  expect(piece).toBeLessThan(DELAY)
  const [error] = value.body.errors
  expect(error!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'i' })
  expect(error!.message).toMatch(/^Variable "\$i" got an invalid value at "i"; Field "/)
  expect(error!.message.length).toBeLessThan(1_200)
  expect(value.text).not.toContain('hidden')
})

const UNITS = [REPEATED, ' at "', 'Syntax Error: ', ' String "', '; ', '\\', '"', 'Variable "$', ' ', ' cannot represent a non: ']
test.each(UNITS)('and so is %j in values, enums, names and documents', async unit => {
  const text = repeated(unit, 200_000)
  const { piece, value: answers } = await longestPiece(async () => [
    await ask('query($f:UserSortField!){users(sort:{field:$f}){totalCount}}', { f: text }, app.admin.token),
    await ask('query($n:Int!){users(first:$n){totalCount}}', { n: text }, app.admin.token),
    await ask('query($i:Int!){user(ref:{databaseId:$i}){id: databaseId}}', { i: { [text]: text } }, app.admin.token),
    await ask(`{ user(ref: { databaseId: ${JSON.stringify(text)} }) { id: databaseId } }`, {}, app.admin.token),
    await ask(`{ user(ref: { databaseId: 1 }) { id } } ${JSON.stringify(text)}`, {}, app.admin.token),
  ])
  expect(piece).toBeLessThan(DELAY)
  for (const { body, text: answer } of answers) {
    expect(body.errors[0]!.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED)$/)
    expect(answer.length).toBeLessThan(8_000)
  }
})

test('a body of 90,000 keys takes hardly longer than to parse its JSON', () => {
  const keys = Array.from({ length: 9_000 }, (_, n) => `"${n}":1`).join()
  const text = `{"\\u0061":[${Array(10).fill(`{${keys}}`).join()}],"b":[{"c":"\\u0062"}]}`
  const bare = leastTime(() => JSON.parse(text), 0)
  expect(leastTime(() => parseJson(text), 0)).toBeLessThan(10 * bare + 20)
  expect(parseJson(text)).toEqual(JSON.parse(text))
})

test('records with unknown keys are each counted once', async () => {
  const record = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`k${n}`, 1]))
  const variables = { i: { group: { id: 1 }, add: Array.from({ length: 600 }, () => record) } }
  const mutation = 'mutation($i: ChangeGroupMembersInput!) { changeGroupMembers(input: $i) { __typename } }'
  const { value, piece } = await longestPiece(() => ask(mutation, variables, app.admin.token))
  expect(value.body.errors[0]).toMatchObject({
    message: expect.stringMatching(/^Variable "\$i" got an invalid value at "i\.add\[0\]"; Field "k0" is not defined/),
    extensions: { code: 'BAD_USER_INPUT' },
  })
  expect(piece).toBeLessThan(DELAY)
})

test('an object of more than 10,000 members is refused before its keys are listed', async () => {
  const variables = (members: number) => ({ f: Object.fromEntries(Array.from({ length: members }, (_, n) => [`k${n}`, 1])) })
  const query = 'query($f: UserFilter) { users(filter: $f) { totalCount } }'
  const most = await ask(query, variables(10_000), app.admin.token)
  expect(most.body.errors[0]!.message).toMatch(/Field "k0" is not defined by type "UserFilter"/)
  const { value, piece } = await longestPiece(() => ask(query, variables(50_000), app.admin.token))
  expect(value.body.errors[0]).toMatchObject({
    message: 'body must not hold an object of more than 10000 members',
    extensions: { code: 'BAD_USER_INPUT', field: 'body' },
  })
  expect(piece).toBeLessThan(DELAY)
})
