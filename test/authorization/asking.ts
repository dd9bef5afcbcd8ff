// Short ways to ask the whole app over GraphQL in tests of credentials.
import { expect } from 'vitest'
import type { TestApp } from '../harness/app.ts'

export function asking(app: TestApp) {
  /** The code a request is answered with, or null. */
  const codeOf = async (token: string, query: string, variables: object = {}): Promise<string | null> =>
    (await app.graphql(query, variables, token)).errors?.[0]?.extensions.code ?? null
  return {
    codeOf,
    alive: async (credential: string) => (await codeOf(credential, '{ viewer { credential } }')) === null,
    /** What the root field answers; no error is allowed. */
    run: async (token: string, query: string, variables: object = {}) => {
      const { data, errors } = await app.graphql(query, variables, token)
      expect(errors, query).toBeUndefined()
      return Object.values(data)[0] as any
    },
    /** What is written of keys and tokens, as the store has it. */
    sql: <Row>(text: string, ...values: unknown[]) => app.store.db.query<Row>(text, values),
  }
}

export const CREATE_KEY =
  'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id scopes expiresAt parentKeyId } } }'
