import { getOperationAST, parse } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nameOf } from '../../../src/api/graphql/operation-name.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

test.each([
  ['{ users { totalCount } }', 'users'],
  ['query Mine { a: users { totalCount } b: users { totalCount } __typename }', 'users'],
  ['{ users { totalCount } groups { totalCount } }', 'several'],
  ['{ ...F } fragment F on Query { ... { viewer { user { userid } } } ...F }', 'viewer'],
  ['mutation { disableUser(input: {}) { user { userid } } }', 'disableUser'],
  ['{ __schema { types { name } } }', 'introspection'],
])('%s is named %s', (text, name) => {
  const document = parse(text)
  expect(nameOf(document, getOperationAST(document)!)).toBe(name)
})

let app: TestApp
beforeAll(async () => {
  app = await bootApp({ logged: true, env: { LOG_LEVEL: 'info' } })
})
afterAll(() => app?.close())

test('the log names the operation and the actor, and nothing that the caller named', async () => {
  await app.graphql('query HostileName { hostileAlias: viewer { user { userid } } }')
  await app.graphql('query HostileName { hostileField { x } }')
  await app.graphql('query HostileName { viewer { user { userid } } }', undefined, 'rt_unknown')
  await fetch(`${app.url}/bim/rpc/user/current`, { headers: { authorization: `Bearer ${app.admin.token}` } })
  const lines = app.logged.filter(({ msg }) => msg === 'request').slice(-4)
  expect(lines.map(({ operation, actor }) => [operation, actor])).toEqual([
    ['viewer', 'bim/admin'],
    ['invalid', 'bim/admin'],
    ['POST /graphql', undefined],
    ['GET /bim/rpc/user/current', 'bim/admin'],
  ])
  expect(JSON.stringify(app.logged)).not.toContain('ostile')
})
