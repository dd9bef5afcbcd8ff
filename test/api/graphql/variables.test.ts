import { buildSchema, type GraphQLError, getOperationAST, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { checkVariables } from '../../../src/api/graphql/variables.ts'

const schema = buildSchema(`
  scalar JSON
  input Inner { id: Int! name: String }
  input Outer { inner: [Inner!] json: JSON text: String }
  type Query { a(o: Outer, i: Int, s: String): Int }
`)
const check = (definitions: string, variables: object) =>
  checkVariables(schema, getOperationAST(parse(`query (${definitions}) { a }`))!, variables as Record<string, unknown>)
const refused = (message: string) =>
  expect.objectContaining({ message, extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } })

describe('a variable', () => {
  test.each([
    ['$i: Int!', { i: 1 }],
    ['$i: Int', {}],
    ['$i: Int', { i: null }],
    ['$i: Int! = 1', {}],
    ['$o: Outer', { o: { inner: [{ id: 1 }], json: { any: [{ thing: 1 }] } } }],
    // The rules of validation report a type that does not exist.
    ['$x: Nothing', { x: 1 }],
  ])('%s takes %j', (definitions, variables) => {
    expect(() => check(definitions, variables)).not.toThrow()
  })

  test.each([
    ['$i: Int!', {}, 'Variable "$i" of required type "Int!" was not provided.'],
    ['$i: Int!', { i: null }, 'Variable "$i" of non-null type "Int!" must not be null.'],
    ['$toString: Int!', {}, 'Variable "$toString" of required type "Int!" was not provided.'],
    ['$i: Int', { i: 'x' }, 'Variable "$i" got invalid value at "i"; Int cannot represent non-integer value: "x"'],
    [
      '$o: Outer',
      { o: { inner: [{ id: 1 }, { id: 'x' }] } },
      'Variable "$o" got invalid value at "o.inner[1].id"; Int cannot represent non-integer value: "x"',
    ],
  ])('%s refuses %j', (definitions, variables, message) => {
    expect(() => check(definitions, variables)).toThrow(refused(message))
  })
})

test('what would be long to write out is refused without its value, and JSON is not', () => {
  const long = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`k${at}`, at]))
  expect(() => check('$o: Outer', { o: { text: long } })).toThrow(
    refused('Variable "$o" got invalid value at "o.text"; String cannot represent this kind of value'),
  )
  expect(() => check('$o: Outer', { o: long })).toThrow(
    refused('Variable "$o" got invalid value at "o"; Field "k0" is not defined by type "Outer".'),
  )
  expect(() => check('$o: Outer', { o: { json: long } })).not.toThrow()
})

test('several faults are all there, fifty at most', () => {
  const others = (definitions: string, variables: object): string[] => {
    try {
      check(definitions, variables)
    } catch (error) {
      const { message, extensions } = error as GraphQLError
      return [message, ...((extensions.others ?? []) as GraphQLError[]).map(other => other.message)]
    }
    return []
  }
  expect(others('$i: Int!, $s: String!, $o: Outer', { i: 'x', s: null, o: { inner: [{ name: 'a' }], txet: 'b' } })).toEqual([
    'Variable "$i" got invalid value at "i"; Int cannot represent non-integer value: "x"',
    'Variable "$s" of non-null type "String!" must not be null.',
    'Variable "$o" got invalid value at "o.inner[0]"; Field "id" of required type "Int!" was not provided.',
    'Variable "$o" got invalid value at "o"; Field "txet" is not defined by type "Outer". Did you mean "text"?',
  ])
  expect(others('$o: Outer', { o: { inner: Array.from({ length: 10_000 }, () => ({ id: 'x' })) } })).toHaveLength(50)
})
