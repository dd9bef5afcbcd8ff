// GET /schema.graphql: what tools need to generate types, without introspection.
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql'
import { afterAll, expect, test } from 'vitest'
import { bootApp } from '../../harness/app.ts'

const app = await bootApp()
afterAll(() => app.close())
const get = (headers: Record<string, string>) => fetch(`${app.url}/schema.graphql`, { headers })

test('is the schema that runs, with its descriptions', async () => {
  const response = await get({ authorization: `Bearer ${app.admin.token}` })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  const text = await response.text()
  expect(text).toContain('"A page of users.')
  expect(text).toMatch(/^"""\nRoster's API/)
  const running = buildClientSchema(
    (
      await app.graphql(
        getIntrospectionQuery({ schemaDescription: true, specifiedByUrl: true, inputValueDeprecation: true, oneOf: true }),
        {},
        app.admin.token,
      )
    ).data,
  )
  expect(printSchema(lexicographicSortSchema(buildSchema(text)))).toBe(printSchema(lexicographicSortSchema(running)))
})

test('needs a credential', async () => {
  const response = await get({})
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({ statusCode: 401, error: 'Unauthorized' })
})
