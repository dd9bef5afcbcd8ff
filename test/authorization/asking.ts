// Short ways to ask the whole app over GraphQL in tests of credentials.
import { expect } from 'vitest'
import type { TestApp } from '../harness/app.ts'

export function asking(app: TestApp) {
  /** The code of the first error, with its field, or null. */
  const codeOf = async (token: string, query: string, variables: object = {}): Promise<string | null> => {
    const { code, field } = (await app.graphql(query, variables, token)).errors?.[0]?.extensions ?? {}
    return field === undefined ? (code ?? null) : `${code} ${field}`
  }
  return {
    codeOf,
    alive: async (credential: string) => (await codeOf(credential, '{ viewer { credential } }')) === null,
    /** The value of the root field; fails on an error. */
    run: async (token: string, query: string, variables: object = {}) => {
      const { data, errors } = await app.graphql(query, variables, token)
      expect(errors, query).toBeUndefined()
      return Object.values(data)[0] as any
    },
    /** The rows of keys and tokens. */
    sql: <Row>(text: string, ...values: unknown[]) => app.store.db.query<Row>(text, values),
  }
}

export const CREATE_KEY =
  'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id: databaseId scopes expiresAt parentKey { id: databaseId } } } }'
