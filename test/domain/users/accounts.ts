// What the tests of service accounts ask, and the accounts that they make.
import { make } from '../../api/graphql/make.ts'
import { asking, CREATE_KEY } from '../../authorization/asking.ts'
import type { Person, TestApp } from '../../harness/app.ts'

export const CREATE =
  'mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) { user { id: databaseId userid kind iamid permissions profile { name email about } owner { __typename ... on User { userid } ... on Group { name } } } } }'
export const UPDATE =
  'mutation ($input: UpdateServiceAccountInput!) { updateServiceAccount(input: $input) { user { id: databaseId permissions updatedAt profile { name about } owner { __typename ... on User { userid } ... on Group { name } } } } }'
export const LIST =
  'query ($filter: ServiceAccountFilter) { serviceAccounts(filter: $filter) { totalCount nodes { userid apiKeys { nodes { name } } owner { __typename } } } }'
export const ROTATE = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { secret apiKey { id: databaseId } } }'
export const DROP = 'mutation ($input: ApiKeyInput!) { deleteApiKey(input: $input) { revokedTokens } }'

export const ownedBy = (person: Person) => ({ user: { name: { userid: person.userid } } })

export function accounts(app: TestApp) {
  const on = { app }
  const asked = asking(app)
  const { codeOf, run, sql } = asked
  const admin = app.admin.token
  const robot = (person: Person, more: object = {}, token = person.token) =>
    make.serviceAccount(on, { owner: ownedBy(person), ...more }, token)
  const keyFor = (token: string, account: { id: number }, more: object = {}) =>
    run(token, CREATE_KEY, { input: { serviceAccount: { databaseId: account.id }, ...more } })
  const keyCode = (token: string, account: { id: number }, more: object = {}) =>
    codeOf(token, CREATE_KEY, { input: { serviceAccount: { databaseId: account.id }, ...more } })
  const messageOf = async (token: string, query: string, input: object): Promise<string> =>
    (await app.graphql(query, { input }, token)).errors?.[0]?.message ?? 'no error'
  const names = async (token: string, filter: object = {}): Promise<string[]> =>
    (await run(token, LIST, { filter })).nodes.map(({ userid }: { userid: string }) => userid)
  async function crewOf(...people: Person[]): Promise<number> {
    const crew = await make.group(on)
    for (const { id } of people) await make.member(on, crew, id)
    return crew
  }
  const lastEvent = async (event: string) => {
    const [row] = await sql<{ before: any; after: any; targetName: string }>(
      `SELECT before, after, target_name AS "targetName" FROM audit_events WHERE event = $1 ORDER BY id DESC LIMIT 1`,
      event,
    )
    return row!
  }
  return { on, ...asked, admin, robot, keyFor, keyCode, messageOf, names, crewOf, lastEvent }
}
