// Groups of 20,000 (5,000 on the embedded store): each write takes as long the tenth time as the first, and others are answered meanwhile.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../../harness/app.ts'
import { serverUrl } from '../../harness/database.ts'
import { boot, GROUP, type Provider, provider } from '../../scim/provider.ts'

const MEMBERS = serverUrl ? 20_000 : 5_000
/** A plan becomes generic at the sixth run. */
const ROUNDS = 7
/** Milliseconds: the promise on a server; the embedded store shares the process with its client here. */
const LIMIT = serverUrl ? 3000 : 4000

let app: TestApp
let okta: Provider
let ids: string[]
beforeAll(async () => {
  app = await boot()
  okta = await provider(app, 'okta')
  // So that every prepared statement has its plan for a store that is nearly empty.
  const few = await Promise.all(Array.from({ length: 3 }, (_, n) => okta.user(`early${n}`)))
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await okta.group(
      `early ${round}`,
      few.map(({ id }) => id),
    )
    await okta.send('PUT', `/Groups/${id}`, body(`early ${round}`, [few[0].id]))
    await okta.patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${few[0].id}"]` })
    await okta.get(`/Groups/${id}`)
  }
  const rows = await app.store.db.query<{ id: string }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key)
       SELECT 'okta', 'm' || n, 'm' || n, 'Member ' || n, 'member ' || n FROM generate_series(1, ${MEMBERS}) n RETURNING scim_id::text AS id`,
  )
  ids = rows.map(({ id }) => id)
  // Roster looks at its tables every five seconds.
  const known = 'SELECT reltuples::int AS rows FROM pg_class WHERE oid = $1::regclass'
  const analyzed = async () => (await app.store.db.query<{ rows: number }>(known, ['users']))[0]!.rows >= MEMBERS
  while (!(await analyzed())) await new Promise(resolve => setTimeout(resolve, 200))
}, 60_000)
afterAll(() => app.close())

const body = (displayName: string, members: readonly string[]) => ({
  schemas: [GROUP],
  displayName,
  members: members.map(value => ({ value })),
})

/** Milliseconds of each round, and the longest that the event loop stood still, after the first round. */
async function timed(work: (round: number) => Promise<unknown>): Promise<{ times: number[]; still: number }> {
  const times: number[] = []
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await work(round)
    times.push(Math.round(performance.now() - start))
  }
  delay.disable()
  return { times, still: Math.round(delay.max / 1e6) }
}

function expectSteady(what: string, { times, still }: { times: number[]; still: number }): void {
  if (process.env.SHOW_TIMES) console.log(what, times.join(' '), still)
  expect(Math.max(...times), `${what}: ${times.join(' ')} ms`).toBeLessThan(LIMIT)
  const [first, last] = [Math.min(...times.slice(0, 4)), Math.min(...times.slice(-2))]
  expect(last, `${what}: ${times.join(' ')} ms`).toBeLessThan(Math.max(3 * first, 300))
}

describe(`a group of ${MEMBERS}`, () => {
  test('is made, read, emptied and filled in a time that does not grow', async () => {
    expectSteady(
      'POST and DELETE',
      await timed(async round => {
        const made = await okta.send('POST', '/Groups?excludedAttributes=members', body(`made ${round}`, ids))
        expect(made.status).toBe(201)
        expect((await okta.send('DELETE', `/Groups/${made.body.id}`)).status).toBe(204)
      }),
    )
    const { id } = await okta.group('big')
    expectSteady(
      'PUT',
      await timed(async round => {
        const members = round % 2 ? ids.slice(0, 10) : ids
        expect((await okta.send('PUT', `/Groups/${id}?excludedAttributes=members`, body('big', members))).status).toBe(200)
      }),
    )
    expectSteady(
      'PATCH',
      await timed(async round => {
        const value = ids.map(value => ({ value }))
        expect((await okta.patch(`/Groups/${id}`, { op: round % 2 ? 'add' : 'remove', path: 'members', value })).status).toBe(204)
      }),
    )
    await okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: ids.map(value => ({ value })) })
    expectSteady(
      'PATCH of one',
      await timed(async round => {
        const value = [{ value: ids[5] }]
        expect((await okta.patch(`/Groups/${id}`, { op: round % 2 ? 'add' : 'remove', path: 'members', value })).status).toBe(204)
      }),
    )
    await okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: ids[5] }] })
    expectSteady(
      'GET',
      await timed(async () => {
        const { status, body } = await okta.get(`/Groups/${id}`)
        expect([status, body.members.length]).toEqual([200, MEMBERS])
      }),
    )
  }, 300_000)
})
