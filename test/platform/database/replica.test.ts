// Two servers: a primary and a streaming replica of it. What somebody wrote before is read, wherever it is read.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/platform/config/config.ts'
import { checkReplica } from '../../../src/platform/database/check.replica.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import type { Reads, Store } from '../../../src/platform/database/store.ts'
import { bootApp } from '../../harness/app.ts'
import { hasPostgres, type OwnPostgres, startPostgres } from '../../harness/own.postgres.ts'

const QUIET = ['log_min_messages=fatal']
const POLL = { timeout: 15_000, interval: 20 }

const isAtReplica = async ({ db }: Reads): Promise<boolean> => {
  const [row] = await db.query<{ is: boolean }>('SELECT pg_is_in_recovery() AS is')
  return row!.is
}

/** Of a request that the replica answers: on a busy machine it is behind now and then. */
async function readsAtReplica(store: Store): Promise<Reads> {
  let reads = store.reads()
  const next = () => {
    reads = store.reads()
    return isAtReplica(reads)
  }
  await expect.poll(next, POLL).toBe(true)
  return reads
}

describe.skipIf(!hasPostgres())('a read replica', () => {
  let primary: OwnPostgres
  let standby: OwnPostgres
  const lines: string[] = []
  const note = (line: string) => void lines.push(line)
  const log = { info: note, warn: note, error: note }
  const stores: Store[] = []

  async function open(readUrl: string): Promise<Store> {
    const store = await openStore({ databaseUrl: primary.url, readUrl, dataDir: 'unused', log })
    stores.push(store)
    return store
  }

  async function onStandbyRows(text: string): Promise<Record<string, any>[]> {
    const client = new pg.Client(standby.url)
    await client.connect()
    const { rows } = await client.query(text)
    await client.end()
    return rows
  }
  const onStandby = async (text: string) => void (await onStandbyRows(text))
  const delay = async (ms: number) => {
    await onStandby(`ALTER SYSTEM SET recovery_min_apply_delay = ${ms}`)
    await onStandby('SELECT pg_reload_conf()')
    await sleep(100)
  }

  beforeAll(async () => {
    primary = await startPostgres({ settings: QUIET })
    const store = await openStore({ databaseUrl: primary.url, dataDir: 'unused' })
    await store.statement('CREATE TABLE notes (n int)', [])
    await store.close()
    standby = await startPostgres({ standbyOf: primary.url, settings: QUIET })
  }, 120_000)
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    lines.length = 0
  })
  afterAll(async () => {
    await standby?.end()
    await primary?.end()
  })

  const write = (store: Store, n: number) => store.transaction(db => db.query('INSERT INTO notes VALUES ($1)', [n]))
  const count = async ({ db }: Reads) => (await db.query<{ n: number }>('SELECT count(*)::int AS n FROM notes'))[0]!.n

  test('answers reads; what is read in a request that writes comes from the primary', async () => {
    const store = await open(standby.url)
    const reads = await readsAtReplica(store)
    expect(await isAtReplica(reads)).toBe(true)
    reads.wrote()
    expect(await isAtReplica(reads)).toBe(false)
  })

  test('never shows less than what was written before, at any instance', async () => {
    const [one, other] = [await open(standby.url), await open(standby.url)]
    const before = await count(one.reads())
    const places = { primary: 0, replica: 0 }
    for (let n = 1; n <= 60; n++) {
      await write(n % 2 === 0 ? one : other, n)
      const reads = (n % 3 === 0 ? one : other).reads()
      expect(await count(reads)).toBe(before + n)
      places[(await isAtReplica(reads)) ? 'replica' : 'primary']++
      await sleep(n % 5)
    }
    expect(places.replica).toBeGreaterThan(0)
  })

  test('is not waited for when it is far behind, and answers again when it has caught up', async () => {
    const store = await open(standby.url)
    await expect.poll(() => isAtReplica(store.reads()), POLL).toBe(true)
    await delay(700)
    try {
      const before = await count(store.reads())
      await write(store, 1)
      const began = performance.now()
      const reads = store.reads()
      expect(await count(reads)).toBe(before + 1)
      expect(await isAtReplica(reads)).toBe(false)
      expect(performance.now() - began).toBeLessThan(500)
      await expect.poll(() => isAtReplica(store.reads()), POLL).toBe(true)
    } finally {
      await delay(0)
    }
  })

  test('a statement that writes goes to the primary, and so does the rest of its request', async () => {
    const store = await open(standby.url)
    const reads = await readsAtReplica(store)
    await reads.db.query('INSERT INTO notes VALUES (0)')
    expect(await isAtReplica(reads)).toBe(false)
    await readsAtReplica(store)
    expect(lines).toEqual([])
  })

  test('an error of the statement is its own', async () => {
    const store = await open(standby.url)
    await expect(store.reads().db.query('SELECT nothing FROM notes')).rejects.toThrow('column "nothing" does not exist')
    expect(lines).toEqual([])
  })

  test('is left out while it gives no sign of life, and taken back', async () => {
    const store = await open(standby.url)
    await expect.poll(() => isAtReplica(store.reads()), POLL).toBe(true)
    standby.freeze()
    try {
      const began = performance.now()
      const answers = await Promise.all(Array.from({ length: 5 }, () => isAtReplica(store.reads())))
      expect(answers).toEqual(Array(5).fill(false))
      expect(performance.now() - began).toBeLessThan(4_000)
      const next = performance.now()
      expect(await isAtReplica(store.reads())).toBe(false)
      expect(performance.now() - next).toBeLessThan(500)
    } finally {
      standby.thaw()
    }
    await expect.poll(() => isAtReplica(store.reads()), POLL).toBe(true)
    const known = lines.filter(line => line.includes('replica'))
    expect(known).toEqual([
      expect.stringMatching(/^the read replica is left out, the primary answers: /),
      'the read replica answers again',
    ])
  })

  test('an address that nobody answers costs nothing but a line in the log', async () => {
    const store = await open('postgresql://postgres@127.0.0.1:1/postgres')
    expect(await isAtReplica(store.reads())).toBe(false)
    expect(await isAtReplica(store.reads())).toBe(false)
    expect(lines).toEqual([expect.stringMatching(/^the read replica is left out, the primary answers: .*ECONNREFUSED/)])
  })

  test('the primary itself, and a server that follows another one, are no replica', async () => {
    const self = await open(primary.url)
    expect(await isAtReplica(self.reads())).toBe(false)
    expect(lines.splice(0)).toEqual([expect.stringContaining('it is no replica any more')])
    const stranger = await startPostgres({ settings: QUIET })
    try {
      const store = await open(stranger.url)
      expect(await count(store.reads())).toBeGreaterThan(0)
      expect(lines).toEqual([expect.stringContaining('it is no replica of DATABASE_URL')])
    } finally {
      for (const store of stores.splice(0)) await store.close()
      await stranger.end()
    }
  })

  test('the check of the settings knows a replica, a primary and an address that nobody answers', async () => {
    const client = new pg.Client(primary.url)
    await client.connect()
    const check = (url: string) => checkReplica(client, { url, limit: 2_000 })
    try {
      expect(await check(standby.url)).toMatchObject({
        status: 'ok',
        detail: expect.stringMatching(/^answers reads, \d+ KB behind$/),
      })
      expect(await check(primary.url)).toMatchObject({ status: 'fault', detail: 'DATABASE_READ_URL leads to a primary' })
      const nobody = await check('postgresql://roster:geheim@127.0.0.1:1/postgres')
      expect(nobody).toMatchObject({ status: 'fault', detail: expect.stringContaining('ECONNREFUSED') })
      expect(JSON.stringify(nobody)).not.toContain('geheim')
    } finally {
      await client.end()
    }
  })

  test('what an instance has created is found at once by another one, and lists come from the replica', async () => {
    const one = await bootApp({ opens: () => open(standby.url) })
    const store = await open(standby.url)
    const other = await startApp(loadConfig({ PORT: '0', LOG_LEVEL: 'silent' }), { store, background: false })
    // Each app closes its own.
    stores.length = 0
    const url = `http://127.0.0.1:${other.port}`
    const headers = { authorization: `Bearer ${one.admin.token}`, 'content-type': 'application/json' }
    try {
      for (let n = 0; n < 25; n++) {
        const { data } = await one.graphql(`mutation { createGroup(input: { name: "g${n}" }) { group { databaseId } } }`)
        const found = await fetch(`${url}/bim/group/${data.createGroup.group.databaseId}`, { headers })
        expect(found.status).toBe(200)
      }
      await expect.poll(() => isAtReplica(store.reads()), POLL).toBe(true)
      const texts: string[] = []
      const stop = store.onStatement(text => texts.push(text))
      const query = '{ groups(first: 3) { nodes { name members(first: 2) { nodes { user { userid } } } } } }'
      const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
      stop()
      expect(((await answer.json()) as any).data.groups.nodes).toHaveLength(3)
      const seen = await onStandbyRows(`SELECT query FROM pg_stat_activity WHERE application_name = 'roster reads'`)
      expect(seen.some(({ query }) => texts.includes(query))).toBe(true)
    } finally {
      await other.stop()
      await one.close()
    }
  }, 60_000)

  test('a replica that becomes a primary is left out', async () => {
    const store = await open(standby.url)
    await expect.poll(() => isAtReplica(store.reads()), POLL).toBe(true)
    const before = await count(store.reads())
    await onStandby('SELECT pg_promote()')
    await write(store, 1)
    expect(await count(store.reads())).toBe(before + 1)
    expect(lines).toEqual([expect.stringContaining('it is no replica any more')])
  })
})
