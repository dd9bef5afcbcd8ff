// Every path of every row is called with success once, and its answer fits the schema that the row names: no field less, none more.
import Type, { type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answers } from '../../../src/api/rest/response.schemas.ts'
import { routes } from '../../../src/api/rest/routes.ts'
import { send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../../harness/slapd.ts'
import { configOf, personLdif, startDirectory, syncsOf } from '../../sync/organisation.ts'
import { answerCalls } from './answers.calls.ts'

const app = await bootApp({ smtp: true, background: true })
const { calls, syncCalls } = answerCalls(app)
afterAll(() => app.close())

const endpoints = routes.flatMap(row =>
  [row, ...row.aliases].flatMap(({ methods, path }) => methods.map(method => ({ call: `${method} ${path}`, row }))),
)

/** The schema with nothing beside the named fields; an object without named fields stays as it is. */
function exact(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(exact)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, exact(value)]))
  const isNamed = inner.type === 'object' && Object.keys(inner.properties ?? {}).length > 0
  return isNamed && !('additionalProperties' in inner) ? { ...inner, additionalProperties: false } : inner
}
const strict = Object.fromEntries(
  Object.entries(answers as Record<string, TSchema>).map(([name, schema]) => {
    const plain = exact(JSON.parse(JSON.stringify(schema))) as object
    return [name, Compile(Type.Unsafe(name === 'Nothing' ? { ...plain, additionalProperties: false } : plain))]
  }),
)

test('Answers: every path of every row has a call, and every call a path', () => {
  expect([...Object.keys(calls), ...Object.keys(syncCalls)].toSorted()).toEqual(endpoints.map(({ call }) => call).toSorted())
})

test('Answers: only an answer without any field is {}', () => {
  const bare = Object.keys(strict).filter(name => strict[name]!.Check({}))
  expect(bare).toEqual(['Nothing'])
})

async function hold({ call, row }: (typeof endpoints)[number]) {
  const { path, token = app.admin.token, ...sent } = await { ...calls, ...syncCalls }[call]!()
  const method = call.slice(0, call.indexOf(' '))
  const answer = await send(app.url, method, path, { token: token ?? undefined, ...sent })
  if (row.answers === undefined) {
    expect({ status: answer.status, location: answer.headers.get('location') }).toEqual({
      status: 302,
      location: `${app.url}/login`,
    })
    return
  }
  expect(answer.status, answer.text).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  expect(strict[row.answers]!.Errors(answer.body), answer.text).toEqual([])
}

describe('Answers', () => {
  test.each(endpoints.filter(({ call }) => call in calls).map(one => [one.call, one] as const))(
    'Answers: %s fits its schema',
    async (_call, one) => hold(one),
  )
})

sayWhenSkipped('REST answers of a sync')
describe.skipIf(slapdFolder === null)('Answers of a sync', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startDirectory(['u0', 'u1', 'u2'].map(uid => personLdif(uid)))
    await syncsOf(app).makeIam('corp', configOf(slapd))
  }, 60_000)
  afterAll(() => slapd?.close())

  test.each(endpoints.filter(({ call }) => call in syncCalls).map(one => [one.call, one] as const))(
    'Answers: %s fits its schema',
    async (_call, one) => hold(one),
  )
})
