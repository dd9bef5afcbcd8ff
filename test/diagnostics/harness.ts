// What the tests of exchanges ask an administrator's GraphQL.
import { expect } from 'vitest'
import type { TestApp } from '../harness/app.ts'

const FIELDS = `id iamid kind at requestId operation userid resource request requestComplete response responseComplete status failure changesComplete
  changes { event targetType targetId targetName before after }`

export async function exchangesOf(app: TestApp, iamid: string, filter: object = {}, first = 50): Promise<any[]> {
  const { data, errors } = await app.graphql(
    `query ($iamid: String!, $filter: ExchangeFilter, $first: Int) { exchanges(iamid: $iamid, filter: $filter, first: $first) {
      nodes { ${FIELDS} } totalCount } }`,
    { iamid, filter, first },
  )
  expect(errors).toBeUndefined()
  return data.exchanges.nodes
}

export const replay = (app: TestApp, id: string, token?: string) =>
  app.graphql(
    `query ($id: ID!) { replayExchange(id: $id) { exchange { id } status body
      identity { user { userid } source before after groupsAdded groupsRemoved attributesAdded attributesRemoved rejected }
      changes { event targetName before after } } }`,
    { id },
    token,
  )

/** Rows that a dry run must leave as they are. */
export async function stock(app: TestApp) {
  const [counts] = await app.store.db.query<Record<string, unknown>>(
    `SELECT (SELECT json_agg(json_build_array(id, scim_id, name, disabled, disabled_by, scim, updated_at) ORDER BY id) FROM users) AS users,
      (SELECT json_agg(json_build_array(id, name, scim_version, updated_at) ORDER BY id) FROM groups) AS groups,
      (SELECT count(*)::int FROM memberships) AS memberships, (SELECT count(*)::int FROM user_attributes) AS attributes,
      (SELECT count(*)::int FROM api_keys) AS keys, (SELECT max(id)::int FROM audit_events) AS events`,
  )
  return counts
}
