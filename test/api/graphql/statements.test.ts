// The number of SQL statements of an operation does not depend on how much there is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { bootApp } from '../../harness/app.ts'
import { operations, prepared, type Stage } from './operations.ts'
import { stockUp } from './stock.ts'

const FEW = 3
const MANY = 60
/** Answered without the store: a constant, and a refusal. */
const WITHOUT = ['iamTypes', 'syncIam']

/** It passes over whole tables, some rows at a time. */
const BY_WINDOWS = ['eraseUser']

const app = await bootApp({ smtp: true })
afterAll(() => app.close())

/** The statements of one request, beside the look-up of a credential that was not seen a moment ago and what the process does. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = []
  const stop = app.store.onStatement(text => sent.push(text))
  await work()
  stop()
  // Transactions open and close, connections are set up and uses of secrets are written, off the path of any request.
  return sent.filter(text => !/^\s*(BEGIN|COMMIT|SET )|SET last_used = greatest\(|AS "impersonatorUserid"/i.test(text))
}

/** Enough of a statement to tell it from the others, whatever the number of its values. */
const gist = (text: string): string =>
  text
    .replace(/^SELECT .*?(?=FROM)/s, 'SELECT … ')
    .replace(/VALUES .*/s, 'VALUES …')
    .replace(/\$\d+(,\s*\$\d+)*/g, '$')
    .replace(/\s+/g, ' ')
    .slice(0, 160)

async function measure(on: Stage): Promise<Map<string, string[]>> {
  const counted = new Map<string, string[]>()
  for (const entry of operations) {
    const { query, variables } = await prepared(entry, on)
    const token = (await entry.operation.as?.(on)) ?? app.admin.token
    let answer: Awaited<ReturnType<typeof app.graphql>> | undefined
    const sent = await statementsOf(async () => {
      answer = await app.graphql(query, variables, token)
    })
    expect(answer?.errors?.[0]?.extensions.code, `${entry.label}: ${JSON.stringify(answer?.errors)}`).toBe(
      entry.operation.refused,
    )
    counted.set(entry.label, sent)
  }
  return counted
}

test('every root field of the schema has its operation', () => {
  const schema = createSchema()
  for (const [kind, type] of [
    ['query', schema.getQueryType()!],
    ['mutation', schema.getMutationType()!],
  ] as const) {
    const named = operations.filter(operation => operation.kind === kind).map(({ name }) => name)
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(type.getFields()).toSorted())
  }
})

describe(`the same statements with ${MANY} of everything as with ${FEW}`, () => {
  let few: Map<string, string[]>
  let many: Map<string, string[]>
  beforeAll(async () => {
    few = await measure({ app, stock: await stockUp(app.store, FEW), n: FEW })
    many = await measure({ app, stock: await stockUp(app.store, MANY), n: MANY })
  }, 300_000)

  test.each(operations.map(({ label }) => label))('%s', label => {
    const [before, after] = [few.get(label)!, many.get(label)!]
    expect(before.length === 0, 'the operation reaches the store').toBe(WITHOUT.includes(label))
    const gists = (texts: readonly string[]) => (BY_WINDOWS.includes(label) ? [...new Set(texts.map(gist))] : texts.map(gist))
    expect(gists(after).toSorted()).toEqual(gists(before).toSorted())
  })
})

describe('at most', () => {
  const count = async (query: string, variables: object) => {
    const sent = await statementsOf(async () => {
      const { data, errors } = await app.graphql(query, variables)
      expect(errors).toBeUndefined()
      expect(JSON.stringify(data)).toMatch(/"groups":\{"nodes":\[\{.*"authorizations":\{"/)
    })
    return sent.length
  }

  test('4 statements: one user with profile, permissions, groups and attributes', async () => {
    const query = `query ($ref: UserRef!) { user(ref: $ref) {
      id: databaseId userid profile { name email } permissions groups { nodes { id: databaseId name } } authorizations } }`
    expect(await count(query, { ref: { name: { userid: 'stock1' } } })).toBeLessThanOrEqual(4)
  })

  test('3 statements: 25 users by partial name with groups and attributes', async () => {
    const query = `{ users(first: 25, filter: { name: "tock" }) { nodes {
      id: databaseId userid profile { name email } groups { nodes { id: databaseId name } } authorizations } } }`
    expect(await count(query, {})).toBeLessThanOrEqual(3)
  })
})
