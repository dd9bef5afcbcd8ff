// A large group is written on the embedded store, which has one connection: the requests of others are answered in between.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { machine } from '../../src/authorization/actor.ts'
import { type Store, withoutCommit } from '../../src/platform/database/store.ts'
import { removeUnfinishedGroups } from '../../src/scim/resources/unfinished-groups.service.ts'
import type { Person, TestApp } from '../harness/app.ts'
import { bootApp } from '../harness/app.ts'
import { testContext } from '../harness/context.ts'
import { serverUrl, testStore } from '../harness/database.ts'
import { expectRefused, GROUP, outcome, type Provider, provider } from './provider.ts'

const MEMBERS = 10_000
/** Milliseconds that the request of another takes at most on a machine with nothing else to do. */
const LIMIT = 250

if (serverUrl)
  console.warn('SKIPPED: test/scim/turns.test.ts is about the embedded store; on a server each write is one transaction')

let app: TestApp
let okta: Provider
let other: Person
let ids: string[]
/** Transactions that still succeed. */
let left = Number.POSITIVE_INFINITY

/** A store whose transactions fail, before they commit, when none is left. */
const failing = async (): Promise<Store> => {
  const store = await testStore()
  return {
    ...store,
    transaction: work =>
      store.transaction(async db => {
        const value = await work(withoutCommit(db))
        if (left-- <= 0) throw new Error('the process is killed')
        return value
      }),
  }
}

/** Answers `work` while only `count` transactions succeed. */
async function killedAfter<T>(count: number, work: () => Promise<T>): Promise<T> {
  left = count
  return work().finally(() => {
    left = Number.POSITIVE_INFINITY
  })
}

const body = (displayName: string, members: readonly string[]) => ({
  schemas: [GROUP],
  displayName,
  members: members.map(value => ({ value })),
})

const membersOf = async (id: string): Promise<string[]> =>
  ((await okta.get(`/Groups/${id}`)).body.members ?? []).map(({ value }: { value: string }) => value).toSorted()

/** The memberships of a group, by "iamid/name". */
const rowsOf = async (name: string): Promise<number> => {
  const [row] = await app.store.db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM memberships m JOIN groups g ON g.id = m.group_id WHERE g.iamid || '/' || g.name = $1`,
    [name],
  )
  return row!.count
}

interface Polled<T> {
  readonly value: T
  /** Milliseconds of each poll, the shortest first. */
  readonly times: readonly number[]
  readonly median: number
  /** Milliseconds of the work. */
  readonly total: number
}

/** Does `work` while another user asks who they are, 20 ms after each answer. */
async function polled<T>(what: string, work: () => Promise<T>): Promise<Polled<T>> {
  const times: number[] = []
  let over = false
  const poll = async () => {
    while (!over) {
      const start = performance.now()
      const response = await fetch(`${app.url}/bim/rpc/user/current`, { headers: { authorization: `Bearer ${other.token}` } })
      expect(await response.json()).toMatchObject({ userid: other.userid })
      times.push(Math.round(performance.now() - start))
      await sleep(20)
    }
  }
  const start = performance.now()
  const [value] = await Promise.all([
    work().finally(() => {
      over = true
    }),
    poll(),
  ])
  const total = Math.round(performance.now() - start)
  times.sort((a, b) => a - b)
  const median = times[times.length >> 1]!
  if (process.env.SHOW_TIMES)
    console.log(`${what}: ${total} ms, polls ${times.length}, median ${median},`, times.slice(-6).join(' '))
  return { value, times, median, total }
}

describe.skipIf(serverUrl)(`a group of ${MEMBERS} on the embedded store`, () => {
  beforeAll(async () => {
    app = await bootApp({ opens: failing })
    okta = await provider(app, 'okta')
    other = await app.as([])
    const rows = await app.store.db.query<{ id: string }>(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key)
         SELECT 'okta', 'm' || n, 'm' || n, 'Member ' || n, 'member ' || n FROM generate_series(1, ${MEMBERS}) n RETURNING scim_id::text AS id`,
    )
    ids = rows.map(({ id }) => id).toSorted()
  }, 60_000)
  afterAll(() => app?.close())

  test('others are answered while it is made, read, replaced and patched', async () => {
    const all = ids.map(value => ({ value }))
    // ANALYZE of the users takes the store about half a second, once.
    await okta.user('early')
    await app.store.db.query('ANALYZE users')
    // A busy machine slows the work and the polls alike: then a share of the work is the limit. One transaction would hold one poll for all of it.
    const expectAnswered = ({ times, median, total }: Polled<unknown>, what: string) => {
      const shown = `${what}, ${total} ms: ${times.join(' ')}`
      expect(times.length, shown).toBeGreaterThan(4)
      expect(median, shown).toBeLessThan(Math.max(LIMIT / 2, total / 10))
      expect(times.at(-1)!, shown).toBeLessThan(Math.max(LIMIT, total / 2))
    }
    const made = await polled('POST', () => okta.send('POST', '/Groups', body('big', ids)))
    expect(made.value.status).toBe(201)
    expect(made.value.body.members.length).toBe(MEMBERS)
    const { id } = made.value.body
    const shown = await okta.get(`/Groups/${id}`)
    expect(shown.headers.get('etag')).toBe(made.value.headers.get('etag'))
    expect(await membersOf(id)).toEqual(ids)
    const emptied = await polled('PUT of 10', () => okta.send('PUT', `/Groups/${id}`, body('big', ids.slice(0, 10))))
    expect(await membersOf(id)).toEqual(ids.slice(0, 10))
    const filled = await polled('PUT of all', () =>
      okta.send('PUT', `/Groups/${id}?excludedAttributes=members`, body('big', ids)),
    )
    expect(filled.value.status).toBe(200)
    expect(await membersOf(id)).toEqual(ids)
    const removed = await polled('PATCH remove', () => okta.patch(`/Groups/${id}`, { op: 'remove', path: 'members', value: all }))
    expect(await membersOf(id)).toEqual([])
    const added = await polled('PATCH add', () => okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: all }))
    expect(added.value.status).toBe(204)
    expect((await okta.get(`/Groups/${id}`)).headers.get('etag')).toBe(added.value.headers.get('etag'))
    expect(await membersOf(id)).toEqual(ids)
    const deleted = await polled('DELETE', () => okta.send('DELETE', `/Groups/${id}`))
    expect(deleted.value.status).toBe(204)
    expectRefused(await okta.get(`/Groups/${id}`), 404)
    expect(await rowsOf('okta/big')).toBe(0)
    for (const [what, answer] of Object.entries({ made, emptied, filled, removed, added, deleted })) expectAnswered(answer, what)
    const counts = await app.store.db.query<{ event: string; count: number }>(
      `SELECT event, sum((coalesce(after, before) ->> 'count')::int)::int AS count FROM audit_events
         WHERE event LIKE 'groupUser%' AND target_name = 'okta/big' GROUP BY event ORDER BY event`,
    )
    expect(counts[0]).toEqual({ event: 'groupUserAdded', count: 3 * MEMBERS - 10 })
    // The event of the group names those of its last piece.
    expect(counts[1]!.count).toBeGreaterThan(3 * MEMBERS - 10 - 500)
  }, 300_000)

  test('two PUTs at once end in the state of one of them', async () => {
    const { id } = await okta.group('contended')
    const [one, two] = [ids.slice(0, 1_000), ids.slice(500, 1_700)]
    const put = (members: string[]) => okta.send('PUT', `/Groups/${id}`, body('contended', members))
    const answers = await Promise.all([put(one), put(two)])
    expect(answers.map(({ status, body }) => [status, body.members.length])).toEqual([
      [200, one.length],
      [200, two.length],
    ])
    const members = await membersOf(id)
    expect([one, two]).toContainEqual(members)
    const current = (await okta.get(`/Groups/${id}`)).headers.get('etag')
    expect(answers.find(({ body }) => body.members.length === members.length)?.headers.get('etag')).toBe(current)
  }, 60_000)

  test('with If-Match one of two PUTs at once is 412, and nothing of it is written', async () => {
    const made = await okta.send('POST', '/Groups', body('guarded', []))
    const ifMatch = { 'if-match': made.headers.get('etag')! }
    const lists = [ids.slice(0, 600), ids.slice(600, 1_300)]
    const answers = await Promise.all(
      lists.map(members => okta.send('PUT', `/Groups/${made.body.id}`, body('guarded', members), ifMatch)),
    )
    expect(answers.map(outcome).toSorted()).toEqual(['200', '412'])
    expect(await membersOf(made.body.id)).toEqual(lists[answers.findIndex(({ status }) => status === 200)])
  }, 60_000)

  test('a member who is no user is refused before anything is written', async () => {
    const stranger = '00000000-0000-4000-8000-000000000000'
    const { id } = await okta.group('strict', ids.slice(0, 3))
    const before = (await okta.get(`/Groups/${id}`)).headers.get('etag')
    const wrong = await okta.send('PUT', `/Groups/${id}`, body('renamed', [...ids.slice(10, 700), stranger]))
    expect([wrong.status, wrong.body.scimType]).toEqual([400, 'invalidValue'])
    expect(await membersOf(id)).toEqual(ids.slice(0, 3))
    expect((await okta.get(`/Groups/${id}`)).headers.get('etag')).toBe(before)
    const never = await okta.send('POST', '/Groups', body('never', [...ids.slice(0, 700), stranger]))
    expectRefused(never, 400, 'invalidValue', /^members /)
    expect((await okta.get('/Groups?filter=displayName eq "never"')).body.totalResults).toBe(0)
  }, 60_000)

  test('a PUT and a PATCH that were killed in between are completed by the same again', async () => {
    const { id } = await okta.group('killed', ids.slice(0, 400))
    const wanted = ids.slice(300, 1_000)
    const put = () => okta.send('PUT', `/Groups/${id}`, body('killed', wanted))
    expect((await killedAfter(4, put)).status).toBe(500)
    const halfway = await membersOf(id)
    expect(halfway.length).toBeGreaterThan(100)
    expect(halfway).not.toEqual(wanted)
    expect((await put()).status).toBe(200)
    expect(await membersOf(id)).toEqual(wanted)
    const patch = () =>
      okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: ids.slice(0, 300).map(value => ({ value })) })
    expect((await killedAfter(2, patch)).status).toBe(500)
    expect((await membersOf(id)).length).toBe(940)
    expect((await patch()).status).toBe(204)
    expect(await membersOf(id)).toEqual(ids.slice(0, 1_000))
  }, 60_000)

  test('a group that somebody made is deleted in pieces, and a DELETE that was killed in between is completed by the same again', async () => {
    const admin = await app.as(['USER_ADMIN'])
    const { id } = await okta.group('ending', ids.slice(0, 700))
    const etag = (await okta.get(`/Groups/${id}`)).headers.get('etag')
    const end = () => okta.send('DELETE', `/Groups/${id}`)
    expect((await killedAfter(2, end)).status).toBe(500)
    expect((await membersOf(id)).length).toBe(460)
    expect((await okta.get(`/Groups/${id}`)).headers.get('etag')).not.toBe(etag)
    expect((await end()).status).toBe(204)
    expectRefused(await okta.get(`/Groups/${id}`), 404)
    const [group] = await app.store.db.query<{ id: number }>(
      `WITH g AS (INSERT INTO groups (iamid, name, name_key) VALUES ('bim', 'byhand', 'byhand') RETURNING id), m AS (
         INSERT INTO memberships (group_id, user_id, sources) SELECT g.id, u.id, '{bim}' FROM g, users u WHERE u.scim_id = ANY($1::uuid[]))
       SELECT id FROM g`,
      [ids.slice(0, 700)],
    )
    const remove = () =>
      app.graphql(`mutation { deleteGroup(input: { ref: { databaseId: ${group!.id} } }) { deletedId } }`, {}, admin.token)
    await killedAfter(2, remove)
    expect(await rowsOf('bim/byhand')).toBe(460)
    expect((await remove()).data).toEqual({ deleteGroup: { deletedId: expect.any(String) } })
    expect(await rowsOf('bim/byhand')).toBe(0)
    const events = await app.store.db.query(
      `SELECT target_name AS name, before ->> 'members' AS members FROM audit_events WHERE event = 'groupDeleted'
         AND target_name IN ('okta/ending', 'bim/byhand') ORDER BY name`,
    )
    expect(events).toEqual([
      { name: 'bim/byhand', members: '460' },
      { name: 'okta/ending', members: '460' },
    ])
  }, 60_000)

  test('a POST that was killed at any piece grants nothing, is removed an hour later, and a repeated one completes', async () => {
    const members = ids.slice(0, 500)
    const iam = await provider(app, 'ruled', { groupPermissions: { Half: ['AUDIT'], Chiefs: ['USER_ADMIN'] } })
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key)
         SELECT 'ruled', 'm' || n, 'm' || n, 'Member ' || n, 'member ' || n FROM generate_series(1, 500) n`,
    )
    const own = await app.store.db.query<{ id: string }>(
      `SELECT scim_id::text AS id FROM users WHERE iamid = 'ruled' ORDER BY id`,
    )
    const post = (name: string, count = members.length) =>
      iam.send(
        'POST',
        '/Groups',
        body(
          name,
          own.slice(0, count).map(({ id }) => id),
        ),
      )
    const granted = async () =>
      (
        await app.store.db.query(
          `SELECT 1 FROM effective_permissions e JOIN users u ON u.id = e.user_id AND u.iamid = 'ruled' WHERE e.source = 'group'`,
        )
      ).length
    const clean = () =>
      removeUnfinishedGroups({ ...testContext({ actor: machine('system'), store: app.store }), requestId: 'housekeeping' })
    const age = () => app.store.db.query(`UPDATE groups SET unfinished_at = unfinished_at - interval '61 min'`)
    // 500 members are five pieces.
    for (const [name, all] of Object.entries({ Half: [1, 2, 3, 4], Chiefs: [2] }))
      for (const pieces of all) {
        expect((await killedAfter(pieces, () => post(name))).status).toBe(500)
        expect([name, pieces, await rowsOf(`ruled/${name}`), await granted()]).toEqual([name, pieces, 120 * pieces, 0])
        const [group] = await app.store.db.query<{ id: number }>(`SELECT id FROM groups WHERE iamid = 'ruled' AND name = $1`, [
          name,
        ])
        const shown = await app.graphql(`{ group(ref: { databaseId: ${group!.id} }) { name permissions } }`)
        expect(shown.data).toEqual({ group: { name, permissions: [] } })
        await clean()
        expect(await rowsOf(`ruled/${name}`)).toBe(120 * pieces)
        await age()
        // Killed itself, it goes on at the next time.
        await killedAfter(1, clean).catch(() => {})
        await clean()
        expect(await app.store.db.query(`SELECT 1 FROM groups WHERE iamid = 'ruled'`)).toEqual([])
      }
    const events = await app.store.db.query(
      `SELECT DISTINCT event, actor_name AS actor FROM audit_events WHERE target_name = 'ruled/Half' AND request_id = 'housekeeping' ORDER BY event`,
    )
    expect(events).toEqual([
      { event: 'groupDeleted', actor: 'system' },
      { event: 'groupUserDeleted', actor: 'system' },
    ])
    for (const name of ['Half', 'Chiefs']) {
      expect((await killedAfter(2, () => post(name))).status).toBe(500)
      await age()
      // Killed once more, it is unfinished for another hour; what is left to write may be one piece.
      expect((await killedAfter(1, () => post(name))).status).toBe(500)
      await clean()
      expect([(await rowsOf(`ruled/${name}`)) > 0, await granted()]).toEqual([true, name === 'Half' ? 0 : members.length])
      const again = await post(name)
      expect([again.status, again.body.members.length]).toEqual([201, members.length])
      await age()
      await clean()
      expect((await iam.get(`/Groups/${again.body.id}`)).status).toBe(200)
    }
    expect(await granted()).toBe(2 * members.length)
  }, 120_000)

  test('a POST that was killed in between is not shown, and the next POST of the name takes over what it left', async () => {
    const post = (members: string[]) => okta.send('POST', '/Groups', body('unfinished', members))
    expect((await killedAfter(3, () => post(ids.slice(0, 700)))).status).toBe(500)
    expect((await okta.get('/Groups?filter=displayName eq "unfinished"')).body.totalResults).toBe(0)
    const again = await post(ids.slice(200, 900))
    expect(again.status).toBe(201)
    expect(await membersOf(again.body.id)).toEqual(ids.slice(200, 900))
    expect(await post([])).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } })
    const events = await app.store.db.query<{ event: string; count: number | null }>(
      `SELECT event, sum((coalesce(after, before) ->> 'count')::int)::int AS count FROM audit_events
         WHERE target_name = 'okta/unfinished' GROUP BY event ORDER BY event`,
    )
    expect(events.map(({ event }) => event)).toEqual(['groupCreated', 'groupUpdated', 'groupUserAdded', 'groupUserDeleted'])
    const [, , added, deleted] = events.map(({ count }) => count!)
    expect(deleted).toBeGreaterThan(0)
    expect(added! - deleted!).toBe(700)
  }, 60_000)

  test('two POSTs of one name at once make one group', async () => {
    const answers = await Promise.all([
      okta.send('POST', '/Groups', body('twice', ids.slice(0, 500))),
      okta.send('POST', '/Groups', body('twice', ids.slice(0, 500))),
    ])
    expect(answers.map(outcome).toSorted()).toEqual(['201', '409 uniqueness'])
  }, 60_000)
})
