// Every write leaves its audit event in its own transaction, and every refused one a `denied` event: who, on whose behalf, what, why.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { make } from '../api/graphql/make.ts'
import { operations, prepared, type Stage } from '../api/graphql/operations.ts'
import { stockUp } from '../api/graphql/stock.ts'
import { send } from '../contract/client.ts'
import { bootApp, type Person } from '../harness/app.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())

interface Event {
  event: string
  action: string
  outcome: string
  actorKind: string
  actorName: string
  actorUserId: number | null
  behalfName: string | null
  behalfUserId: number | null
  credential: string | null
  targetType: string
  targetId: string
  reason: string | null
  requestId: string
  at: Date
}
const eventsOf = (requestId: string): Promise<Event[]> =>
  app.store.db.query(
    `SELECT event, action, outcome, actor_kind AS "actorKind", actor_name AS "actorName", actor_user_id AS "actorUserId",
       behalf_name AS "behalfName", behalf_user_id AS "behalfUserId", credential, target_type AS "targetType",
       target_id AS "targetId", reason, request_id AS "requestId", at
     FROM audit_events WHERE request_id = $1 ORDER BY id`,
    [requestId],
  )

let asked = 0
interface Body {
  data: Record<string, unknown>
  errors?: { message: string; extensions: { code: string } }[]
}
async function ask(query: string, variables: object, token: string | null) {
  const requestId = `audit-${++asked}`
  const headers = { 'x-request-id': requestId }
  const sent = { token: token ?? undefined, headers, json: { query, variables } }
  const { body } = await send<Body>(app.url, 'POST', '/graphql', sent)
  return { ...body, events: await eventsOf(requestId) }
}

const N = 2
let on: Stage
beforeAll(async () => {
  on = { app, stock: await stockUp(app.store, N), n: N }
}, 60_000)

const mutations = operations.filter(({ kind }) => kind === 'mutation')
const names = mutations.map(({ name }) => name)
const entryOf = (name: string) => mutations.find(entry => entry.name === name)!

/** Which action stands before a field, from the committed list. */
const listed = readFileSync(new URL('./fields.txt', import.meta.url), 'utf8')
const actionOf = (name: string) => new RegExp(`^mutation +${name} +(\\S+)$`, 'm').exec(listed)![1]!

/** What leaves another number of events than one, and why. */
const several: Record<string, number> = {
  // Nothing changes: `bim` has nothing to read from, and nothing to sync with.
  refreshUser: 0,
  syncIam: 0,
  // One for each new user, and one for each owner of attributes, so that the history of each can be read by itself.
  cloneUser: N,
  editAttributes: 2 * N,
  // A new group and its members, who is new, and three of each who was there.
  importUsers: 2 + N + 3 * N,
  // The decision, and who is enabled again.
  undoSync: 2,
  // That the user is disabled first, and the end.
  eraseUser: 2,
  // Who joined, and who left.
  changeGroupMembers: 2,
}
/** Log-ins have no actor before they succeed: it is the one who then is logged in. */
const logIns = ['logIn', 'authenticateApiKey', 'impersonate']

describe('a write', () => {
  test.each(names)('%s leaves its event', async name => {
    const entry = entryOf(name)
    const { query, variables } = await prepared(entry, on)
    const token = (await entry.operation.as?.(on)) ?? app.admin.token
    const { events, errors } = await ask(query, variables, logIns.includes(name) ? null : token)
    expect(errors?.[0]?.extensions.code).toBe(entry.operation.refused)
    expect(events.map(({ event }) => event)).toHaveLength(several[name] ?? 1)
    for (const event of events) {
      expect(event).toMatchObject({
        action: actionOf(name),
        outcome: 'done',
        actorKind: 'user',
        actorName: `bim/${app.admin.userid}`,
        actorUserId: app.admin.id,
        behalfName: null,
        targetType: expect.stringMatching(/^[a-zA-Z]+$/),
        reason: null,
      })
      expect(event.event).not.toBe('denied')
      if (!logIns.includes(name)) expect(event.credential).toMatch(/^token \d+$/)
      expect(Math.abs(Date.now() - event.at.getTime())).toBeLessThan(60_000)
    }
  })

  test('that changes nothing leaves none', async () => {
    const { id } = await make.user({ app })
    const input = { ref: { databaseId: id }, disabled: false }
    const { events, errors } = await ask(
      'mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id: databaseId } } }',
      { input },
      app.admin.token,
    )
    expect(errors).toBeUndefined()
    expect(events).toEqual([])
  })
})

describe('a write whose event cannot be kept', () => {
  /** What is stored, but for the events themselves and for what is written beside requests. */
  async function stored(): Promise<Record<string, string>> {
    const tables = await app.store.db.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
         AND table_name NOT IN ('audit_events', 'login_failures')`,
    )
    const used = new Set(['tokens', 'api_keys'])
    const found: Record<string, string> = {}
    for (const { name } of tables) {
      const row = used.has(name) ? 't.id::text' : 't::text'
      const [sum] = await app.store.db.query<{ sum: string }>(
        `SELECT md5(coalesce(string_agg(${row}, ',' ORDER BY ${row}), '')) AS sum FROM "${name}" t`,
      )
      found[name] = sum!.sum
    }
    return found
  }

  test.each(names.filter(name => several[name] !== 0))('%s changes nothing', async name => {
    const entry = entryOf(name)
    // What an earlier test took away is there again.
    const { query, variables } = await prepared(entry, { ...on, stock: await stockUp(app.store, N) })
    const token = (await entry.operation.as?.(on)) ?? app.admin.token
    const before = await stored()
    const mails = app.mails.length
    await app.store.db.query('ALTER TABLE audit_events ADD CONSTRAINT broken CHECK (false) NOT VALID')
    try {
      const { data, errors } = await ask(query, variables, logIns.includes(name) ? null : token)
      expect(errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR')
      expect(data).toEqual({ [name]: null })
    } finally {
      await app.store.db.query('ALTER TABLE audit_events DROP CONSTRAINT broken')
    }
    expect(await stored()).toEqual(before)
    expect(app.mails).toHaveLength(mails)
  })
})

describe('a refusal', () => {
  let nobody: Person
  let key: string
  beforeAll(async () => {
    nobody = await app.as([])
    key = await nobody.key()
  })

  const refusedToNobody = names.filter(
    name =>
      ![
        'logIn',
        'authenticateApiKey',
        'logOut',
        'createApiKey',
        'rotateApiKey',
        'deleteApiKey',
        'revokeTokens',
        'createProject',
      ].includes(name),
  )

  test.each(refusedToNobody)('of %s leaves one denied event with who and why', async name => {
    const { query, variables } = await prepared(entryOf(name), on)
    // To impersonate one needs a permission of the key's owner.
    const input = name === 'impersonate' ? { input: { ...(variables as { input: object }).input, apikey: key } } : variables
    const { events, errors } = await ask(query, input, name === 'impersonate' ? null : key)
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    expect(events).toEqual([
      expect.objectContaining({
        event: 'denied',
        outcome: 'denied',
        action: actionOf(name),
        reason: errors![0]!.message,
        behalfName: null,
      }),
    ])
    if (name !== 'impersonate')
      expect(events[0]).toMatchObject({
        actorName: `bim/${nobody.userid}`,
        actorUserId: nobody.id,
        credential: expect.stringMatching(/^apikey \d+$/),
      })
  })

  test('of a read leaves none', async () => {
    const { events, errors } = await ask(
      '{ user(ref: { name: { userid: "admin" } }) { id: databaseId } auditEvents { nodes { id } } }',
      {},
      key,
    )
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
    expect(events).toEqual([])
  })

  test('that a rule finds out about leaves one too, and names the target', async () => {
    const chief = await app.as(['USER_ADMIN'])
    const grant =
      'mutation ($id: Int!) { grantUserPermissions(input: { ref: { databaseId: $id }, permissions: ["AUDIT"] }) { user { id: databaseId } } }'
    const granted = await ask(grant, { id: nobody.id }, chief.token)
    expect(granted.events).toEqual([
      expect.objectContaining({
        event: 'denied',
        action: 'user:setPermissions',
        actorName: `bim/${chief.userid}`,
        reason: granted.errors![0]!.message,
        targetType: 'user',
        targetId: String(nobody.id),
      }),
    ])
    const change =
      'mutation ($id: Int!) { setPassword(input: { ref: { databaseId: $id }, originalPassword: "wrong", password: "new" }) { success } }'
    const changed = await ask(change, { id: nobody.id }, nobody.token)
    expect(changed.errors![0]!.extensions.code).toBe('FORBIDDEN')
    expect(changed.events).toEqual([
      expect.objectContaining({
        event: 'denied',
        action: 'user:setPassword',
        actorName: `bim/${nobody.userid}`,
        reason: changed.errors![0]!.message,
        targetType: 'user',
        targetId: String(nobody.id),
      }),
    ])
  })

  test('of a log-in says that it failed, without the name of nobody', async () => {
    const login = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'
    const { events } = await ask(login, { input: { userid: 'a password by mistake', password: 'x' } }, null)
    expect(events).toEqual([
      expect.objectContaining({ event: 'loginFailed', outcome: 'denied', actorKind: 'anonymous', actorUserId: null }),
    ])
    expect(JSON.stringify(events)).not.toContain('by mistake')
  })
})

describe('under impersonation', () => {
  test('both people stand on the rows of what is done and of what is refused', async () => {
    const [chief, ana] = [await app.as(['IMPERSONATE_USER']), await app.as([])]
    const act =
      'mutation ($key: String!, $userid: String!) { impersonate(input: { apikey: $key, iamid: "bim", userid: $userid }) { token } }'
    const begun = await ask(act, { key: await chief.key(), userid: ana.userid }, null)
    expect(begun.events).toMatchObject([
      { event: 'impersonationStarted', actorName: `bim/${chief.userid}`, targetType: 'user', targetId: String(ana.id) },
    ])
    const { token } = begun.data.impersonate as { token: string }
    const both = {
      actorName: `bim/${chief.userid}`,
      actorUserId: chief.id,
      behalfName: `bim/${ana.userid}`,
      behalfUserId: ana.id,
      credential: expect.stringMatching(/^token \d+$/),
    }
    const refused = await ask('mutation { createApiKey(input: { name: "forever" }) { secret } }', {}, token)
    expect(refused.events).toEqual([
      expect.objectContaining({ ...both, event: 'denied', reason: 'apikey:create is not allowed with an impersonation token' }),
    ])
    const done = await ask('mutation { logOut { revokedTokens } }', {}, token)
    expect(done.events).toEqual([expect.objectContaining({ ...both, event: 'tokenRevoked', outcome: 'done' })])
  })
})
