// GET /openapi.json: well-formed, complete, and true: the answers of every documented call fit the schemas it gives.
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { afterAll, describe, expect, test } from 'vitest'
import { openapi } from '../../../src/api/rest/openapi.ts'
import { routes } from '../../../src/api/rest/routes.ts'
import { send } from '../../contract/client.ts'
import { states } from '../../contract/examples.states.ts'
import { examples } from '../../contract/examples.ts'
import { world } from '../../contract/world.ts'
import { bootApp } from '../../harness/app.ts'

interface Parameter {
  name: string
  in: string
  required: boolean
  schema: object
}
interface Operation {
  operationId: string
  summary: string
  parameters: Parameter[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: { $ref: string } }> }>
  security?: object[]
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; responses: Record<string, object>; securitySchemes: Record<string, object> }
}

const document = JSON.parse(JSON.stringify(openapi(routes, 'https://roster.example'))) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)
const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const w = world(app)

/** Every `$ref` of the document. */
function refs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refs(inner)))
}
const at = (ref: string) =>
  ref
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], document)

/** The compiler takes no references. */
function inlined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inlined)
  if (typeof value !== 'object' || value === null) return value
  if ('$ref' in value) return inlined(at(String(value.$ref)))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inlined(inner)]))
}

describe('OpenAPI: the document', () => {
  test('OpenAPI: it is one of 3.1 with a place for every row and alias', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/)
    const places = routes.flatMap(row => [row, ...row.aliases].flatMap(place => place.methods))
    expect(operations).toHaveLength(places.length)
  })

  test('OpenAPI: every reference leads somewhere, and every operation has its own id', () => {
    expect(refs(document).length).toBeGreaterThan(100)
    expect(refs(document).filter(ref => at(ref) === undefined)).toEqual([])
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
  })

  test('OpenAPI: no two paths have one form, which the specification forbids', () => {
    const forms = Object.keys(document.paths).map(path => path.replace(/\{\w+\}/g, '{}'))
    expect(forms.filter((form, index) => forms.indexOf(form) !== index)).toEqual([])
  })

  test('OpenAPI: the parameters of a path are those in its braces, all required', () => {
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const own = operation.parameters.filter(parameter => parameter.in === 'path')
      expect(own.map(parameter => parameter.name)).toEqual(named)
      expect(own.every(parameter => parameter.required)).toBe(true)
      expect(Object.keys(operation.responses)).toContain(operation.responses[302] ? '302' : '200')
    }
  })

  test('OpenAPI: only what runs without a credential says so', () => {
    const open = operations
      .filter(({ operation }) => operation.security !== undefined && !('basic' in (operation.security[0] ?? {})))
      .map(({ method, path }) => `${method} ${path}`)
    expect(open.toSorted()).toEqual([
      'get /bim/iam/{iamid}/user/authenticate',
      'post /apikey/authenticate',
      'post /apikey/impersonate',
      'post /bim/apikey/authenticate',
      'post /bim/apikey/impersonate',
      'post /bim/iam/{iamid}/user/authenticate',
    ])
  })

  test('OpenAPI: the document needs a credential of any kind', async () => {
    expect((await send(app.url, 'GET', '/openapi.json')).status).toBe(401)
    const served = await send<Document>(app.url, 'GET', '/openapi.json', { token: (await app.as([])).token })
    expect(served.status).toBe(200)
    expect(served.headers.get('content-type')).toMatch(/^application\/json/)
    expect(Object.keys(served.body.paths)).toEqual(Object.keys(document.paths))
  })
})

function filled(text: string, values: Record<string, string | number>): string {
  return text.replaceAll(/\{(\w+)\}/g, (as, name) => String(values[name] ?? as))
}

/** The operation whose path has this form, whatever it calls its parameters. */
function documented(call: string): Operation {
  const [method = '', path = ''] = call.split(' ')
  const form = (of: string) => of.replace(/\{\w+\}/g, '{}')
  const found = operations.find(one => form(one.path) === form(path) && one.method === method.toLowerCase())
  if (!found) throw new Error(`${call} is not documented`)
  return found.operation
}

describe('OpenAPI: the answers', () => {
  test.each(examples.map(example => [example.id, example] as const))(
    'OpenAPI: %s fits what is documented',
    async (id, example) => {
      const { fill = {}, callers = {} } = await states[id]!(w)
      const [method = ''] = example.call.split(' ')
      const operation = documented(example.call)
      const request = example.request === undefined ? undefined : JSON.parse(filled(JSON.stringify(example.request), fill))
      if (typeof fill.projectId === 'number') request.projectId = fill.projectId
      if (request !== undefined) {
        const schema = operation.requestBody!.content['application/json']!.schema
        expect(Compile(Type.Unsafe(schema)).Errors(request)).toEqual([])
      }
      const token = example.caller === 'nobody' ? undefined : (callers[example.caller ?? ''] ?? app.admin.token)
      const answer = await send(app.url, method, filled(example.path, fill), { token, json: request })
      expect(answer.status, answer.text).toBe(example.status ?? 200)
      const response = operation.responses[answer.status]!
      const content = (response.$ref ? (at(response.$ref) as typeof response) : response).content!
      const schema = inlined(at(content['application/json']!.schema.$ref)) as object
      expect(Compile(Type.Unsafe(schema)).Errors(answer.body)).toEqual([])
    },
  )
})
