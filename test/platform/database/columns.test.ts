// Every column map (src/platform/database/columns.ts) beside what PostgreSQL says of the same columns: type, and whether NULL may come.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DRIFT_COLUMNS } from '../../../src/diagnostics/drift.store.ts'
import { ATTRIBUTE_VALUE_COLUMNS, HOLDERS } from '../../../src/domain/attributes/attribute.keys.store.ts'
import { ATTRIBUTE_COLUMNS } from '../../../src/domain/attributes/attribute.ts'
import { AUDIT_EVENT_COLUMNS } from '../../../src/domain/audit/audit.record.ts'
import { API_KEY_COLUMNS, TOKEN_COLUMNS } from '../../../src/domain/credentials/credential.ts'
import { GROUP_COLUMNS, MEMBERSHIP_COLUMNS } from '../../../src/domain/groups/group.ts'
import { GROUP_NAME_COLUMNS } from '../../../src/domain/groups/groups.search.ts'
import { GROUP_PERMISSION_COLUMNS, IAM_COLUMNS, SCIM_KEY_COLUMNS } from '../../../src/domain/iams/iam.ts'
import { iamExtras } from '../../../src/domain/iams/iams.store.ts'
import {
  DATA_SOURCE_COLUMNS,
  DOMAIN_COLUMNS,
  DOMAIN_PERMISSION_COLUMNS,
  PROJECT_COLUMNS,
} from '../../../src/domain/projects/project.ts'
import { PERMISSION_RULE_COLUMNS } from '../../../src/domain/users/permission.ts'
import { GRANT_COLUMNS, GRANT_ORIGIN_COLUMNS, USER_COLUMNS } from '../../../src/domain/users/user.ts'
import { EXCHANGE_COLUMNS } from '../../../src/federation/exchanges/exchange.ts'
import { type Columns, cellsOf, selectList, time } from '../../../src/platform/database/columns.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { SCIM_GROUP_COLUMNS } from '../../../src/scim/resources/group.ts'
import { SCIM_USER_COLUMNS } from '../../../src/scim/resources/user.ts'
import { ENTRY_COLUMNS, RUN_COLUMNS } from '../../../src/sync/run.ts'
import { runExtras } from '../../../src/sync/runs.store.ts'
import { testStore } from '../../harness/database.ts'

/** Each map with what stands after FROM where its columns are read. */
const MAPS: Record<string, readonly [columns: Columns, from: string]> = {
  USER_COLUMNS: [USER_COLUMNS, 'users u'],
  GRANT_COLUMNS: [GRANT_COLUMNS, 'effective_permissions e'],
  PERMISSION_RULE_COLUMNS: [PERMISSION_RULE_COLUMNS, '(SELECT iamid, NULL AS group_name FROM iam_group_permissions) r'],
  GRANT_ORIGIN_COLUMNS: [GRANT_ORIGIN_COLUMNS, 'effective_permissions e'],
  GROUP_COLUMNS: [GROUP_COLUMNS, 'groups g'],
  GROUP_NAME_COLUMNS: [GROUP_NAME_COLUMNS, 'groups n'],
  MEMBERSHIP_COLUMNS: [MEMBERSHIP_COLUMNS, 'memberships m JOIN users u ON u.id = m.user_id'],
  ATTRIBUTE_COLUMNS: [ATTRIBUTE_COLUMNS, 'user_attributes a'],
  ATTRIBUTE_VALUE_COLUMNS: [ATTRIBUTE_VALUE_COLUMNS, 'group_attributes v'],
  HOLDERS: [HOLDERS, `(SELECT v.key_key AS "keyKey", v.value FROM user_attributes v) page`],
  IAM_COLUMNS: [IAM_COLUMNS, 'iams i'],
  iamExtras: [iamExtras('i.id', 'jsonb_each(i.secrets) s'), 'iams i'],
  GROUP_PERMISSION_COLUMNS: [GROUP_PERMISSION_COLUMNS, 'iam_group_permissions r'],
  SCIM_KEY_COLUMNS: [SCIM_KEY_COLUMNS, 'scim_keys k'],
  API_KEY_COLUMNS: [API_KEY_COLUMNS, 'api_keys k'],
  TOKEN_COLUMNS: [TOKEN_COLUMNS, 'tokens t JOIN users u ON u.id = t.user_id LEFT JOIN users p ON p.id = t.impersonator_id'],
  PROJECT_COLUMNS: [PROJECT_COLUMNS, 'projects p'],
  DOMAIN_COLUMNS: [DOMAIN_COLUMNS, 'domains d'],
  DOMAIN_PERMISSION_COLUMNS: [DOMAIN_PERMISSION_COLUMNS, 'domain_permissions p LEFT JOIN users h ON h.id = p.user_id'],
  DATA_SOURCE_COLUMNS: [DATA_SOURCE_COLUMNS, 'data_sources s'],
  AUDIT_EVENT_COLUMNS: [AUDIT_EVENT_COLUMNS, 'audit_events e'],
  EXCHANGE_COLUMNS: [EXCHANGE_COLUMNS, 'exchanges e'],
  RUN_COLUMNS: [RUN_COLUMNS, 'sync_runs r'],
  runExtras: [runExtras('r.iamid'), 'sync_runs r'],
  ENTRY_COLUMNS: [ENTRY_COLUMNS, 'sync_entries e'],
  DRIFT_COLUMNS: [DRIFT_COLUMNS, 'users u LEFT JOIN user_info_answers a ON a.user_id = u.id CROSS JOIN (SELECT now() AS now) x'],
  SCIM_USER_COLUMNS: [SCIM_USER_COLUMNS, 'users u'],
  SCIM_GROUP_COLUMNS: [SCIM_GROUP_COLUMNS, 'groups g'],
}

/** Maps whose rows are chosen by a condition under which these columns are not NULL. */
const NEVER_NULL: Record<string, readonly string[]> = { SCIM_GROUP_COLUMNS: ['scimid'] }

let store: Store
let types: Map<number, string>
let notNull: Set<string>
beforeAll(async () => {
  store = await testStore()
  const all = await store.db.query<{ oid: number; typname: string }>('SELECT oid::int4, typname::text FROM pg_type')
  types = new Map(all.map(({ oid, typname }) => [oid, typname]))
  const columns = await store.db.query<{ key: string }>(
    `SELECT attrelid::int4 || '.' || attnum AS key FROM pg_attribute WHERE attnum > 0 AND attnotnull`,
  )
  notNull = new Set(columns.map(({ key }) => key))
})
afterAll(() => store.close())

test.each(Object.entries(MAPS))('%s is as PostgreSQL describes it', async (name, [columns, from]) => {
  const text = `SELECT ${selectList(columns)} FROM ${from} LIMIT 0`.replaceAll('$2::timestamptz', 'x.now')
  const { fields } = (await store.statement(text, [])) as unknown as pg.QueryResult
  const outer = [...from.matchAll(/LEFT JOIN \w+ (\w+)/g)].map(([, alias]) => `${alias}.`)
  const described = fields.map(({ name: column, dataTypeID, tableID, columnID }) => {
    const declared = columns[column]!
    const isKnown = tableID !== 0 && !from.startsWith('effective') && !NEVER_NULL[name]?.includes(column)
    const isOuter = outer.some(alias => declared.sql.startsWith(alias))
    const nullable = isKnown ? isOuter || !notNull.has(`${tableID}.${columnID}`) : declared.nullable
    return [column, { type: types.get(dataTypeID), nullable }]
  })
  const declared = Object.entries(columns).map(([column, { type, nullable }]) => [column, { type, nullable }])
  expect(Object.fromEntries(described)).toEqual(Object.fromEntries(declared))
})

test('every map is compared', () => {
  const src = new URL('../../../src/', import.meta.url).pathname
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'))
  const names = files.flatMap(path =>
    [...readFileSync(join(src, path), 'utf8').matchAll(/^export const (\w+_COLUMNS|HOLDERS|\w+Extras)\b/gm)].map(
      ([, name]) => name!,
    ),
  )
  expect(names.filter(name => name !== 'SOURCE_ID_COLUMNS').toSorted()).toEqual(Object.keys(MAPS).toSorted())
})

test('a time in a JSON array is that of the row, also between two milliseconds', async () => {
  const columns = { at: time('x.at') }
  for (const at of ['2026-11-30 23:59:59.999999+00', '2026-11-30 12:00:00.1236+00', '1969-12-31 23:59:59.9996+00']) {
    const cells = cellsOf(columns)
    const from = 'FROM (SELECT $1::timestamptz AS at) x'
    const [row] = await store.db.query<{ at: Date }>(`SELECT ${selectList(columns)} ${from}`, [at])
    const [array] = await store.db.query<{ found: unknown[] }>(`SELECT json_build_array(${cells.sql}) AS found ${from}`, [at])
    expect(cells.read(array!.found, 0, {})).toEqual(row)
  }
})
