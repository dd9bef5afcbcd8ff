// The limit to compare with: node's HTTP server, which sends the JSON of one hand-written, prepared statement. No policy, no limits.
import http from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8, idleTimeoutMillis: 0 })

const PROFILE = `json_build_object('id', u.profile_id, 'name', u.name, 'email', u.email, 'phone', u.phone, 'location', u.location, 'organization', u.organization, 'preferences', u.preferences)`
const PERMISSIONS = `(SELECT coalesce(json_agg(p.permission ORDER BY p.id), '[]') FROM user_permissions p WHERE p.user_id = u.id)`
const ATTRIBUTES = `(SELECT coalesce(json_agg(json_build_object('key', a.key, 'value', a.value) ORDER BY a.id), '[]') FROM user_attributes a WHERE a.user_id = u.id)`
const groups = (columns: string, limit = '') =>
  `(SELECT coalesce(json_agg(json_build_object(${columns}) ORDER BY g.name_key, g.id), '[]')
      FROM (SELECT g.* FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id ${limit}) g)`

const ONE = `SELECT json_build_object('id', u.id, 'iamid', u.iamid, 'userid', u.userid, 'disabled', u.disabled, 'createdAt', u.created_at, 'profile', ${PROFILE},
    'permissions', ${PERMISSIONS}, 'groups', ${groups(`'id', g.id, 'name', g.name, 'description', g.description`)}, 'attributes', ${ATTRIBUTES})::text AS j
  FROM users u WHERE u.iamid = 'bim' AND u.userid_key = $1`

const MANY = `SELECT coalesce(json_agg(json_build_object('id', u.id, 'userid', u.userid, 'profile', json_build_object('email', u.email),
    'groups', ${groups(`'id', g.id, 'name', g.name`)}, 'attributes', ${ATTRIBUTES}) ORDER BY u.name_key, u.id), '[]')::text AS j
  FROM (SELECT * FROM users WHERE name_key LIKE $1 AND NOT disabled ORDER BY name_key, id LIMIT 25) u`

const MEMBERS = `(SELECT coalesce(json_agg(json_build_object('id', m.id, 'name', m.name)), '[]') FROM (
    SELECT s.id, w.name FROM memberships s JOIN users w ON w.id = s.user_id WHERE s.group_id = g.id ORDER BY s.user_name_key, s.id LIMIT 10) m)`
const NESTED = `SELECT coalesce(json_agg(json_build_object('id', u.id, 'userid', u.userid,
    'groups', ${groups(`'id', g.id, 'name', g.name, 'members', ${MEMBERS}`, 'ORDER BY g.name_key, g.id LIMIT 25')}) ORDER BY u.name_key, u.id), '[]')::text AS j
  FROM (SELECT * FROM users WHERE (name_key, id) > ($1, $2::int) AND NOT disabled ORDER BY name_key, id LIMIT 100) u`

const AUTHORIZATIONS = `(SELECT coalesce(json_object_agg(a.key, a.values), '{}') FROM (SELECT key, json_agg(value) AS values FROM user_attributes WHERE user_id = u.id GROUP BY key) a)`
const REST = `SELECT json_build_object('iamid', u.iamid, 'userid', u.userid, 'bimAuthorizations', a.a, 'iamAuthorizations', NULL, 'authorizations', a.a, 'permissions', ${PERMISSIONS},
    'hasLogin', u.authentication_id IS NOT NULL, 'systemGenerated', u.system_generated, 'lastLogin', u.last_login, 'lastExternalRefresh', coalesce(u.last_external_refresh, u.created_at),
    'disabled', u.disabled, 'updatedAt', u.updated_at, 'profile', json_build_object('id', u.profile_id, 'name', u.name, 'email', u.email, 'phone', u.phone, 'about', u.about,
    'location', u.location, 'organization', u.organization, 'position', u.position, 'externalUserIds', u.external_user_ids, 'scim', u.scim, 'systemGenerated', u.system_generated,
    'createdAt', u.profile_created_at, 'updatedAt', u.profile_updated_at, 'preferences', u.preferences))::text AS j
  FROM users u CROSS JOIN LATERAL (SELECT ${AUTHORIZATIONS} AS a) a WHERE u.iamid = 'bim' AND u.userid_key = $1`

const ADD = `WITH g AS (SELECT id, name FROM groups WHERE id = $1::int), u AS (SELECT id, userid, name_key, profile_id FROM users WHERE iamid = 'bim' AND userid_key = $2),
  added AS (INSERT INTO memberships (group_id, user_id, user_name_key, added_by) SELECT g.id, u.id, u.name_key, 'bim/admin' FROM g, u RETURNING id, created_at, updated_at),
  event AS (INSERT INTO audit_events (event, action, outcome, actor_kind, actor_user_id, actor_name, credential, target_type, target_id, target_name, after, request_id, address)
    SELECT 'groupUserAdded', 'group:addMember', 'done', 'user', 1, 'bim/admin', 'token 1', 'group', g.id::text, 'bim/' || g.name,
           jsonb_build_object('members', jsonb_build_array(jsonb_build_object('id', u.id, 'name', 'bim/' || u.userid))), gen_random_uuid()::text, '127.0.0.1' FROM g, u, added)
  SELECT json_build_object('id', added.id, 'group', g.id, 'profile', u.profile_id, 'createdAt', added.created_at, 'updatedAt', added.updated_at)::text AS j FROM added, g, u`

const query = async (name: string, text: string, values: unknown[]): Promise<string> =>
  (await pool.query({ ...(name && { name }), text, values })).rows[0]?.j ?? 'null'

async function answer(url: string, body: string): Promise<string> {
  const parts = url.split('/')
  if (parts[2] === 'iam') return query('rest', REST, [decodeURIComponent(parts[5]!)])
  if (parts[2] === 'group') return query('add', ADD, [parts[3], JSON.parse(body).userid])
  const { operationName, variables } = JSON.parse(body)
  if (operationName === 'One') return `{"data":{"user":${await query('one', ONE, [variables.userid])}}}`
  if (operationName === 'Nested') return `{"data":{"users":${await query('nested', NESTED, [variables.nameKey, variables.id])}}}`
  // Without a name: planned for its pattern.
  return `{"data":{"users":${await query('', MANY, [`%${variables.name}%`])}}}`
}

const json = { 'content-type': 'application/json; charset=utf-8' }
http
  .createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      answer(request.url!, Buffer.concat(parts).toString()).then(
        text => response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(text) }).end(text),
        error => response.writeHead(500).end(String(error)),
      )
    })
  })
  .listen(Number(process.env.PORT), '127.0.0.1')
