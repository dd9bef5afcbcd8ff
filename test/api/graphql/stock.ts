// Fills a store with `n` of everything, tied to one another: what a list meets when an organisation grows.
import type { Store } from '../../../src/platform/database/store.ts'

export interface Stock {
  users: number[]
  groups: number[]
  projects: number[]
  dataSources: number[]
  domains: string[]
  iams: string[]
  /** A sync that is over. */
  sync: number
}

const SERIES = 'generate_series(1, $1::int) i'
const numbered = (table: string, where: string) =>
  `(SELECT id, row_number() OVER (ORDER BY id) AS i FROM ${table} WHERE ${where})`
const USERS = `${numbered('users', "iamid = 'bim' AND userid LIKE 'stock%'")} u`
const GROUPS = `${numbered('groups', "name LIKE 'stock%'")} g`
const PROJECTS = `${numbered('projects', "name LIKE 'Stock %'")} p`
const DOMAINS = `(SELECT id, row_number() OVER (ORDER BY name) AS i FROM domains WHERE name LIKE 'Stock %') d`
const SOURCES = `${numbered('data_sources', "name LIKE 'Stock %'")} s`
/** The first of each has all of the other, the rest two: an answer grows with `n`, not with its third power. */
const tied = (a: string, b: string) => `(${a}.i = 1 OR ${b}.i = 1 OR ${a}.i = ${b}.i)`

/** In the order in which each needs the ones before. All may run again with a greater number: what is there stays. */
const steps = [
  `INSERT INTO iams (id, display_name, type, default_permissions)
     SELECT 'stock' || i, 'Stock ' || i, 'ldap', ARRAY['IAM_RULE', 'IAM_RULE_' || i] FROM ${SERIES}`,
  `INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key, phone, preferences, external_user_ids)
     SELECT iamid, 'stock' || i, 'stock' || i, 'Stock ' || i, 'stock ' || i, 'stock' || i || '@' || iamid || '.example',
       'stock' || i || '@' || iamid || '.example', '+32 9 000 00 00', '{"theme": "dark"}', '{"presto": "p"}'
     FROM (SELECT 'bim' AS iamid, i FROM ${SERIES} UNION ALL SELECT 'stock' || i, i FROM ${SERIES}) every`,
  `INSERT INTO iams (id, display_name, type, config)
     VALUES ('informed', 'Informed', 'saml', '{"externalUserInfo": {"uri": "http://127.0.0.1:9/", "staleAfter": 60}}')`,
  `INSERT INTO users (iamid, userid, userid_key, name, name_key)
     SELECT 'informed', 'i' || i, 'i' || i, 'I ' || i, 'i ' || i FROM ${SERIES}`,
  `INSERT INTO user_info_answers (user_id, failed_at, failure) SELECT id, now(), 'No answer in time' FROM users WHERE iamid = 'informed'`,
  `INSERT INTO groups (iamid, name, name_key, description) SELECT 'bim', 'stock' || i, 'stock' || i, 'a crew' FROM ${SERIES}`,
  `INSERT INTO memberships (group_id, user_id) SELECT g.id, u.id FROM ${USERS}, ${GROUPS} WHERE ${tied('u', 'g')}`,
  `INSERT INTO users (iamid, userid, userid_key, name, name_key, kind, owner_user_id, owner_group_id)
     SELECT 'bim', 'robot' || u.i, 'robot' || u.i, 'Robot ' || u.i, 'robot ' || u.i, 'SERVICE',
       CASE WHEN u.i % 2 = 1 THEN u.id END, CASE WHEN u.i % 2 = 0 THEN g.id END FROM ${USERS} JOIN ${GROUPS} ON g.i = u.i`,
  `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission)
     SELECT 'bim', 'stock' || i, 'stock' || i, 'GROUP_RULE_' || i FROM ${SERIES}`,
  `INSERT INTO user_permissions (user_id, permission) SELECT u.id, 'HAND_RULE_' || i.i FROM ${USERS}, ${SERIES} WHERE ${tied('u', 'i')}`,
  `INSERT INTO user_attributes (user_id, key, key_key, value, source) SELECT u.id, 'Key ' || i.i, 'key ' || i.i, 'value ' || u.i, source
     FROM ${USERS}, ${SERIES}, (VALUES ('bim'), ('stock1')) sources(source) WHERE ${tied('u', 'i')}`,
  `INSERT INTO group_attributes (group_id, key, key_key, value) SELECT g.id, 'Key ' || i.i, 'key ' || i.i, 'value ' || g.i
     FROM ${GROUPS}, ${SERIES} WHERE ${tied('g', 'i')}`,
  `INSERT INTO projects (name, name_key, project_key) SELECT 'Stock ' || i, 'stock ' || i, 'stock_' || i FROM ${SERIES}`,
  `INSERT INTO project_members (project_id, user_id) SELECT p.id, u.id FROM ${PROJECTS}, ${USERS} WHERE ${tied('p', 'u')}`,
  `UPDATE users SET current_project_id = p.id FROM projects p WHERE p.name = 'Stock ' || substr(users.userid, 6) AND users.userid LIKE 'stock%'`,
  `INSERT INTO api_keys (user_id, name, prefix, hash, project_id)
     SELECT m.user_id, 'stock', 'rk_stock', sha256(convert_to(m.user_id || '/' || m.project_id, 'UTF8')), m.project_id
     FROM project_members m JOIN ${PROJECTS} ON p.id = m.project_id JOIN ${USERS} ON u.id = m.user_id`,
  `INSERT INTO tokens (user_id, api_key_id, project_id, prefix, hash, last_used, expires_at, ends_at, updated_at)
     SELECT k.user_id, k.id, k.project_id, 'rt_stock', k.hash, now(), now() + interval '1 hour', now() + interval '1 hour', now()
     FROM api_keys k WHERE k.name = 'stock'`,
  `INSERT INTO domains (name, name_key) SELECT 'Stock ' || i, 'stock ' || i FROM ${SERIES}`,
  `INSERT INTO domain_permissions (domain_id, permission, user_id)
     SELECT d.id, 'Manage Policies', u.id FROM ${DOMAINS}, ${USERS} WHERE ${tied('d', 'u')}`,
  `INSERT INTO domain_permissions (domain_id, permission, group_id)
     SELECT d.id, 'Audit Activity', g.id FROM ${DOMAINS}, ${GROUPS} WHERE ${tied('d', 'g')}`,
  `INSERT INTO data_sources (name, name_key) SELECT 'Stock ' || i, 'stock ' || i FROM ${SERIES}`,
  `INSERT INTO data_source_owners (data_source_id, user_id) SELECT s.id, u.id FROM ${SOURCES}, ${USERS} WHERE ${tied('s', 'u')}`,
  `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, actor_user_id, target_type, target_id, request_id)
     SELECT 'userUpdated', 'user:updateProfile', 'done', 'user', 'bim/stock', u.id, 'user', u.id::text, 'stock' FROM ${USERS}`,
  `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status, total, planned, applied)
     SELECT 'stock1', 'full', 'stock', false, 'finished', i, i, i FROM ${SERIES}`,
  `INSERT INTO sync_entries (run_id, kind, name, name_key, user_id, action, state)
     SELECT r.id, 'user', 'stock' || u.i, 'stock' || u.i, u.id, 'update', 'applied' FROM (SELECT min(id) AS id FROM sync_runs) r, ${USERS}`,
  `INSERT INTO exchanges (iamid, kind, at, request_id, asked, userid, userid_key, answer)
     SELECT 'bim', 'userinfo', now(), 'stock', 'ask', 'stock' || i, 'stock' || i, '{"groups": [{"name": "stock1"}]}' FROM ${SERIES}`,
]

export async function stockUp({ db }: Store, n: number): Promise<Stock> {
  for (const step of steps) {
    const text = step.startsWith('INSERT') ? `${step} ON CONFLICT DO NOTHING` : step
    await db.query(text, step.includes('$1') ? [n] : [])
  }
  const ids = async <Id>(from: string): Promise<Id[]> =>
    (await db.query<{ id: Id }>(`SELECT id FROM ${from} ORDER BY id`)).map(({ id }) => id)
  return {
    users: await ids(`users WHERE iamid = 'bim' AND userid LIKE 'stock%'`),
    groups: await ids(`groups WHERE name LIKE 'stock%'`),
    projects: await ids(`projects WHERE name LIKE 'Stock %'`),
    dataSources: await ids(`data_sources WHERE name LIKE 'Stock %'`),
    domains: await ids(`domains WHERE name LIKE 'Stock %'`),
    iams: await ids(`iams WHERE id LIKE 'stock%'`),
    sync: (await ids<number>('sync_runs'))[0]!,
  }
}
