// The OpenAPI document before a linter and before what generators of clients need.
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { documentationOf } from '../../../src/api/rest/openapi.fields.ts'
import { openapi } from '../../../src/api/rest/openapi.ts'
import { routes } from '../../../src/api/rest/routes.ts'
import { send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'
import { answerCalls } from './answers.calls.ts'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly maxLength?: number
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}
interface Parameter {
  readonly name: string
  readonly required: boolean
  readonly description?: string
  readonly example?: unknown
  readonly schema: Schema
}
interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, object>>
}

const document = JSON.parse(JSON.stringify(openapi(routes, 'https://roster.example.org')))
const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
)
const bodyOf = ({ requestBody }: Operation, type: string): Schema => requestBody!.content[type]!.schema
const JSON_BODY = 'application/json'
const FORM = 'application/x-www-form-urlencoded'

/** The schema with all within it. */
function within(schema: Schema): Schema[] {
  const parts = [...Object.values(schema.properties ?? {}), schema.items ?? [], ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [schema, ...parts.flat().flatMap(within)]
}

/** What the reference has so. */
const ALLOWED = [
  // The paths are the reference's; the router takes the fixed words first.
  'no-ambiguous-paths: Paths should resolve unambiguously. Found two ambiguous paths: `/bim/iam/{iamid}/{modelType}/{modelId}/authorizations` and `/bim/iam/{iamid}/authorizations/{key}/{value}`.',
  // It redirects a browser, and does nothing else.
  'operation-2xx-response: Operation must have at least one `2XX` response.',
]

test('the linter finds nothing but what the reference asks for', async () => {
  const config = await createConfig({ extends: ['recommended-strict'], telemetry: 'off' })
  const problems = await lintFromString({ source: JSON.stringify(document), config, absoluteRef: '/openapi.json' })
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`).toSorted()).toEqual(ALLOWED)
})

test('it has the version and the license of the package', () => {
  expect(document.info).toMatchObject({ version: manifest.version, license: { identifier: manifest.license } })
})

test('every tag is described, and used', () => {
  const described = document.tags.map(({ name }: { name: string }) => name)
  expect(new Set(operations.flatMap(([, { tags }]) => tags))).toEqual(new Set(described))
  for (const tag of document.tags) expect(tag.description).toMatch(/^[A-Z].{3,}/)
})

test('an operation id is a name in every language', () => {
  for (const [, { operationId }] of operations) expect(operationId).toMatch(/^[a-z]+([A-Z][a-zA-Z]*)+$/)
  expect(operations.find(([name]) => name === 'GET /user-info')![1].operationId).toBe('getUserInfo')
})

test('what is one of two is two references', () => {
  expect(document.components.schemas.ChangedOwner).toEqual({
    anyOf: [{ $ref: '#/components/schemas/ChangedUser' }, { $ref: '#/components/schemas/ChangedGroup' }],
  })
})

describe.each(operations)('%s', (_, operation) => {
  test('its parameters have a description and an example', () => {
    for (const { name, description, example } of operation.parameters) {
      expect(description, name).toMatch(/^[A-Z].*\.$/)
      expect(example, name).toBeDefined()
    }
  })

  test('its body: each field has a description and an example, and a form has no nested field', () => {
    if (!operation.requestBody) return
    for (const { properties = {} } of within(bodyOf(operation, JSON_BODY)))
      for (const [name, { description, examples }] of Object.entries(properties)) {
        expect(description, name).toMatch(/^[A-Z].*\.$/)
        expect(examples, name).toHaveLength(1)
      }
    for (const property of Object.values(bodyOf(operation, FORM).properties ?? {})) {
      expect(property.type).not.toBe('object')
      expect(property.items?.type).not.toBe('object')
      expect(property.anyOf).toBeUndefined()
    }
  })

  test('it names 431, and Retry-After where a client waits', () => {
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '429', '431', '503']))
  })
})

test('required parameters say so', () => {
  const required = operations.flatMap(([name, { parameters }]) =>
    parameters.filter(one => one.required && !name.includes(`{${one.name}}`)).map(one => `${name}: ${one.name}`),
  )
  expect(required).toEqual(['GET /user-info: userid'])
})

test('a field without a description stops the start', () => {
  expect(() => documentationOf('GET /bim/user', 'nothing')).toThrow('nothing of GET /bim/user has no description')
})

describe('the limits are those of the services', () => {
  let app: Awaited<ReturnType<typeof bootApp>>
  beforeAll(async () => {
    app = await bootApp({ smtp: true })
    return () => app.close()
  }, 60_000)

  const limited = routes.flatMap(row => {
    const name = `${row.methods[0]} ${row.path}`
    const [, operation] = operations.find(([one]) => one === name.replace(/:(\w+)/g, '{$1}')) ?? []
    if (!operation?.requestBody) return []
    const { properties = {} } = within(bodyOf(operation, JSON_BODY)).find(schema => schema.properties) ?? {}
    return Object.entries(properties).flatMap(([field, schema]) => {
      const text = within(schema).find(one => one.type === 'string' && (one.maxLength !== undefined || one.pattern !== undefined))
      return text
        ? [[`${name}: ${field}`, { name, field, list: within(schema).some(one => one.type === 'array'), text }] as const]
        : []
    })
  })

  test.each(limited)('%s', async (_, { name, field, list, text }) => {
    const call = answerCalls(app).calls[name]
    // Syncs need a directory; a search finds nothing.
    if (call === undefined || name === 'POST /bim/user/search') return
    const { path, token = app.admin.token, json, ...sent } = await call()
    const value = text.maxLength === undefined ? '-' : 'x'.repeat(text.maxLength + 1)
    const whole = Array.isArray(json) ? {} : (json as object | undefined)
    const body = { ...whole, [field]: list ? [value] : value }
    const answer = await send<{ message: string }>(app.url, name.split(' ')[0]!, path, {
      ...sent,
      json: body,
      token: token ?? undefined,
    })
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
    expect(answer.status, answer.text).toBeLessThan(500)
  })

  test('there are many', () => {
    expect(limited.length).toBeGreaterThan(25)
  })
})
