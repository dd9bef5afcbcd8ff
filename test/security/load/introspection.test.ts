// S4: introspection is answered as graphql-js answers it, once for a document, within a bound.
import { getIntrospectionQuery, graphqlSync, type IntrospectionOptions } from 'graphql'
import { afterAll, describe, expect, test } from 'vitest'
import { INTROSPECTION_FIELDS } from '../../../src/api/graphql/introspection.ts'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { bootApp } from '../../harness/app.ts'
import { DELAY, longestPiece } from './delay.ts'

const app = await bootApp()
afterAll(() => app.close())
const schema = createSchema()

const TYPE =
  'name description kind fields(includeDeprecated:true){name description args{name description type{name kind ofType{name}}} type{name}}'

const options: IntrospectionOptions = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
}
const documents: [string, string, Record<string, unknown>?][] = [
  ['what tools send', getIntrospectionQuery(options)],
  ['what tools send, in short', getIntrospectionQuery({ descriptions: false })],
  ['types by name', '{ a: __type(name: "User") { name fields { name } } b: __type(name: "None") { name } }'],
  [
    'a variable',
    'query($n: String!) { __type(name: $n) { name kind enumValues { name isDeprecated } } }',
    { n: 'UserSortField' },
  ],
  ['a default', 'query($n: String! = "User", $w: Boolean = false) { __type(name: $n) { name kind @include(if: $w) } }'],
  [
    'fragments and directives',
    'query($no: Boolean!) { ...Q @skip(if: false) __schema { queryType { name } types @include(if: $no) { name } } } fragment Q on Query { __schema { mutationType { kind: name ...T } } } fragment T on __Type { __typename ... on __Type { kind2: kind } }',
    { no: false },
  ],
  ['directives', '{ __schema { directives { name locations isRepeatable args { name defaultValue } } } }'],
]

describe('answers what graphql-js answers', () => {
  test.each(documents)('%s', async (_, query, variables) => {
    const expected = graphqlSync({ schema, source: query, variableValues: variables })
    expect(expected.errors).toBeUndefined()
    const { data, errors } = await app.graphql(query, variables)
    expect(errors).toBeUndefined()
    expect(JSON.stringify(data)).toBe(JSON.stringify(expected.data))
    // And once more, from what is kept.
    expect((await app.graphql(query, variables)).data).toEqual(data)
  })
})

test('beside other fields, in the order of the document', async () => {
  const query = '{ a: viewer { user { userid } } __schema { queryType { name } } t: __typename b: viewer { credential } }'
  const { data, extensions } = await app.graphql(query)
  expect(JSON.stringify(data)).toBe(
    '{"a":{"user":{"userid":"admin"}},"__schema":{"queryType":{"name":"Query"}},"t":"Query","b":{"credential":"LOGIN"}}',
  )
  expect(extensions.cost).toBeGreaterThan(1)
})

test('needs a credential', async () => {
  expect((await app.graphql('{ __schema { queryType { name } } }', undefined, null)).status).toBe(401)
})

test('90 aliases are refused by what they come to, without a pause', async () => {
  const query = `{ ${Array.from({ length: 90 }, (_, n) => `a${n}: __schema { types { ${TYPE} } }`).join(' ')} }`
  const { value, piece } = await longestPiece(() => app.graphql(query))
  expect(value.errors![0].message).toContain(`more than ${INTROSPECTION_FIELDS} fields`)
  expect(value.errors![0].extensions.code).toBe('BAD_USER_INPUT')
  expect(piece).toBeLessThan(DELAY)
})

test('the query of tools stays well below the bound', async () => {
  const count = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce((sum, inner) => sum + count(inner), Array.isArray(value) ? 0 : Object.keys(value).length)
      : 0
  const { data } = await app.graphql(getIntrospectionQuery(options))
  expect(count(data)).toBeLessThan(INTROSPECTION_FIELDS / 2)
})
