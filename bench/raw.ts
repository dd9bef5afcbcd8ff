// The limit to compare with: a bare node HTTP server that sends the JSON of one hand-written, prepared SQL statement. No policy, no limits.
import http from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8, idleTimeoutMillis: 0 })

const ONE = `SELECT json_build_object('id', u.id, 'iamid', u.iamid, 'userid', u.userid, 'disabled', u.disabled, 'createdAt', u.created_at,
  'profile', json_build_object('id', u.profile_id, 'name', u.name, 'email', u.email, 'phone', u.phone, 'location', u.location, 'organization', u.organization, 'preferences', u.preferences),
  'permissions', (SELECT coalesce(json_agg(p.permission), '[]') FROM user_permissions p WHERE p.user_id = u.id),
  'groups', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name, 'description', g.description)), '[]') FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id),
  'attributes', (SELECT coalesce(json_agg(json_build_object('key', a.key, 'value', a.value)), '[]') FROM user_attributes a WHERE a.user_id = u.id))::text AS j
  FROM users u WHERE u.iamid = 'bim' AND u.userid_key = $1`

const MANY = `SELECT coalesce(json_agg(json_build_object('id', u.id, 'userid', u.userid, 'email', u.email,
  'groups', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name)), '[]') FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id),
  'attributes', (SELECT coalesce(json_agg(json_build_object('key', a.key, 'value', a.value)), '[]') FROM user_attributes a WHERE a.user_id = u.id))), '[]')::text AS j
  FROM (SELECT id, userid, email FROM users WHERE name_key LIKE $1 AND NOT disabled ORDER BY name_key, id LIMIT 25) u`

async function answer(url: string, body: string): Promise<string> {
  if (url === '/graphql') {
    const { operationName, variables } = JSON.parse(body)
    if (operationName === 'One') return `{"data":{"user":${await row('one', ONE, variables.userid)}}}`
    return `{"data":{"users":${await row('', MANY, `%${variables.name}%`)}}}`
  }
  return row('one', ONE, decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)))
}

/** The search goes without a prepared name, so that it is planned for its pattern. */
const row = async (name: string, text: string, value: string): Promise<string> =>
  (await pool.query(name ? { name, text, values: [value] } : { text, values: [value] })).rows[0]?.j ?? 'null'

http
  .createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      answer(request.url!, Buffer.concat(parts).toString()).then(
        text =>
          response
            .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) })
            .end(text),
        error => response.writeHead(500).end(String(error)),
      )
    })
  })
  .listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'))
