// No statement that takes a list looks through all it has for each entry, whatever was planned before and however long the list is: each
// node of its plan passes over about as many rows as there are in the tables and the list together, not over their product.
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { nodesOf, type PlanNode, type Sent } from '../../harness/plans.ts'
import { calls, type Stocked } from './plans.calls.ts'

/** Of each: their product is far beyond what the largest table, of 3 × as many rows, takes. */
const MANY = 1_500
const LARGEST = 20 * MANY
/** As long as a list is for which a plan is kept. */
const FEW = 100

let store: Store
let stocked: Stocked
beforeAll(async () => {
  store = await testStore()
  stocked = await stock(store.db)
  // What autovacuum does on a server, and statistics.ts on the embedded store, once a table has grown enough.
  await store.db.query('ANALYZE')
}, 120_000)
afterAll(() => store.close())

async function stock(db: Db): Promise<Stocked> {
  const made = async <Id>(text: string, values: readonly unknown[] = [MANY]) =>
    (await db.query<{ id: Id }>(`${text} RETURNING id`, values)).map(({ id }) => id)
  const series = 'generate_series(1, $1::int) i'
  await db.query(`INSERT INTO iams (id, display_name, type) VALUES ('stock', 'Stock', 'ldap')`)
  const users = await made<number>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, scim_id)
     SELECT 'stock', 'u' || i, 'u' || i, 'N' || i, 'n' || i, gen_random_uuid() FROM ${series}`,
  )
  const groups = await made<number>(
    `INSERT INTO groups (iamid, name, name_key, scimid) SELECT 'stock', 'g' || i, 'g' || i, gen_random_uuid()::text FROM ${series}`,
  )
  const big = groups[0]!
  const memberships = await made<number>(
    `INSERT INTO memberships (user_id, group_id, sources) SELECT u, $2::int, '{stock}' FROM unnest($1::int[]) u`,
    [users, big],
  )
  await db.query(
    `INSERT INTO memberships (user_id, group_id, sources) SELECT u, g, '{stock}' FROM unnest($1::int[]) WITH ORDINALITY u(u, n)
       JOIN unnest($2::int[]) WITH ORDINALITY g(g, m) ON g.m = u.n % 200 + 2 OR g.m = u.n % 700 + 300`,
    [users, groups],
  )
  const attributes = await made<number>(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source) SELECT u, 'k' || u % 50, 'k' || u % 50, 'v', 'stock' FROM unnest($1::int[]) u`,
    [users],
  )
  await db.query(`INSERT INTO user_permissions (user_id, permission) SELECT u, 'AUDIT' FROM unnest($1::int[]) u`, [users])
  await db.query(
    `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission) SELECT 'stock', 'g' || i, 'g' || i, 'GOVERNANCE' FROM generate_series(2, 20) i`,
  )
  const [run] = await made<number>(
    `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status, total, planned, applied) VALUES ('stock', 'full', 's', false, 'applying', $1, 0, 0)`,
  )
  const entries = await made<number>(
    `INSERT INTO sync_entries (run_id, kind, name, name_key, user_id, action, state)
     SELECT $2::int, 'user', 'u' || n, 'u' || n, u, 'update', 'planned' FROM unnest($1::int[]) WITH ORDINALITY u(u, n)`,
    [users, run],
  )
  const domains = await made<string>(`INSERT INTO domains (name, name_key) SELECT 'd' || i, 'd' || i FROM ${series}`)
  await db.query(
    `INSERT INTO domain_permissions (domain_id, permission, user_id) SELECT d, 'p', u FROM unnest($1::uuid[], $2::int[]) x(d, u)`,
    [domains, users],
  )
  const [project] = await made<number>(`INSERT INTO projects (name, name_key, project_key) VALUES ('p', 'p', 'p' || $1::int)`)
  await db.query(`INSERT INTO project_members (project_id, user_id) SELECT $2::int, u FROM unnest($1::int[]) u`, [
    users.slice(MANY / 2),
    project,
  ])
  const [source] = await made<number>(`INSERT INTO data_sources (name, name_key) VALUES ('s' || $1::int, 's')`)
  await db.query(`INSERT INTO data_source_owners (data_source_id, user_id) SELECT $2::int, u FROM unnest($1::int[]) u`, [
    users.slice(MANY / 2),
    source,
  ])
  await db.query(
    `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, actor_user_id, target_type, target_id, request_id)
     SELECT 'userUpdated', 'user:updateProfile', 'done', 'user', 'stock', u, 'user', u::text, 'stock' FROM unnest($1::int[]) u`,
    [users],
  )
  const rows = await db.query<{ id: string }>(`SELECT scim_id::text AS id FROM users WHERE iamid = 'stock' ORDER BY id`)
  const scimIds = rows.map(({ id }) => id)
  return { users, scimIds, groups, memberships, attributes, entries, domains, project: project!, source: source!, run: run!, big }
}

const shortened = (on: Stocked, length: number): Stocked =>
  Object.fromEntries(
    Object.entries(on).map(([name, value]) => [name, Array.isArray(value) ? value.slice(0, length) : value]),
  ) as unknown as Stocked

/** The nodes of a plan that pass over more rows than all there are: their loops times what each reads or throws away. */
function wasteful(plan: PlanNode): string[] {
  return nodesOf(plan).flatMap(node => {
    const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)
    const rows = Math.round((node['Actual Loops'] ?? 0) * each)
    return rows > LARGEST ? [`${node['Node Type']} on ${node['Relation Name'] ?? node['CTE Name'] ?? '?'}: ${rows} rows`] : []
  })
}

const EXPLAIN = 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)'
type Explained = { 'QUERY PLAN': { Plan: PlanNode }[] }
const undone = new Error('undone')
async function undo(work: (db: Db) => Promise<void>): Promise<void> {
  await store.transaction(db => work(db).then(() => Promise.reject(undone))).catch(error => expect(error).toBe(undone))
}

/** Runs each statement of the call as EXPLAIN ANALYZE first and undoes that, then as it is; answers what is wasteful. */
async function explained(
  call: (db: Db, on: Stocked) => Promise<unknown>,
  on: Stocked,
  explain: (db: Db, sent: Sent) => Promise<PlanNode>,
) {
  const found: string[] = []
  await undo(async db => {
    let lists = 0
    // Statements that are sent together are explained one after the other.
    let before: Promise<unknown> = Promise.resolve()
    const watched: Db = {
      ...db,
      // Each entry is in one statement: the pieces of the embedded store would hide what a server does.
      rowsAtOnce: Number.POSITIVE_INFINITY,
      query(text, values = [], options) {
        const work = before.then(() => one(text, values, options))
        before = work.catch(() => {})
        return work as never
      },
    }
    const one: Db['query'] = async (text, values = [], options) => {
      if (values.some(Array.isArray) || /jsonb_to_recordset/.test(text)) {
        lists++
        await db.query('SAVEPOINT explained')
        const plan = await explain(db, { text, values })
        await db.query('ROLLBACK TO SAVEPOINT explained')
        found.push(...wasteful(plan).map(node => `${node} in ${text.slice(0, 300)}`))
      }
      return db.query(text, values, options)
    }
    await call(watched, on)
    expect(lists, 'statements with a list').toBeGreaterThan(0)
  })
  return found
}

const planned = async (db: Db, { text, values }: Sent) => {
  const [row] = await db.query<Explained>(`${EXPLAIN} ${text}`, values, { fresh: true })
  return row!['QUERY PLAN'][0]!.Plan
}

const plain = (value: unknown): string => {
  if (value instanceof Date) return value.toISOString()
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}
const quoted = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL'
  const inner = (item: unknown) => (item === null ? 'NULL' : `"${plain(item).replace(/["\\]/g, '\\$&')}"`)
  const text = Array.isArray(value) ? `{${value.map(inner).join(',')}}` : plain(value)
  return `'${text.replace(/'/g, "''")}'`
}

/** The plan that is kept for a text after it ran a few times: one for any values. */
const kept = async (db: Db, { text, values }: Sent) => {
  await db.query('SET LOCAL plan_cache_mode = force_generic_plan')
  // What an earlier failure left: prepared statements outlive their transaction.
  await db.query(
    `DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_prepared_statements WHERE name = 'kept') THEN DEALLOCATE kept; END IF; END $$`,
  )
  await db.query(`PREPARE kept AS ${text}`, [], { fresh: true })
  const given = values.length > 0 ? `(${values.map(quoted).join(', ')})` : ''
  const [row] = await db.query<Explained>(`${EXPLAIN} EXECUTE kept${given}`, [], { fresh: true })
  await db.query('DEALLOCATE kept')
  await db.query('SET LOCAL plan_cache_mode = auto')
  return row!['QUERY PLAN'][0]!.Plan
}

test('every store function that takes a list is here', () => {
  const pattern = String.raw`ANY\(([$?]|\$\{)|unnest\([$?]|jsonb_to_recordset`
  const files = execFileSync('grep', ['-rlE', '--include=*.ts', '--exclude-dir=generated', pattern, 'src'])
    .toString()
    .trim()
    .split('\n')
  // Hanging lists are read through their loaders, lists of the API by their filters, which are bounded and planned each time.
  const others = [
    'src/platform/database/nested-list.ts',
    // Rows by their ids, at most a hundred.
    'src/platform/database/pagination.ts',
    // Table names.
    'src/platform/database/statistics.ts',
    'src/domain/audit/audit.query.store.ts',
    'src/sync/runs.store.ts',
    'src/domain/credentials/credentials.store.ts',
    // Names of a schema, in pages of its own.
    'src/scim/resources/schema-usage.store.ts',
  ]
  expect(files.filter(file => !others.includes(file)).toSorted()).toEqual(Object.keys(calls).toSorted())
})

test('the check finds a product of two lists', async () => {
  const text = `WITH a AS MATERIALIZED (SELECT unnest($1::int[]) AS x), b AS MATERIALIZED (SELECT unnest($1::int[]) AS x)
    SELECT count(*) FROM a JOIN b ON a.x = b.x`
  const found = await explained(
    db => db.query(text, [stocked.users]),
    stocked,
    async (db, sent) => {
      await db.query('SET LOCAL enable_hashjoin = off')
      await db.query('SET LOCAL enable_mergejoin = off')
      return planned(db, sent)
    },
  )
  expect(found).not.toEqual([])
})

describe.each(Object.keys(calls))('%s', file => {
  // What the calls before have written and undone would count as rows.
  beforeEach(async () => void (await store.statement('VACUUM ANALYZE', [])))
  test.each(Object.keys(calls[file]!))('%s', async name => {
    const call = calls[file]![name]!
    expect(await explained(call, stocked, planned), `planned for ${MANY} entries`).toEqual([])
    const few = shortened(stocked, FEW)
    expect(await explained(call, few, kept), `a plan that was kept, with ${FEW} entries`).toEqual([])
    // As in use: what ran ten times is planned no worse than what ran once.
    for (let run = 0; run < 10; run++) await undo(async db => void (await call(db, few)))
    expect(await explained(call, stocked, planned), 'planned once more').toEqual([])
  })
})
