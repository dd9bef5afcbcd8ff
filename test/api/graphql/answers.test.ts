// What an answer carries beside its data: when to try again, and what is no operation here.
import { makeExecutableSchema } from '@graphql-tools/schema'
import { afterAll, expect, test } from 'vitest'
import { registerGraphql } from '../../../src/api/graphql/server.ts'
import type { Context } from '../../../src/authorization/context.ts'
import { createFairPool } from '../../../src/platform/database/fair-pool.ts'
import { TooManyRequests, Unavailable } from '../../../src/platform/errors.ts'
import { createLog } from '../../../src/platform/http/log.ts'
import { bootApp } from '../../harness/app.ts'
import { serve } from '../../platform/http/harness.ts'

const app = await bootApp({ logged: true })
afterAll(() => app.close())

const post = (url: string, query: string, accept: string) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${app.admin.token}` },
    body: JSON.stringify({ query }),
  })

test('a subscription is an error of the request, without a line of error in the log', async () => {
  for (const query of ['subscription { __typename }', 'subscription S { a b }']) {
    const answer = await post(app.url, query, 'application/graphql-response+json')
    expect(answer.status).toBe(400)
    const { errors, data } = (await answer.json()) as any
    expect(data).toBeUndefined()
    expect(errors[0]).toMatchObject({
      message: 'Subscriptions are not supported: send a query or a mutation',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    })
    expect((await post(app.url, query, 'application/json')).status).toBe(200)
  }
  expect(app.logged.filter(({ level }) => level === 'error')).toEqual([])
})

test('an error of a field that says when to try again gives the header too', async () => {
  const schema = makeExecutableSchema({
    typeDefs: 'type Query { fine: Int away: Int busy: Int }',
    resolvers: {
      Query: {
        fine: () => 1,
        away: () => {
          throw new Unavailable('The database does not respond', { retryAfter: 7 })
        },
        busy: () => {
          throw new TooManyRequests('Too many', { retryAfter: 2.1 })
        },
      },
    },
  })
  const large = createFairPool({ places: 2, queue: 10, wait: 1_000 })
  const context = { actor: { kind: 'machine', name: 'test' }, address: '' } as unknown as Context
  const served = await serve(http => {
    void registerGraphql(http, {
      schema,
      log: createLog({ level: 'silent' }),
      queues: { medium: large, large },
      contextOf: async () => context,
    })
  })
  try {
    const header = async (query: string) => {
      const answer = await post(served.url, query, 'application/json')
      return [answer.status, answer.headers.get('retry-after'), ((await answer.json()) as any).data]
    }
    expect(await header('{ fine }')).toEqual([200, null, { fine: 1 }])
    expect(await header('{ fine away }')).toEqual([200, '7', { fine: 1, away: null }])
    expect(await header('{ fine busy }')).toEqual([200, '3', { fine: 1, busy: null }])
    expect(await header('{ away busy }')).toEqual([200, '7', { away: null, busy: null }])
  } finally {
    await served.http.close()
  }
})

test('Strict-Transport-Security is for this host alone', async () => {
  const { headers } = await fetch(`${app.url}/health/live`)
  expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
  const wide = await serve(() => {}, { hstsSubdomains: true })
  const answer = await fetch(wide.url)
  expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
  await wide.http.close()
})
