// S9: a database that hangs must not hang every request, and is used again when it answers, without a restart.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actingAs } from '../../../src/platform/database/current-actor.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { hasPostgres, type OwnPostgres, startPostgres } from '../../harness/own.postgres.ts'

/** Milliseconds within which a request is answered, and what a busy machine may add. */
const DEADLINE = 2_000
const SLACK = 500

describe.skipIf(!hasPostgres())('a PostgreSQL that gives no sign of life', () => {
  let postgres: OwnPostgres
  let app: TestApp
  const lines: string[] = []
  const note = (line: string) => void lines.push(line)
  const log = { info: note, warn: note, error: note }
  beforeAll(async () => {
    postgres = await startPostgres()
    app = await bootApp({ opens: () => openStore({ databaseUrl: postgres.url, dataDir: 'unused', log }) })
  })
  afterAll(async () => {
    postgres.thaw()
    await app.close()
    await postgres.end()
  })

  async function asked(path: string, init: RequestInit = {}) {
    const began = performance.now()
    const response = await fetch(`${app.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${app.admin.token}`, 'content-type': 'application/json' },
    })
    const body = (await response.json()) as any
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body, took: performance.now() - began }
  }
  const logIn = () =>
    asked('/bim/iam/bim/user/authenticate', {
      method: 'POST',
      body: JSON.stringify({ username: app.admin.userid, password: app.admin.password }),
    })
  const read = () => asked('/bim/user?size=5')
  const writing = () =>
    asked('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query: 'mutation { createProject(input: { name: "p" }) { project { id: databaseId } } }' }),
    })

  test('answers 503 with Retry-After within 2 s, whatever was under way, and works again when it goes on', async () => {
    expect([(await read()).status, (await logIn()).status, (await asked('/health/ready')).status]).toEqual([200, 200, 200])
    // Statements that are at work when it stops: outside of a transaction and within.
    const slow = ['user:1', 'user:2'].map(actor => actingAs(actor, () => app.store.db.query('SELECT pg_sleep(3)::text')))
    slow.push(actingAs('user:3', () => app.store.transaction(db => db.query('SELECT pg_sleep(3)::text'))))
    const settled = Promise.allSettled(slow)
    await sleep(100)
    postgres.freeze()
    const stopped = performance.now()
    const [alive, ...rest] = await Promise.all([
      asked('/health/live'),
      asked('/health/ready'),
      ...Array.from({ length: 25 }, read),
      ...Array.from({ length: 5 }, logIn),
      ...Array.from({ length: 5 }, writing),
    ])
    expect(alive).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(alive.took).toBeLessThan(SLACK)
    for (const { status, retryAfter, took, body } of rest) {
      // A cached credential lets a GraphQL request in: its field fails, the response is partial.
      if (body.data) expect([status, body.errors[0].extensions.code]).toEqual([200, 'UNAVAILABLE'])
      else expect(status, JSON.stringify(body)).toBe(503)
      expect(retryAfter).toBe('5')
      expect(took).toBeLessThan(DEADLINE + SLACK)
    }
    for (const one of await settled) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } })
    expect(performance.now() - stopped).toBeLessThan(DEADLINE + SLACK)
    // Known to be silent, it is not asked again by every request.
    const again = await Promise.all([read(), logIn(), asked('/health/ready')])
    for (const { status, took } of again) {
      expect(status).toBe(503)
      expect(took).toBeLessThan(SLACK)
    }

    postgres.thaw()
    for (let left = 50; left > 0 && (await asked('/health/ready')).status !== 200; left--) await sleep(100)
    // More than there are connections: none of them was lost.
    const back = await Promise.all([...Array.from({ length: 20 }, read), logIn(), writing()])
    expect(back.map(({ status }) => status)).toEqual(back.map(() => 200))
    expect(lines).toContain('the database gives no sign of life: requests are answered 503 until it does')
    expect(lines).toContain('the database answers again')
  })

  test('a slow statement of a database that lives is waited for', async () => {
    const slow = actingAs('user:1', () => app.store.db.query<{ done: string }>('SELECT pg_sleep(3)::text AS done'))
    expect(await slow).toEqual([{ done: '' }])
  })

  test('a process of ours that stands still for seconds does not take the database for silent', async () => {
    const slow = actingAs('user:1', () => app.store.db.query('SELECT pg_sleep(1)::text AS done'))
    await sleep(450)
    for (const end = performance.now() + 2_500; performance.now() < end; );
    expect(await slow).toEqual([{ done: '' }])
  })
})
