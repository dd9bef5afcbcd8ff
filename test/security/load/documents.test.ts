// S3: documents, as large and as awkward as the limits let them be, are validated or refused within 50 ms.
import { type DocumentNode, parse, specifiedRules, validate } from 'graphql'
import { afterAll, describe, expect, test } from 'vitest'
import { costOf } from '../../../src/api/graphql/cost.ts'
import { DOCUMENT_LIMITS, documentError, textError } from '../../../src/api/graphql/document-limits.ts'
import { LIMITS, limitRules } from '../../../src/api/graphql/limits.ts'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { checkVariables } from '../../../src/api/graphql/variables.ts'
import { send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'
import { DELAY, leastTime, longestPiece } from './delay.ts'

/** Milliseconds for one document. */
const PIECE = 50

const schema = createSchema()
const app = await bootApp()
afterAll(() => app.close())

const many = (count: number, one: (n: number) => string) => Array.from({ length: count }, (_, n) => one(n)).join(' ')
const fragments = (count: number, body: (n: number) => string) => many(count, n => `fragment F${n} on User{${body(n)}}`)
const spread = (count: number) => many(count, n => `...F${n}`)

/** Each as large as the limit of tokens lets it be. */
const DOCUMENTS: Record<string, string> = {
  'one field, again and again': `mutation{${many(1_239, n => `logIn{t${n}}`)}}`,
  'one field with the same selection': `{${many(700, () => 'viewer{user{id}}')}}`,
  'one field with arguments': `{${many(140, () => 'user(ref:{userid:"aaaaaaaaaaaaaaaa",iamid:"bim"}){id}')}}`,
  'one field with long arguments': `{${many(9, () => `user(ref:{userid:"${'a'.repeat(9_000)}"}){id}`)}}`,
  'fields that multiply': `{viewer{${many(60, () => `user{${many(12, () => 'profile{name}')}}`)}}}`,
  'fragments beside each other': `{viewer{user{${spread(200)}}}} ${fragments(200, () => 'id userid profile{name}')}`,
  'fragments with a field each': `{viewer{user{${spread(440)}}}} ${fragments(440, n => `a${n}:id`)}`,
  'fragments in fragments': `{viewer{user{...F0}}} ${fragments(450, n => (n < 449 ? `...F${n + 1}` : 'id'))}`,
  'fragments that double': `{viewer{user{...F0}}} ${fragments(40, n => (n < 39 ? `...F${n + 1} a:id ...F${n + 1}` : 'id'))}`,
  'fragments that nobody uses': `{viewer{can}} ${fragments(440, n => `a${n}:id`)}`,
  'fragments in a circle': `{viewer{user{...F0}}} ${fragments(300, n => `id ...F${(n + 1) % 300} ...F${(n + 2) % 300}`)}`,
  'operations that share fragments': `${many(300, n => `query Q${n}{viewer{user{...F0}}}`)} ${fragments(1, () => many(1_000, n => `a${n}:id`))}`,
  'operations that share variables': `${many(120, n => `query Q${n}($a:Int){users(first:$a){...V}}`)} fragment V on UserConnection{${many(300, n => `a${n}:nodes{id}`)}}`,
  'unknown fields': `{${many(2_400, n => `xusers${n}`)}}`,
  'unknown fields on the last line': `${'\n'.repeat(DOCUMENT_LIMITS.lines - 1)}{${many(2_400, n => `xusers${n}`)}}`,
  'more lines': `${'\n'.repeat(99_000)}{${many(100, n => `x${n}`)}}`,
  'unknown arguments': `{users(${many(1_200, n => `a${n}:1`)}){totalCount}}`,
  'unknown variables': `{${many(300, n => `a${n}:users(first:$v${n}){totalCount}`)}}`,
  'too many variables': `query(${many(1_200, n => `$v${n}:Int`)}){viewer{can}}`,
  'variables that nobody uses': `query(${many(DOCUMENT_LIMITS.variables, n => `$v${n}:Int`)}){viewer{can}}`,
  directives: `{viewer{can ${many(700, () => '@skip(if:true)')}}}`,
  'fields of an input': `{users(filter:{${many(1_600, n => `f${n}:1`)}}){totalCount}}`,
  'a list of wrong values': `{users(filter:{ids:[${many(4_900, () => '"x"')}]}){totalCount}}`,
  'inline fragments': `{viewer{${'...{'.repeat(1_600)}can${'}'.repeat(1_600)}}}`,
  'deep fields': `{viewer{${'user{currentProject{members{nodes{'.repeat(300)}id${'}}}}'.repeat(300)}}}`,
  introspection: `{__schema{types{${many(400, n => `a${n}:fields{name type{name}}`)}}}}`,
  'introspection by fragments': `{${many(90, n => `a${n}:__schema{types{...T}}`)}} fragment T on __Type{name fields{name args{name type{...R}}}} fragment R on __Type{ofType{ofType{ofType{name}}}}`,
  'a long text': `{user(ref:{ name: {userid:"${'x'.repeat(99_000)}"} }){id: databaseId}}`,
  'escapes in a text': `{user(ref:{ name: {userid:"${'\\u0061'.repeat(16_000)}"} }){id: databaseId}}`,
  'a block text': `{user(ref:{ name: {userid:"""${' \n'.repeat(4_000)}"""} }){id: databaseId}}`,
  comments: `${'#\n'.repeat(4_000)}{viewer{can}}`,
}

/** As a request for it is worked on: bounds first, and only then validation and cost. */
function work(text: string): string | number {
  const fault = textError(text)
  if (fault) return fault
  let document: DocumentNode
  try {
    document = parse(text, { maxTokens: LIMITS.tokens })
  } catch (error) {
    return (error as Error).message
  }
  const beyond = documentError(document)
  if (beyond) return beyond
  const errors = validate(schema, document, [...specifiedRules, ...limitRules], { maxErrors: LIMITS.errors })
  // Read as they are when they are answered.
  if (errors.length > 0) return JSON.stringify(errors)
  return costOf(schema, { document, variables: {} })
}

describe('in 50 ms', () => {
  test.each(Object.entries(DOCUMENTS))('%s', (_, text) => {
    expect(leastTime(() => work(text), PIECE)).toBeLessThan(PIECE)
  })
})

describe('none blocks the process, with a credential or without', () => {
  test.each(Object.entries(DOCUMENTS))('%s', async (_, query) => {
    const { piece } = await longestPiece(async () => {
      for (const token of [undefined, app.admin.token])
        await send(app.url, 'POST', '/graphql', { ...(token && { token }), json: { query } })
    })
    expect(piece).toBeLessThan(DELAY)
  })
})

test('the faults are named', () => {
  expect(work(DOCUMENTS['one field, again and again']!)).toMatch(/too many of the same fields/)
  expect(work(DOCUMENTS['fragments beside each other']!)).toMatch(/too many of the same fields/)
  expect(work(DOCUMENTS['fragments that double']!)).toMatch(/more than 10000 fields, with each fragment counted/)
  expect(work(DOCUMENTS['too many variables']!)).toMatch(/more than 500 variables/)
  expect(work(DOCUMENTS['more lines']!)).toMatch(/more than 5000 lines/)
  expect(work(`{user(ref:{ name: {userid:"${'x'.repeat(101_000)}"} }){id: databaseId}}`)).toMatch(/more than 100000 characters/)
})

test('what clients send is not refused', () => {
  // Each component with fields of its own, as Relay and Apollo Client write them.
  const components = `{viewer{user{${spread(60)}}}} ${fragments(60, n => `__typename id userid profile{__typename id a${n}:name}`)}`
  expect(work(components)).toBeTypeOf('number')
  const used = `query(${many(200, n => `$v${n}:Int`)}){${many(100, n => `a${n}:users(first:$v${2 * n},offset:$v${2 * n + 1}){totalCount}`)}}`
  expect(work(used)).toBeTypeOf('number')
  expect(work(`{${many(100, n => `a${n}:users(first:1){nodes{id userid profile{name email}}}`)}}`)).toBeTypeOf('number')
})

describe('variables', () => {
  const operation = (text: string) => {
    const [definition] = parse(text).definitions
    if (definition?.kind !== 'OperationDefinition') throw new Error('no operation')
    return definition
  }
  const LOG_IN = operation('mutation($i:LogInInput!){logIn(input:$i){token}}')
  const FILTER = operation('query($f:UserFilter,$n:Int!){users(filter:$f,first:$n){totalCount}}')
  const PROFILE = operation('mutation($i:UpdateProfileInput!){updateProfile(input:$i){user{id: databaseId}}}')
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]))
  const lists = Array.from({ length: 90_000 }, () => true)
  const cases: [string, ReturnType<typeof operation>, object][] = [
    ['unknown keys', LOG_IN, { i: { userid: 'a', password: 'b', ...keys(90_000) } }],
    ['an object for a text', LOG_IN, { i: { userid: keys(90_000), password: keys(1_000) } }],
    ['a list of wrong ids', FILTER, { n: 1, f: { ids: lists } }],
    ['a list of objects', FILTER, { n: 1, f: { ids: Array.from({ length: 9_000 }, () => keys(10)) } }],
    ['a long number', FILTER, { n: 'x'.repeat(1_000_000) }],
    ['JSON beside an unknown key', PROFILE, { i: { ref: { databaseId: 1 }, profile: { preferences: keys(90_000), x: 1 } } }],
  ]
  test.each(cases)('%s', (_, definition, variables) => {
    const check = () => checkVariables(schema, definition, variables as Record<string, unknown>)
    expect(check).toThrow(/^Variable "\$/)
    // Listing 90,000 keys takes 10 ms of it, and 50 on a machine that does much else.
    expect(leastTime(() => expect(check).toThrow(), PIECE)).toBeLessThan(2 * PIECE)
  })
})

describe('an anonymous document', () => {
  const logIn = 'logIn(input:{userid:"nobody",password:"x"}){token}'
  const ask = (query: string) => send<any>(app.url, 'POST', '/graphql', { json: { query } })
  test('has at most 5 root fields', async () => {
    const five = await ask(`mutation{${many(5, n => `a${n}:${logIn}`)}}`)
    expect(five.body.errors.map((error: any) => error.extensions.code)).not.toContain('GRAPHQL_VALIDATION_FAILED')
    expect(five.body.data).toEqual({ a0: null, a1: null, a2: null, a3: null, a4: null })
    expect((await ask(`mutation{${many(6, n => `a${n}:${logIn}`)}}`)).status).toBe(401)
    expect((await ask(many(6, n => `mutation M${n}{${logIn}}`))).status).toBe(401)
  })

  test('has at most 256 tokens', async () => {
    const long = (fields: number) => `mutation{logIn(input:{userid:"nobody",password:"x"}){${many(fields, () => 'token')}}}`
    expect((await ask(long(230))).status).not.toBe(401)
    expect((await ask(long(300))).status).toBe(401)
  })

  test('learns no names of the schema', async () => {
    const wrong = await ask('mutation{logIn(input:{useridd:"nobody",password:"x"}){tokenn}}')
    expect(wrong.body.errors.length).toBeGreaterThan(0)
    expect(wrong.text).not.toContain('Did you mean')
    const signedIn = await app.graphql('{ viewerr { can } }')
    expect(signedIn.errors![0].message).toContain('Did you mean')
  })
})
