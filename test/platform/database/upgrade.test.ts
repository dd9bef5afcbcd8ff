// A store of 0.1.0, with rows as that version wrote them, opened by this build: everybody and everything goes on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateSecret } from '../../../src/authorization/secret.ts'
import { openEmbedded } from '../../../src/platform/database/embedded.ts'
import { migrate, migrationsOf } from '../../../src/platform/database/migrate.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { serverUrl, testDatabase } from '../../harness/database.ts'

/** The last one of 0.1.0. */
const LAST = '20261122232300_scim_emails'
const former = migrationsOf().filter(({ name }) => name <= LAST)

const ends: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

const key = generateSecret('rk')
const scimKey = generateSecret('rs')
const PASSWORD = 'correct horse battery staple'

/** Statements of 0.1.0's own tables; ids by name, so that they need no order. */
async function fill(client: pg.ClientBase): Promise<void> {
  const password = await hash(PASSWORD, { memoryCost: 8, timeCost: 1 })
  await client.query(`
    INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key) VALUES
      ('bim', 'admin', 'admin', 'Admin', 'admin', NULL, ''),
      ('bim', 'Inês', 'inês', 'Inês Duarte', 'inês duarte', 'Ines@Example.org', 'ines@example.org');
    INSERT INTO user_permissions (user_id, permission) SELECT id, p FROM users, unnest(ARRAY['USER_ADMIN', 'AUDIT', 'APPLICATION_ADMIN']) p WHERE userid = 'admin';
    INSERT INTO groups (iamid, name, name_key) VALUES ('bim', 'Finance', 'finance');
    INSERT INTO memberships (group_id, user_id) SELECT g.id, u.id FROM groups g, users u WHERE u.userid = 'Inês';
    INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission) VALUES ('bim', 'Finance', 'finance', 'AUDIT');
    INSERT INTO group_attributes (group_id, key, key_key, value) SELECT id, 'Country', 'country', 'PT' FROM groups;
    INSERT INTO iams (id, display_name, type, config) VALUES ('harbour', 'Harbour', 'ldap', '{"scimEnabled": true}');
    INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status, finished_at) VALUES ('harbour', 'full', 'bim/admin', false, 'dropped', now());
    INSERT INTO sync_entries (run_id, kind, name, name_key, outcome, state) SELECT id, 'user', 'Ben', 'ben', 'import', 'planned' FROM sync_runs;
    INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, target_type, target_id, target_name, request_id)
      SELECT 'userCreated', 'user:create', 'done', 'user', 'bim/admin', 'user', id::text, 'bim/Inês', 'r1' FROM users WHERE userid = 'Inês';`)
  await client.query(
    `WITH made AS (INSERT INTO authentications (user_id, password_hash) SELECT id, $1 FROM users WHERE userid = 'admin' RETURNING id, user_id)
     UPDATE users u SET authentication_id = made.id FROM made WHERE u.id = made.user_id`,
    [password],
  )
  await client.query(
    `INSERT INTO api_keys (user_id, name, prefix, hash, scopes) SELECT id, 'terraform', $1, $2, '{user:list,user:read,iam:confirmSync}' FROM users WHERE userid = 'admin'`,
    [key.prefix, key.hash],
  )
  await client.query(`UPDATE iams SET scim_key_hash = $1, scim_key_prefix = $2 WHERE id = 'harbour'`, [
    scimKey.hash,
    scimKey.prefix,
  ])
}

async function formerStore(): Promise<{ databaseUrl: string | null; dataDir: string }> {
  if (!serverUrl) {
    const dataDir = mkdtempSync(join(tmpdir(), 'roster-upgrade-'))
    ends.push(() => rmSync(dataDir, { recursive: true, force: true }))
    const { pool, end } = await openEmbedded({ dataDir, warn() {}, lost() {} })
    const client = await pool.connect()
    await migrate(client, former, { shared: false })
    await fill(client)
    client.release()
    await end()
    return { databaseUrl: null, dataDir }
  }
  const { url, drop } = await testDatabase({ migrated: false })
  ends.push(drop)
  const client = new pg.Client(url)
  await client.connect()
  await migrate(client, former, { shared: true })
  await fill(client)
  await client.end()
  return { databaseUrl: url, dataDir: '' }
}

let app: TestApp
beforeAll(async () => {
  expect(former.at(-1)?.name).toBe(LAST)
  const place = await formerStore()
  // Its administrator signs in by the password of that time.
  app = await bootApp({ opens: () => openStore(place) })
  ends.push(() => app.close())
}, 120_000)

test('people are found, with permissions, groups and attributes and their why', async () => {
  const { data, errors } = await app.graphql(`{
    users(search: "ines", first: 5) { nodes { userid profile { email }
      permissionGrants { permission group { name } since }
      effectiveAttributes { key value group { name } }
      memberships(first: 5) { nodes { name addedBy group { name } } } } }
    groupMembers(ref: { name: { name: "finance" } }, first: 5) { nodes { name } }
  }`)
  expect(errors).toBeUndefined()
  expect(data.users.nodes).toMatchObject([
    {
      userid: 'Inês',
      profile: { email: 'Ines@Example.org' },
      permissionGrants: [{ permission: 'AUDIT', group: { name: 'Finance' }, since: null }],
      effectiveAttributes: [{ key: 'Country', value: 'PT', group: { name: 'Finance' } }],
      memberships: { nodes: [{ group: { name: 'Finance' } }] },
    },
  ])
  expect(data.groupMembers.nodes).toEqual([{ name: 'Inês Duarte' }])
})

test('API keys go on, their scopes under the names of today; so does the SCIM key', async () => {
  const { data } = await app.graphql('{ users(first: 5) { nodes { userid } } }', {}, key.secret)
  expect(data.users.nodes).toHaveLength(2)
  const { data: keys } = await app.graphql('{ apiKeys(first: 5) { nodes { name scopes } } }')
  expect(keys.apiKeys.nodes).toEqual([{ name: 'terraform', scopes: ['user:list', 'user:read', 'iam:approveSync'] }])
  const answer = await fetch(`${app.url}/scim/v2/harbour/Users`, { headers: { authorization: `Bearer ${scimKey.secret}` } })
  expect(answer.status).toBe(200)
})

test('syncs and audit events of that time are read under the names of today', async () => {
  const { data, errors } = await app.graphql(`{
    syncRuns(first: 5) { nodes { status entries(first: 5) { nodes { action state name } } } }
    auditEvents(first: 50, filter: { events: [userCreated] }) { nodes { event actor target { ... on User { userid } } } }
  }`)
  expect(errors).toBeUndefined()
  expect(data.syncRuns.nodes).toEqual([
    { status: 'CANCELLED', entries: { nodes: [{ action: 'CREATE', state: 'PLANNED', name: 'Ben' }] } },
  ])
  expect(data.auditEvents.nodes).toEqual([{ event: 'userCreated', actor: 'bim/admin', target: { userid: 'Inês' } }])
})

test('writes follow the names: a new name moves the member in the list of its group', async () => {
  const { errors } = await app.graphql(`mutation {
    updateProfile(input: { ref: { name: { userid: "Inês" } }, profile: { name: "Zoë" } }) { user { id } }
  }`)
  expect(errors).toBeUndefined()
  const { data } = await app.graphql('{ groupMembers(ref: { name: { name: "Finance" } }, first: 5) { nodes { name } } }')
  expect(data.groupMembers.nodes).toEqual([{ name: 'Zoë' }])
})
