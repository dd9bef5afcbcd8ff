// The threshold of deprovisioning: a provider that disables or deletes everybody is held, on every API, until an administrator decides.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { boot, CORE, expectRefused, outcomes, type Provider, provider } from './provider.ts'

let app: TestApp
beforeAll(async () => {
  app = await boot()
})
afterAll(() => app.close())

let made = 0
/** An IAM with so many users; the ids of them. */
async function tenant(users: number, config: object = {}): Promise<{ idp: Provider; ids: string[]; iamid: string }> {
  const iamid = `tenant${++made}`
  const idp = await provider(app, iamid, { config })
  const rows = await app.store.db.query<{ id: string }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT $1, 'u' || n, 'u' || n, 'U', 'u' FROM generate_series(1, $2::int) n
      RETURNING scim_id::text AS id`,
    [iamid, users],
  )
  return { idp, ids: rows.map(({ id }) => id), iamid }
}
const disable = (idp: Provider, id: string) => idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
const eventsOf = async (iamid: string) =>
  (
    await app.store.db.query<{ event: string }>(
      `SELECT event FROM audit_events WHERE target_id = $1 AND event LIKE 'deprov%' ORDER BY id`,
      [iamid],
    )
  ).map(({ event }) => event)
const enabled = async (iamid: string) =>
  (await app.store.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM users WHERE iamid = $1 AND NOT disabled`, [iamid]))[0]!
    .n
const resume = (id: string, token?: string) =>
  app.graphql(
    'mutation ($input: ResumeDeprovisioningInput!) { resumeDeprovisioning(input: $input) { iam { id: iamid } allowedUntil } }',
    { input: { iamid: id } },
    token,
  )

const HELD = /^SCIM has deprovisioned \d+ users? .* \d+ (is|are) allowed/

describe('the threshold', () => {
  test.each([
    ['PATCH', (idp: Provider, id: string) => disable(idp, id)],
    [
      'PUT',
      (idp: Provider, id: string) => idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName: `n${id}`, active: false }),
    ],
    ['DELETE', (idp: Provider, id: string) => idp.send('DELETE', `/Users/${id}`)],
  ])('holds %s: nothing of it is written, and Retry-After says when', async (_method, lose) => {
    const { idp, ids, iamid } = await tenant(6, { scimMaxDeprovisionedCount: 3 })
    for (const id of ids.slice(0, 3)) expect((await lose(idp, id)).status).toBeLessThan(300)
    const answer = await lose(idp, ids[3]!)
    expectRefused(answer, 429, undefined, /^SCIM has deprovisioned 3 users .* 3 are allowed/)
    const seconds = Number(answer.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(3500)
    expect(seconds).toBeLessThanOrEqual(3600)
    expect(await enabled(iamid)).toBe(3)
    expect((await idp.get(`/Users/${ids[3]}`)).body).toMatchObject({ userName: 'u4', active: true })
    expect((await idp.patch(`/Users/${ids[3]}`, { op: 'add', path: 'title', value: 'T' })).status).toBe(200)
    await lose(idp, ids[4]!)
    expect(await eventsOf(iamid)).toEqual(['deprovisioningHeld'])
  })

  test('holds the parts of a Bulk, and lets the others through', async () => {
    const { idp, ids, iamid } = await tenant(5, { scimMaxDeprovisionedCount: 2 })
    const Operations = [
      ...ids.slice(0, 4).map(id => ({ method: 'DELETE', path: `/Users/${id}` })),
      { method: 'POST', path: '/Users', bulkId: 'a', data: { schemas: [CORE], userName: 'new' } },
    ]
    const answer = await idp.send('POST', '/Bulk', { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations })
    expect(outcomes(answer)).toEqual(['204', '204', '429', '429', '201'])
    expect(await enabled(iamid)).toBe(4)
  })

  test('is 50, or 10 % of the IAM where that is more', async () => {
    const { idp, ids, iamid } = await tenant(620)
    const statuses = []
    for (const id of ids.slice(0, 64)) statuses.push((await disable(idp, id)).status)
    expect(statuses.indexOf(429)).toBe(62)
    expect(await enabled(iamid)).toBe(558)
    const small = await tenant(60)
    const few = []
    for (const id of small.ids.slice(0, 52)) few.push((await disable(small.idp, id)).status)
    expect(few.indexOf(429)).toBe(50)
  }, 60_000)

  test('counts each user once: disabled and then deleted', async () => {
    const { idp, ids } = await tenant(4, { scimMaxDeprovisionedCount: 2 })
    for (const id of ids.slice(0, 2)) {
      expect((await disable(idp, id)).status).toBe(200)
      expect((await idp.send('DELETE', `/Users/${id}`)).status).toBe(204)
    }
    expectRefused(await disable(idp, ids[2]!), 429, undefined, HELD)
  })

  test('forgets after an hour, and of many at once no more than that go through', async () => {
    const { idp, ids, iamid } = await tenant(12, { scimMaxDeprovisionedCount: 2 })
    const at = async () =>
      (await Promise.all(ids.slice(0, 6).map(id => disable(idp, id)))).filter(({ status }) => status === 200).length
    expect(await at()).toBe(2)
    await app.store.db.query(`UPDATE scim_deprovisionings SET at = at - interval '61 minutes' WHERE iamid = $1`, [iamid])
    expect((await disable(idp, ids[8]!)).status).toBe(200)
    expect(await app.store.db.query('SELECT held_at AS held FROM scim_guards WHERE iamid = $1', [iamid])).toEqual([
      { held: null },
    ])
  })

  test('0 and 0 allow none', async () => {
    const { idp, ids } = await tenant(2, { scimMaxDeprovisionedCount: 0, scimMaxDeprovisionedPercent: 0 })
    expectRefused(await disable(idp, ids[0]!), 429, undefined, HELD)
  })
})

describe('resumeDeprovisioning', () => {
  test('lets it go on for an hour, is audited, and the IAM shows that it was held', async () => {
    const { idp, ids, iamid } = await tenant(4, { scimMaxDeprovisionedCount: 1 })
    for (const id of ids.slice(0, 2)) await disable(idp, id)
    const held = async () =>
      (await app.graphql('query ($id: String!) { iam(iamid: $id) { scimDeprovisioningHeldAt } }', { id: iamid })).data.iam
        .scimDeprovisioningHeldAt
    expect(Date.parse(await held())).toBeGreaterThan(Date.now() - 60_000)
    const { data } = await resume(iamid)
    expect(Date.parse(data.resumeDeprovisioning.allowedUntil) - Date.now()).toBeGreaterThan(3_500_000)
    expect(await held()).toBeNull()
    for (const id of ids.slice(1)) expect((await disable(idp, id)).status).toBe(200)
    expect(await eventsOf(iamid)).toEqual(['deprovisioningHeld', 'deprovisioningResumed'])
  })

  test('needs USER_ADMIN, and what the users of the IAM hold', async () => {
    const { iamid } = await tenant(1)
    expect((await resume(iamid, (await app.as(['APPLICATION_ADMIN'])).token)).errors![0].extensions.code).toBe('FORBIDDEN')
    expect((await resume('nowhere')).errors![0].extensions.code).toBe('NOT_FOUND')
    await app.store.db.query(
      `INSERT INTO user_permissions (user_id, permission) SELECT id, 'AUDIT' FROM users WHERE iamid = $1`,
      [iamid],
    )
    expect((await resume(iamid, (await app.as(['USER_ADMIN'])).token)).errors![0].extensions.code).toBe('FORBIDDEN')
  })
})

test('scimRequestsPerMinute: more is 429 with Retry-After, of this IAM alone', async () => {
  const { idp } = await tenant(1, { scimRequestsPerMinute: 3 })
  const other = await tenant(1)
  const answers = []
  for (let n = 0; n < 5; n++) answers.push(await idp.get('/Users?count=0'))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
  expect(Number(answers[4]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(answers[4]!.body).toMatchObject({ status: '429', detail: expect.stringMatching(/scimRequestsPerMinute/) })
  expect((await other.idp.get('/Users?count=0')).status).toBe(200)
})
