// The codes of errors are one catalogue, and the GraphQL guide prints it.
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/platform/errors.ts'
import { readPage } from './shell.ts'

test('docs/guides/graphql.md has every code with its status', () => {
  const rows = [...readPage('docs/guides/graphql.md').matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ])
  const ofGraphql = ['BAD_REQUEST']
  expect(Object.fromEntries(rows.filter(([code]) => !ofGraphql.includes(String(code))))).toEqual(
    Object.fromEntries(Object.entries(ERROR_CODES).map(([code, { status }]) => [code, status])),
  )
})
