import { readFileSync } from 'node:fs'
import type { TSchema } from 'typebox'
import { documentationOf } from './openapi.fields.ts'
import { fieldsWithDocs, formOf, limited } from './openapi.schemas.ts'
import { SCHEMAS } from './params.ts'
import type { Fields } from './request.schemas.ts'
import { answers } from './response.schemas.ts'
import type { Endpoint, Method, Route, RouteCredential } from './route.ts'

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Something of the request breaks a rule; the message names the field and the rule',
  401: 'No credential, or one that is unknown, expired or revoked',
  403: 'Not allowed for this caller',
  404: 'There is no such user, group or key',
  409: 'What there is already stands against it',
  413: 'The body is too large',
  415: 'The body is of another type',
  429: 'Too many attempts: retry after the time in the header Retry-After',
  431: 'The request line and headers are larger than 16 KB',
  503: 'The database or an identity source is unavailable: retry after the time in the header Retry-After',
}
const NO_BODY = new Set([413, 415])
const RETRY_AFTER = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer', minimum: 1 } } }
const ERROR_HEADERS: Readonly<Record<string, object>> = {
  401: { 'WWW-Authenticate': { description: 'The kinds of credential', schema: { type: 'string' } } },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
}
/** In the order of the paths. */
const TAGS: Readonly<Record<string, string>> = {
  user: 'Users, their profiles, permissions and groups',
  viewer: 'The user of the request',
  attribute: 'Attributes of users and groups',
  iam: 'Identity sources and their syncs',
  group: 'Groups and their members',
  session: 'Log-in',
  apikey: 'API keys',
  token: 'Tokens',
}
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }

export function openapi(rows: readonly Route[], publicUrl: string) {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Roster: the /bim paths',
      version,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
      description:
        'Users, groups, attributes, permissions, API keys and tokens. Every call runs an operation of the GraphQL schema. ' +
        'A path answers any other method with 405 and names its own in the header Allow.',
    },
    servers: [{ url: publicUrl }],
    security: [{ credential: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(rows),
    components: {
      securitySchemes: {
        credential: { type: 'http', scheme: 'bearer', description: 'An access token or an API key' },
        basic: { type: 'http', scheme: 'basic', description: 'An API key as the password; any username' },
      },
      schemas: { Error: errorSchema, ...answers, ChangedOwner: changedOwner },
      responses: Object.fromEntries(
        Object.entries(ERRORS).map(([status, description]) => [
          status,
          { description, ...(ERROR_HEADERS[status] && { headers: ERROR_HEADERS[status] }), content: json('schemas/Error') },
        ]),
      ),
    },
  }
}

const errorSchema = {
  type: 'object',
  required: ['statusCode', 'error', 'message'],
  properties: { statusCode: { type: 'integer' }, error: { type: 'string' }, message: { type: 'string' } },
}
/** Whole schemas would be further types of generated clients. */
const changedOwner = { anyOf: ['ChangedUser', 'ChangedGroup'].map(name => ({ $ref: `#/components/schemas/${name}` })) }
const json = (ref: string) => ({ 'application/json': { schema: { $ref: `#/components/${ref}` } } })

type Operations = Record<string, object>

/** OpenAPI ignores parameter names: the first route's names hold. */
function pathsOf(rows: readonly Route[]): Record<string, Operations> {
  const paths: Record<string, Operations> = {}
  const written = new Map<string, string>()
  for (const row of rows) {
    for (const place of [row, ...row.aliases]) {
      const form = place.path.replace(/:\w+/g, ':')
      const path = written.get(form) ?? place.path
      written.set(form, path)
      const operations = place.methods.map(method => [method.toLowerCase(), operationOf(row, { path, method, place })] as const)
      const template = templateOf(path)
      paths[template] = { ...paths[template], ...Object.fromEntries(operations) }
    }
  }
  return paths
}

const templateOf = (path: string) => path.replace(/:(\w+)/g, '{$1}')

function operationOf(row: Route, { path, method, place }: { path: string; method: Method; place: Endpoint }) {
  const main = `${row.methods[0]} ${templateOf(row.path)}`
  const documented = `${row.methods[0]} ${row.path}`
  return {
    operationId: operationId(path, method),
    summary: row.doc,
    ...(row.aliases.includes(place) && { description: `Answers as ${main}.` }),
    tags: [tagOf(row)],
    'x-action': row.action,
    ...SECURITY[row.credential],
    parameters: [...pathParameters(path, documented), ...queryParameters(row.query, documented)],
    ...(row.payload && { requestBody: requestBody(row.payload, documented) }),
    responses: responsesOf(row),
  }
}

function operationId(path: string, method: Method): string {
  const words = path.split(/[/-]/).filter(word => word !== '')
  return method.toLowerCase() + words.map(word => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word))).join('')
}
const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)

const tagOf = ({ action }: Route) => action.slice(0, action.indexOf(':'))

const SECURITY: Record<RouteCredential, object> = {
  required: {},
  basic: { security: [{ basic: [] }, { credential: [] }] },
  optional: { security: [{}, { credential: [] }] },
  none: { security: [] },
}

function pathParameters(path: string, operation: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => {
    const schema = name in SCHEMAS ? SCHEMAS[name as keyof typeof SCHEMAS] : { type: 'string', minLength: 1 }
    return { ...parameter(operation, name, { ...schema }), in: 'path', required: true }
  })
}

/** Repeated names are OpenAPI's default for lists. */
function queryParameters(query: Fields | undefined, operation: string) {
  const required: readonly string[] = query?.schema.required ?? []
  return Object.entries(query?.schema.properties ?? {}).map(([name, schema]) => ({
    ...parameter(operation, name, { ...schema }),
    in: 'query',
    required: required.includes(name),
  }))
}

function parameter(operation: string, name: string, schema: Record<string, unknown>) {
  const { description, example, limits = {} } = documentationOf(operation, name)
  return { name, description, example, schema: limited(schema, limits) }
}

function requestBody({ schema, bare, anyOf, bodyNeeded }: Fields, operation: string) {
  const properties: Record<string, object> = fieldsWithDocs(operation, schema.properties as Record<string, TSchema>)
  const object: Record<string, unknown> = { ...schema, properties }
  const whole = bare === undefined ? object : { oneOf: [properties[bare as keyof typeof properties], object] }
  // Generators of Python clients cannot read `anyOf` beside `properties`.
  const checked = anyOf.length === 0 ? whole : { ...whole, minProperties: 1, description: `At least one of ${anyOf.join(', ')}` }
  return {
    required: bodyNeeded || (schema.required ?? []).length > 0,
    content: { 'application/json': { schema: checked }, 'application/x-www-form-urlencoded': { schema: formOf(object) } },
  }
}

function responsesOf(row: Route) {
  const errors = Object.keys(ERRORS).filter(status => row.payload !== undefined || !NO_BODY.has(Number(status)))
  const refusals = errors.map(status => [status, { $ref: `#/components/responses/${status}` }])
  const answer =
    row.answers === undefined
      ? { 302: { description: 'Where to go on', headers: { location: { schema: { type: 'string' } } } } }
      : { 200: { description: 'Done', content: json(`schemas/${row.answers}`) } }
  return { ...answer, ...Object.fromEntries(refusals) }
}
