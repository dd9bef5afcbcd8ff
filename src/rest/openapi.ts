/** The rows as an OpenAPI 3.1 document. */
import type { Fields } from './input.ts'
import { SCHEMAS } from './params.ts'
import type { Credential, Method, Place, Row } from './row.ts'

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Something of the request breaks a rule; the message names the field and the rule',
  401: 'No credential, or one that is unknown, expired or revoked',
  403: 'Not allowed for this caller',
  404: 'There is no such user, group, key or path',
  409: 'What there is already stands against it',
  413: 'The body is too large',
  415: 'The body is of another type',
  429: 'Too many attempts: the header Retry-After says when to try again',
  503: 'The store or a needed peer is away: the header Retry-After says when to try again',
}
const NO_BODY = new Set([413, 415])

export function openapi(rows: readonly Row[], publicUrl: string) {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Roster: the /bim paths',
      version: '1.0.0',
      description:
        'Users, groups, attributes, permissions, API keys and tokens. Every call runs an operation of the GraphQL schema.',
    },
    servers: [{ url: publicUrl }],
    security: [{ credential: [] }],
    paths: pathsOf(rows),
    components: {
      securitySchemes: {
        credential: { type: 'http', scheme: 'bearer', description: 'An access token or an API key' },
      },
      schemas: { Error: errorSchema },
      responses: Object.fromEntries(Object.entries(ERRORS).map(([status, description]) => [status, errorResponse(description)])),
    },
  }
}

const errorSchema = {
  type: 'object',
  required: ['statusCode', 'error', 'message'],
  properties: { statusCode: { type: 'integer' }, error: { type: 'string' }, message: { type: 'string' } },
}
const errorResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
})

type Operations = Record<string, object>

function pathsOf(rows: readonly Row[]): Record<string, Operations> {
  const paths: Record<string, Operations> = {}
  for (const row of rows) {
    for (const place of [row, ...row.aliases]) {
      const path = place.path.replace(/:(\w+)/g, '{$1}')
      const operations = place.methods.map(method => [method.toLowerCase(), operationOf(row, place, method)] as const)
      paths[path] = { ...paths[path], ...Object.fromEntries(operations) }
    }
  }
  return paths
}

function operationOf(row: Row, place: Place, method: Method) {
  return {
    operationId: operationId(place, method),
    summary: row.doc,
    ...(row.aliases.includes(place) && { description: `Answers as ${row.methods[0]} ${row.path.replace(/:(\w+)/g, '{$1}')}.` }),
    tags: [tagOf(row)],
    'x-action': row.action,
    ...securityOf(row.credential),
    parameters: [...pathParameters(place.path), ...queryParameters(row.query)],
    ...(row.payload && { requestBody: requestBody(row.payload) }),
    responses: responsesOf(row),
  }
}

/** Such as `getBimIamUserGroups`. */
function operationId({ path }: Place, method: Method): string {
  const words = path.split('/').filter(word => word !== '')
  const names = words.map(word => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word)))
  return method.toLowerCase() + names.join('').replace(/\W/g, '')
}
const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)

/** The noun of the action. */
const tagOf = ({ action }: Row) => action.slice(0, action.indexOf(':'))

const securityOf = (credential: Credential) =>
  credential === 'required' ? {} : { security: credential === 'optional' ? [{}, { credential: [] }] : [] }

function pathParameters(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name in SCHEMAS ? SCHEMAS[name as keyof typeof SCHEMAS] : { type: 'string', minLength: 1 },
  }))
}

/** Lists are repeated names, which is OpenAPI's default for a query. */
function queryParameters(query: Fields | undefined) {
  return Object.entries(query?.schema.properties ?? {}).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

function requestBody({ schema, bare, anyOf, bodyNeeded }: Fields) {
  const whole = bare === undefined ? schema : { oneOf: [schema.properties[bare], schema] }
  const checked = anyOf.length === 0 ? whole : { ...whole, anyOf: anyOf.map(name => ({ required: [name] })) }
  return {
    required: bodyNeeded || (schema.required ?? []).length > 0,
    content: { 'application/json': { schema: checked }, 'application/x-www-form-urlencoded': { schema } },
  }
}

function responsesOf(row: Row) {
  const errors = Object.keys(ERRORS).filter(status => row.payload !== undefined || !NO_BODY.has(Number(status)))
  const refusals = errors.map(status => [status, { $ref: `#/components/responses/${status}` }])
  const answer =
    row.document === undefined
      ? { 302: { description: 'Where to go on', headers: { location: { schema: { type: 'string' } } } } }
      : { 200: { description: row.doc, content: { 'application/json': {} } } }
  return { ...answer, ...Object.fromEntries(refusals) }
}
