// No secret is stored or shown: after every operation that handles one, none is in a table, in the audit events, in the log at its
// most detailed level, or in an answer other than the one that shows it once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sent, send } from '../contract/client.ts'
import { userPath } from '../contract/world.ts'
import { HASHES, PASSWORD } from '../domain/credentials/hashes.ts'
import { catchMail } from '../harness/mail.ts'
import { type Process, startProcess } from './process.ts'

/** Everything that must not be found, by what it is. */
const secrets = new Map<string, string>()
const secret = (what: string, text: string): string => {
  secrets.set(what, text)
  return text
}
/** Answers that may not hold any of them. */
const answers: string[] = []

const adminPassword = secret('the password of the first administrator', 'first administrator 5e1f9c')
let roster: Process
let written = ''
let tables = new Map<string, string>()
const mail = await catchMail()

interface Body {
  data: Record<string, Record<string, any>>
  errors?: { message: string }[]
}
async function graphql(token: string | undefined, query: string, variables: object = {}) {
  return send<Body>(roster.url, 'POST', '/graphql', { token, json: { query, variables } })
}
/** The administrator's, which succeeds; answers what the root field answers. */
let admin = ''
async function must(query: string, variables: object = {}, token: string | null = admin) {
  const { body } = await graphql(token ?? undefined, query, variables)
  expect(body.errors, query).toBeUndefined()
  return Object.values(body.data)[0]!
}
/** One that shows nothing, whether it succeeds or not. */
async function quiet(method: string, path: string, sent: Sent): Promise<void> {
  answers.push((await send(roster.url, method, path, sent)).text)
}
const quietly = (token: string | undefined, query: string, variables: object = {}) =>
  quiet('POST', '/graphql', { token, json: { query, variables } })

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'

beforeAll(async () => {
  roster = await startProcess({ ADMIN_PASSWORD: adminPassword, LOG_LEVEL: 'trace', SMTP_URL: mail.url })
  admin = secret(
    'the token of the administrator',
    (await must(LOG_IN, { input: { userid: 'admin', password: adminPassword } }, null)).token,
  )
  await logIns()
  await keys()
  await invitations()
  await iams()
  await imports()
  await failures()
  written = await roster.stop()
  tables = await dump()
}, 120_000)
afterAll(async () => {
  await roster.clean()
  await mail.close()
})

async function logIns(): Promise<void> {
  const password = secret('a password', 'set at creation 77ab01')
  await must('mutation ($p: String!) { createUser(input: { userid: "ana", password: $p }) { user { id: databaseId } } }', {
    p: password,
  })
  const token = secret('a token', (await must(LOG_IN, { input: { userid: 'ana', password } }, null)).token)
  const changed = secret('a changed password', 'changed by its owner 09cc41')
  const change =
    'mutation ($old: String, $p: String!) { setPassword(input: { ref: { name: { userid: "ana" } }, originalPassword: $old, password: $p }) { success } }'
  await must(change, { old: password, p: changed }, token)
  await must(change, { p: secret('a password set by an administrator', 'set for somebody 1a2b3c') })
  const { text, body } = await send<{ token: string }>(roster.url, 'POST', '/bim/iam/bim/user/authenticate', {
    json: { username: 'admin', password: adminPassword },
  })
  expect(text).toContain('rt_')
  await quiet('PUT', `${userPath('ana')}/password`, {
    token: body.token,
    json: { password: secret('a password by REST', 'by a path 4477aa') },
  })
  secret('a token by REST', body.token)
}

async function keys(): Promise<void> {
  const create =
    'mutation { createApiKey(input: { name: "a key", expiresAt: "2099-01-01T00:00:00Z" }) { secret apiKey { id: databaseId } } }'
  const { secret: key, apiKey } = await must(create)
  secret('a key', key)
  const rotated = await must('mutation ($id: Int!) { rotateApiKey(input: { ref: { databaseId: $id } }) { secret } }', {
    id: apiKey.id,
  })
  secret('a rotated key', rotated.secret)
  const exchange = 'mutation ($key: String!) { authenticateApiKey(input: { apikey: $key }) { token } }'
  secret('a token of a key', (await must(exchange, { key: rotated.secret }, null)).token)
  const act = 'mutation ($key: String!) { impersonate(input: { apikey: $key, iamid: "bim", userid: "ana" }) { token } }'
  const acting = secret('an impersonation token', (await must(act, { key: rotated.secret }, null)).token)
  await quietly(acting, '{ viewer { user { userid } impersonator { userid } credential } }')
  await quietly(acting, 'mutation { createApiKey(input: { name: "forever" }) { apiKey { id: databaseId } } }')
  await quietly(
    admin,
    '{ viewer { user { apiKeys { nodes { id: databaseId name prefix } } tokens { nodes { id: databaseId prefix } } } } }',
  )
  await quietly(admin, 'query ($token: String!) { tokenInformation(token: $token) { id: databaseId prefix } }', { token: acting })
  await quietly(admin, 'mutation { revokeApiKey(input: { ref: { databaseId: 1 } }) { revokedTokens } }')
  await quiet('GET', `${userPath('admin')}/apikeys`, { token: key })
  await quietly(acting, 'mutation { logOut { revokedTokens } }')
}

async function invitations(): Promise<void> {
  const create =
    'mutation { createUser(input: { userid: "invited", profile: { email: "invited@roster.example" } }) { newUserLink emailSent } }'
  const { newUserLink, emailSent } = await must(create)
  expect(emailSent).toBe(true)
  const token = secret('an invitation', new URL(newUserLink).searchParams.get('token')!)
  expect((await send(roster.url, 'GET', `/login?token=${token}`)).status).toBe(200)
  const password = secret('a first password', 'chosen from the link e0f1')
  const wrong = secret('a mistyped first password', 'mistyped from the link e0f1')
  const form = (confirmation: string) => ({ form: { token, password, confirmation } })
  // The page that asks again carries the token of its own form, and no password.
  expect((await send(roster.url, 'POST', '/login', form(wrong))).text).not.toContain(password)
  await quiet('POST', '/login', form(password))
  await quiet('POST', '/login', form(password))
  const { users } = await must(
    'mutation { cloneUser(input: { ref: { name: { userid: "ana" } }, emails: ["clone@roster.example"] }) { users { id: databaseId } } }',
  )
  expect(users).toHaveLength(1)
  const invite = 'mutation { inviteUser(input: { ref: { name: { userid: "clone@roster.example" } } }) { newUserLink } }'
  secret('a second invitation', new URL((await must(invite)).newUserLink).searchParams.get('token')!)
}

async function iams(): Promise<void> {
  const create = 'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid config secrets } } }'
  const options = { host: 'ldap.roster.example', userSearchBase: 'dc=roster', userSearchFilter: 'mail=%s' }
  const bind = (bind_pw: string) => ({ options, credentials: { bind_dn: 'cn=reader', bind_pw } })
  await quietly(admin, create, {
    input: {
      iamid: 'north',
      displayName: 'North',
      type: 'LDAP',
      config: bind(secret('a bind password', 'bind to the north 3f')),
    },
  })
  const update = 'mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { id: iamid config secrets } } }'
  await quietly(admin, update, {
    input: { iamid: 'north', config: bind(secret('another bind password', 'bind to the north 40')) },
  })
  const openid = {
    options: {
      clientId: 'roster',
      clientSecret: secret('a client secret', 'client of the south 41'),
      discoverUrl: 'https://id.roster.example/.well-known/openid-configuration',
    },
    externalUserInfo: {
      uri: 'https://hr.roster.example',
      useAuth: true,
      authentication: { username: 'roster', password: secret('a password of an endpoint', 'basic for the office 42') },
    },
  }
  await quietly(admin, create, { input: { iamid: 'south', displayName: 'South', type: 'OPENID', config: openid } })
  // Refused for another field: the secrets beside it are not repeated.
  await quietly(admin, create, {
    input: {
      id: 'east',
      displayName: 'East',
      type: 'LDAP',
      config: { ...bind(secret('a refused secret', 'refused with the east 43')), nonsense: 1 },
    },
  })
  const generate = 'mutation { generateScimKey(input: { iamid: "south" }) { scimKey } }'
  secret('a SCIM key', (await must(generate)).scimKey)
  secret('a second SCIM key', (await must(generate)).scimKey)
  await quietly(admin, '{ iams { nodes { id: iamid config secrets scimKeyPrefix } } }')
  expect(answers.at(-1)).toMatch(/north.*bind_pw.*south.*clientSecret/s)
}

async function imports(): Promise<void> {
  const run =
    'mutation ($input: ImportUsersInput!) { importUsers(input: $input) { rows { line outcome faults { field message } } } }'
  const hash = secret('an imported hash', HASHES['bcrypt 2b']!)
  const row = (userid: string, passwordHash: unknown) => ({ input: { rows: [{ line: 1, userid, passwordHash }] } })
  await quietly(admin, run, row('imported', hash))
  expect(answers.at(-1)).toContain('CREATED')
  // Renewed, so that it is in no table either.
  secret('a token of an imported user', (await must(LOG_IN, { input: { userid: 'imported', password: PASSWORD } }, null)).token)
  await quietly(admin, run, row('costly', secret('a hash that takes too long', hash.replace('$05$', '$31$'))))
  await quietly(admin, run, row('unknown', secret('a hash of an unknown form', '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=')))
  await quietly(admin, run, row('listed', [[secret('a hash in a list', HASHES['bcrypt 2a']!)]]))
  await quietly(secrets.get('a token of an imported user'), run, row('denied', secret('a denied hash', HASHES.argon2id!)))
  expect(answers.at(-1)).toContain('FORBIDDEN')
}

async function failures(): Promise<void> {
  const guess = secret('a wrong password', 'guessed by somebody b00b5a')
  await quietly(undefined, LOG_IN, { input: { userid: 'ana', password: guess } })
  await quietly(undefined, LOG_IN, {
    input: { userid: secret('a password in the field of the name', 'typed one field up 88'), password: 'x' },
  })
  await quietly(undefined, `mutation { logIn(input: { userid: "ana", password: "${guess}" }) { nothing } }`)
  await quietly(admin, `mutation { logIn(input: { userid: "ana", password: "${guess}" `)
  await quietly(
    admin,
    'mutation ($p: Int) { setPassword(input: { ref: { name: { userid: "ana" } }, password: $p }) { success } }',
    {
      p: guess,
    },
  )
  await quietly(
    admin,
    'mutation ($p: String!) { createUser(input: { userid: "ANA", password: $p }) { user { id: databaseId } } }',
    {
      p: secret('a password of nobody', 'the name is taken 91'),
    },
  )
  await quietly(
    admin,
    'mutation ($p: String!) { createUser(input: { userid: "long", password: $p }) { user { id: databaseId } } }',
    {
      p: secret('a password that is too long', 'too long 92 '.repeat(100)),
    },
  )
  await quietly(admin, 'mutation ($k: Int!) { deleteApiKey(input: { ref: { databaseId: $k } }) { revokedTokens } }', {
    k: secret('a mistyped key', `rk_${'k'.repeat(46)}`),
  })
  await quiet('POST', '/bim/iam/bim/user/authenticate', { json: { username: 'ana', password: guess } })
  await quiet('POST', '/bim/iam/bim/user/authenticate', { json: { username: ['ana'], password: guess } })
  await quiet('POST', '/bim/iam/bim/user/authenticate', {
    raw: `{"username": "ana", "password": "${guess}"`,
    type: 'application/json',
  })
  await quiet('POST', '/bim/iam/bim/user', { token: admin, json: { userid: 'ana', password: guess } })
  await quiet('PUT', `${userPath('admin')}/password`, { token: admin, json: { originalPassword: guess, password: guess } })
  await quiet('POST', '/bim/apikey/authenticate', { json: { apikey: secrets.get('a mistyped key') } })
  await quiet('POST', '/bim/token', { token: admin, json: { token: secret('a token of nobody', `rt_${'t'.repeat(46)}`) } })
  await quiet('GET', `/bim/user?name=${encodeURIComponent(guess)}&nothing=${secrets.get('a mistyped key')}`, { token: admin })
  await quiet('GET', `/login?token=${secret('an invitation of nobody', `ri_${'i'.repeat(46)}`)}`, {})
  await quiet('GET', '/bim/user', { token: secrets.get('a token of nobody') })
  await quiet('GET', `/graphql?query={viewer{can}}&token=${secrets.get('a token of nobody')}`, { token: admin })
}

/** Every row of every table, as text. */
async function dump(): Promise<Map<string, string>> {
  const store = await roster.open()
  const names = await store.db.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  )
  const found = new Map<string, string>()
  for (const { name } of names) {
    const rows = await store.db.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`)
    found.set(name, rows.map(({ row }) => row).join('\n'))
  }
  await store.close()
  return found
}

/** The secret as it is, and as the store or a log could have written it. */
const forms = (text: string): string[] => [
  text,
  JSON.stringify(text).slice(1, -1),
  encodeURIComponent(text),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
  Buffer.from(text).toString('base64url'),
  Buffer.from(text).toString('hex'),
]
const found = (where: string): string[] =>
  [...secrets].filter(([, text]) => forms(text).some(form => where.includes(form))).map(([what]) => what)

test('the run handled secrets of every kind', () => {
  expect(secrets.size).toBeGreaterThan(25)
  for (const prefix of ['rk_', 'rt_', 'ri_', 'rs_'])
    expect([...secrets.values()].some(text => text.startsWith(prefix))).toBe(true)
  expect(answers.length).toBeGreaterThan(25)
})

test('no table holds a secret in clear', () => {
  expect([...tables.keys()]).toEqual(
    expect.arrayContaining(['users', 'authentications', 'api_keys', 'tokens', 'invitations', 'iams', 'audit_events']),
  )
  for (const name of ['authentications', 'api_keys', 'tokens', 'invitations', 'iams']) expect(tables.get(name), name).not.toBe('')
  const leaks = [...tables].flatMap(([name, rows]) => found(rows).map(what => `${name}: ${what}`))
  expect(leaks).toEqual([])
})

test('no audit event holds one, and there is an event for every kind of use', () => {
  const events = tables.get('audit_events')!
  expect(found(events)).toEqual([])
  for (const event of [
    'loginSucceeded',
    'loginFailed',
    'passwordChanged',
    'apiKeyCreated',
    'apiKeyRotated',
    'tokenIssued',
    'impersonationStarted',
    'userInvited',
    'iamConfigured',
    'denied',
  ])
    expect(events).toContain(event)
})

test('nothing that the process wrote holds one', () => {
  expect(written).toContain('"msg":"request"')
  expect(found(written)).toEqual([])
})

test('no answer holds one but the answer that shows it', () => {
  expect(answers.flatMap(found)).toEqual([])
})

test('mails hold the link of the invitation and nothing else that is secret', () => {
  expect(mail.mails.length).toBeGreaterThanOrEqual(2)
  expect(new Set(mail.mails.flatMap(({ text, subject }) => found(text + subject)))).toEqual(
    new Set(['an invitation', 'a second invitation']),
  )
})
