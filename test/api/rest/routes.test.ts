// The table of rows: complete, each with an action, on operations that fit the contract.
import { readFileSync } from 'node:fs'
import { buildSchema, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { routes } from '../../../src/api/rest/routes.ts'
import { policy } from '../../../src/authorization/policy.ts'
import { readMatrix } from '../../authorization/matrix.ts'
import { calls } from '../../contract/examples.ts'

/** Names of parameters tell nothing to a client. */
const form = (method: string, path: string) => `${method} ${path.replace(/\{\w+\}|:\w+/g, '*')}`
const served = routes.flatMap(row =>
  [row, ...row.aliases].flatMap(place => place.methods.map(method => form(method, place.path))),
)
const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))

/** Nobody comes in without a credential. */
const CLOSED = new Set(['required', 'basic'])

describe('Rows', () => {
  test.each(calls)('Rows: %s is served', call => {
    const [method = '', path = ''] = call.split(' ')
    expect(served).toContain(form(method, path))
  })

  test('Rows: every row of the matrix on /bim is served', () => {
    const own = readMatrix().filter(({ path }) => path.startsWith('/bim') || path.startsWith('/iam'))
    expect(own.length).toBeGreaterThan(36)
    expect(own.map(({ method, path }) => form(method, path)).filter(call => !served.includes(call))).toEqual([])
  })

  test.each([
    'POST /bim/iam/*/user/*/profile',
    'POST /bim/iam/*/user/*/permissions',
    'POST /bim/iam/*/*/*/authorizations/*/*',
    'PUT /bim/iam/*/*/*/authorizations/*',
    'POST /bim/iam/*/*/*/authorizations/*',
    'DELETE /bim/iam/*/*/*/authorizations/*',
    'PUT /bim/iam/*/*/*/authorizations',
    'POST /bim/iam/*/*/*/authorizations',
    'DELETE /bim/iam/*/authorizations/*',
    'GET /bim/iam/*/group/*',
    'PUT /bim/iam/*/user/*',
    'GET /bim/iam/*/user/authenticate',
    'POST /apikey',
    'POST /apikey/authenticate',
    'POST /apikey/impersonate',
    'DELETE /apikey/*',
  ])('Rows: the alias %s is served', call => {
    expect(served).toContain(call)
  })

  test('Rows: no place is served by two rows', () => {
    expect(served.filter((call, index) => served.indexOf(call) !== index)).toEqual([])
  })

  test.each(routes.map(row => [`${row.methods.join(' ')} ${row.path}`, row] as const))(
    'Rows: %s has an action of its kind, a sentence, and an operation that fits the contract',
    (_call, row) => {
      expect(policy).toHaveProperty([row.action])
      if (row.methods.includes('GET')) expect(policy[row.action].kind).toBe('read')
      expect(row.doc).toMatch(/^[A-Z].{5,}\.$|: .+/)
      if (row.document === undefined) return expect(row.action).toBe('session:start')
      expect(validate(schema, row.document)).toEqual([])
    },
  )

  test('Rows: only the log-ins look at no credential, and only they and impersonation run without one', () => {
    const open = routes.filter(row => !CLOSED.has(row.credential))
    expect(Object.fromEntries(open.map(row => [row.action, row.credential]))).toEqual({
      'session:start': 'none',
      'session:logIn': 'none',
      'apikey:authenticate': 'none',
      'apikey:impersonate': 'optional',
    })
    for (const row of routes) expect(CLOSED.has(row.credential), row.path).toBe(policy[row.action].who !== 'anyone')
  })

  test('Rows: a route names the owner of its record exactly where the policy has a rule for own records', () => {
    for (const row of routes) expect(row.owner !== undefined, row.path).toBe('self' in policy[row.action])
  })
})
