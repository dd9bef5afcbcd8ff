// What hostile documents and variables may not do: end in a 5xx, take the planner's time, or tell more than they should.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

async function send(body: object) {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: app.admin.token },
    body: JSON.stringify(body),
  })
  return { status: response.status, ...((await response.json()) as { errors?: any[]; data?: any }) }
}

test('a variable that must not be null is refused as input', async () => {
  const answer = await send({ query: 'query($ref: UserRef!) { user(ref: $ref) { id: databaseId } }', variables: { ref: null } })
  expect(answer.status).toBe(200)
  expect(answer.errors![0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'ref' } })
})

test('an operation name that the document does not have is a 400', async () => {
  const answer = await send({ query: 'query A { viewer { can } }', operationName: 'B' })
  expect(answer.status).toBe(400)
  expect(answer.errors![0].extensions.code).toBe('OPERATION_RESOLUTION_FAILURE')
})

test('fragments that multiply are refused', async () => {
  const fragments = Array.from({ length: 40 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`)
  const answer = await send({ query: `{ ...f0 } ${fragments.join(' ')} fragment f40 on Query { __typename }` })
  expect(answer.errors![0].extensions.code).toBe('BAD_USER_INPUT')
})

test('documents are not kept for callers', async () => {
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } }
  const answer = await send({ query: '{ viewer { can } }', extensions })
  expect(answer.errors?.[0].extensions.code ?? 'answered').not.toBe('INTERNAL_SERVER_ERROR')
  const asked = await send({ extensions })
  expect(asked.errors![0].extensions.code).toBe('PERSISTED_QUERY_NOT_SUPPORTED')
})

test('a filter by many attributes finds who holds them all, and its statement does not grow with them', async () => {
  const people = [await app.as([]), await app.as([])]
  const key = (n: number) => `hostile ${n}`
  for (const [index, person] of people.entries()) {
    const attributes = Object.fromEntries(Array.from({ length: 1000 - index }, (_, n) => [key(n), ['a', 'b']]))
    const changed = await app.graphql(
      'mutation($input: ReplaceAttributesInput!) { replaceAttributes(input: $input) { owner { __typename } } }',
      { input: { owner: { user: { databaseId: person.id } }, attributes } },
    )
    expect(changed.errors).toBeUndefined()
  }
  const statements: string[] = []
  const stop = app.store.onStatement(text => statements.push(text))
  const find = async (attributes: object[]) => {
    const { data, errors } = await app.graphql(
      'query($filter: UserFilter) { users(filter: $filter) { nodes { id: databaseId } } }',
      {
        filter: { attributes },
      },
    )
    expect(errors).toBeUndefined()
    return data.users.nodes.map((user: { id: number }) => user.id).sort((a: number, b: number) => a - b)
  }
  const ids = people.map(person => person.id)
  const all = Array.from({ length: 1000 }, (_, n) => ({ key: key(n).toUpperCase(), ...(n % 2 === 0 ? { value: 'b' } : {}) }))
  expect(await find(all)).toEqual([ids[0]])
  expect(await find(all.slice(0, 999))).toEqual(ids)
  expect(await find([...all.slice(0, 10), { key: key(3), value: 'c' }])).toEqual([])
  expect(await find(all.slice(0, 3))).toEqual(ids)
  expect(await find(Array(1000).fill(all[0]))).toEqual(ids)
  stop?.()
  expect(Math.max(...statements.map(text => text.length))).toBeLessThan(6_000)
})

test('a made-up cursor is refused as input, a real one pages on', async () => {
  const page = (after: string | null, field: string) =>
    app.graphql(
      'query($after: String, $field: UserSortField!) { users(first: 1, after: $after, sort: { field: $field }) { nodes { id: databaseId } pageInfo { endCursor } } }',
      { after, field },
    )
  const times = ['2024-99-99', '2024-13-45 99:99:99+00', '9999-12-31 23:59:59-01', '0000-01-01 00:00:00+00', '2024-01-01----']
  for (const [name, field] of [
    ['createdAt', 'CREATED_AT'],
    ['lastLogin', 'LAST_LOGIN'],
  ] as const)
    for (const time of times) {
      const forged = Buffer.from(JSON.stringify([name, 0, time, '1'])).toString('base64url')
      expect((await page(forged, field)).errors![0].extensions, time).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' })
    }
  await app.as([])
  for (const field of ['CREATED_AT', 'LAST_LOGIN', 'NAME']) {
    const first = (await page(null, field)).data.users
    const second = (await page(first.pageInfo.endCursor, field)).data.users
    expect(second.nodes[0].id).not.toBe(first.nodes[0].id)
  }
})

test('a time beyond the year 9999 is refused, also by its offset', async () => {
  const answer = await app.graphql(
    'mutation { createApiKey(input: { name: "late", expiresAt: "9999-12-31T23:59:59-23:59" }) { apiKey { id: databaseId } } }',
  )
  expect(answer.errors![0].message).toContain('DateTime must be')
})
