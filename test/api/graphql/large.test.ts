// Large answers are made a few at a time; none is lost, and the places are given back however an operation ends.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const LARGE =
  '{ users(first: 10000) { nodes { id: databaseId userid iamid disabled createdAt permissions profile { name email phone } } } }'
const REFUSED =
  '{ users(first: 10000) { nodes { id: databaseId } } groups(first: 10000, filter: { userId: "VXNlcjox" }) { nodes { id: databaseId name } } auditEvents(first: 10000, after: "x") { nodes { id event } } }'

test('many at once, some of which fail, are all answered', async () => {
  const person = await app.as([])
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? app.graphql(REFUSED, {}, person.token) : app.graphql(LARGE))),
  )
  for (const [n, answer] of answers.entries()) {
    expect(answer.extensions.cost).toBeGreaterThan(n % 3 === 0 ? 20_000 : 100_000)
    if (n % 3 === 0) expect(answer.errors?.length).toBeGreaterThan(0)
    else expect(answer.data.users.nodes.length).toBeGreaterThan(1)
  }
})

test('and by REST', async () => {
  const headers = { authorization: `Bearer ${app.admin.token}` }
  const answers = await Promise.all(Array.from({ length: 6 }, () => fetch(`${app.url}/bim/user?size=10000`, { headers })))
  expect(answers.map(answer => answer.status)).toEqual([200, 200, 200, 200, 200, 200])
})
