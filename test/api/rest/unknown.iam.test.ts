// Whatever names a user or a group of an IAM that does not exist says that there is no such IAM; a log-in does not.
import { type GraphQLInputType, getNamedType, isInputObjectType, isListType, isNonNullType, isScalarType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { routes } from '../../../src/api/rest/routes.ts'
import { send } from '../../contract/client.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { operations, prepared, type Stage } from '../graphql/operations.ts'
import { stockUp } from '../graphql/stock.ts'

let app: TestApp
let stage: Stage
beforeAll(async () => {
  app = await bootApp({ smtp: true })
  stage = { app, stock: await stockUp(app.store, 2), n: 2 }
}, 120_000)
afterAll(() => app?.close())

const MESSAGE = 'No IAM nowhere'

/** What fills the parameters of a path, and a body that each action takes. */
const VALUES: Record<string, string> = { iamid: 'nowhere', modelType: 'user', groupId: '1', disable: 'true', permission: 'AUDIT' }
const BODIES: Record<string, object> = {
  'user:setPassword': { password: 'another password' },
  'user:setPermissions': { permissions: ['AUDIT'] },
  'session:logIn': { username: 'somebody', password: 'a password' },
}
const places = routes
  .flatMap(row => [row, ...row.aliases].flatMap(place => place.methods.map(method => ({ row, method, path: place.path }))))
  .filter(({ path }) => path.includes(':iamid'))

test.each(places.map(place => [place.method, place.path, place] as const))('%s %s', async (method, path, { row }) => {
  const body = BODIES[row.action] ?? (row.payload ? {} : undefined)
  const filled = path.replace(/:(\w+)/g, (_, name: string) => VALUES[name] ?? 'somebody')
  const answer = await send<{ message: string }>(app.url, method, filled, { token: app.admin.token, json: body })
  if (row.action === 'session:logIn') {
    expect(answer.status).toBe(401)
    expect(answer.body.message).not.toContain('nowhere')
    const inBim = await send<{ message: string }>(app.url, method, filled.replace('nowhere', 'bim'), { json: body })
    return expect(answer.body).toEqual(inBim.body)
  }
  expect([answer.status, answer.body.message]).toEqual([404, MESSAGE])
})

test('POST /bim/group/:groupId/user with the IAM in the body', async () => {
  const json = { userid: 'somebody', iamid: 'nowhere' }
  const { status, body } = await send<{ message: string }>(app.url, 'POST', `/bim/group/${stage.stock.groups[0]}/user`, {
    token: app.admin.token,
    json,
  })
  expect([status, body.message]).toEqual([404, MESSAGE])
})

const schema = createSchema()
const inputOf = (name: string) => schema.getType(name) as GraphQLInputType

/** The same value with every user and group in an IAM that does not exist; `found` counts them. */
function elsewhere(type: GraphQLInputType, value: unknown, found: { count: number }): unknown {
  if (value == null || isScalarType(getNamedType(type))) return value
  if (isNonNullType(type)) return elsewhere(type.ofType, value, found)
  if (isListType(type)) return (value as unknown[]).map(entry => elsewhere(type.ofType, entry, found))
  if (!isInputObjectType(type)) return value
  if (type.name === 'UserRef' || type.name === 'GroupRef') {
    found.count++
    return type.name === 'UserRef'
      ? { name: { iamid: 'nowhere', userid: 'somebody' } }
      : { inIam: { databaseId: 1, iamid: 'nowhere' } }
  }
  const fields = type.getFields()
  return Object.fromEntries(
    Object.entries(value as object).map(([name, entry]) => [name, elsewhere(fields[name]!.type, entry, found)]),
  )
}

describe('GraphQL', () => {
  const named = operations.filter(({ operation }) => operation.input !== undefined)
  test.each(named.map(operation => [operation.label, operation] as const))('%s', async (label, operation) => {
    const { query, variables } = await prepared(operation, stage)
    const found = { count: 0 }
    const changed = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        name === 'n' ? value : elsewhere(inputOf(operation.operation.input!), value, found),
      ]),
    )
    if (found.count === 0) return
    const { errors } = await app.graphql(query, changed)
    // Clones are made of users of bim, whatever IAM is named.
    const message = label === 'cloneUser' ? 'No user "somebody" in bim' : MESSAGE
    expect(errors?.[0]?.message, JSON.stringify(changed)).toBe(message)
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND')
  })
})
