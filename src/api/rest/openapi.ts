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
  503: 'The database or an identity source is unavailable: retry after the time in the header Retry-After',
}
const NO_BODY = new Set([413, 415])

export function openapi(rows: readonly Route[], publicUrl: string) {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Roster: the /bim paths',
      version: '1.0.0',
      description:
        'Users, groups, attributes, permissions, API keys and tokens. Every call runs an operation of the GraphQL schema. ' +
        'A path answers any other method with 405 and names its own in the header Allow.',
    },
    servers: [{ url: publicUrl }],
    security: [{ credential: [] }],
    paths: pathsOf(rows),
    components: {
      securitySchemes: {
        credential: { type: 'http', scheme: 'bearer', description: 'An access token or an API key' },
        basic: { type: 'http', scheme: 'basic', description: 'An API key as the password; any username' },
      },
      schemas: { Error: errorSchema, ...answers },
      responses: Object.fromEntries(
        Object.entries(ERRORS).map(([status, description]) => [status, { description, content: json('schemas/Error') }]),
      ),
    },
  }
}

const errorSchema = {
  type: 'object',
  required: ['statusCode', 'error', 'message'],
  properties: { statusCode: { type: 'integer' }, error: { type: 'string' }, message: { type: 'string' } },
}
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
  return {
    operationId: operationId(path, method),
    summary: row.doc,
    ...(row.aliases.includes(place) && { description: `Answers as ${main}.` }),
    tags: [tagOf(row)],
    'x-action': row.action,
    ...SECURITY[row.credential],
    parameters: [...pathParameters(path), ...queryParameters(row.query)],
    ...(row.payload && { requestBody: requestBody(row.payload) }),
    responses: responsesOf(row),
  }
}

function operationId(path: string, method: Method): string {
  const words = path.split('/').filter(word => word !== '')
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

function pathParameters(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name in SCHEMAS ? SCHEMAS[name as keyof typeof SCHEMAS] : { type: 'string', minLength: 1 },
  }))
}

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

function responsesOf(row: Route) {
  const errors = Object.keys(ERRORS).filter(status => row.payload !== undefined || !NO_BODY.has(Number(status)))
  const refusals = errors.map(status => [status, { $ref: `#/components/responses/${status}` }])
  const answer =
    row.answers === undefined
      ? { 302: { description: 'Where to go on', headers: { location: { schema: { type: 'string' } } } } }
      : { 200: { description: 'Done', content: json(`schemas/${row.answers}`) } }
  return { ...answer, ...Object.fromEntries(refusals) }
}
