import { AsyncResource } from 'node:async_hooks'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { command, unchanged } from '../../../src/authorization/service.ts'
import { actingAs } from '../../../src/platform/database/current-actor.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { type RosterError, Unavailable } from '../../../src/platform/errors.ts'
import { testContext } from '../../harness/context.ts'
import { testDatabase } from '../../harness/database.ts'
import { needsServer } from './both.ts'

it('says which server does not answer, and keeps its password to itself', async () => {
  const opening = openStore({ databaseUrl: 'postgresql://roster:hunter2@127.0.0.1:1/people', dataDir: 'unused' })
  const error = await opening.then(
    () => null,
    (failure: unknown) => failure,
  )
  expect(error).toBeInstanceOf(Unavailable)
  expect(error).toMatchObject({ retryAfter: 5, message: expect.stringContaining('127.0.0.1:1/people') })
  expect(String(error)).not.toContain('hunter2')
})

describe.skipIf(!needsServer())('a server', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  const open: Store[] = []
  const start = async (url = database.url, options: { pool?: number; wait?: number } = {}) => {
    const store = await openStore({ databaseUrl: url, dataDir: 'unused', ...options })
    open.push(store)
    return store
  }
  beforeEach(async () => {
    database = await testDatabase({ migrated: true })
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map(store => store.close()))
    await database.drop()
  })

  it('is brought up by two processes at once', async () => {
    const empty = await testDatabase({ migrated: false })
    const stores = await Promise.all([start(empty.url), start(empty.url), start(empty.url)])
    expect(await Promise.all(stores.map(store => store.db.prisma.iam.count()))).toEqual([1, 1, 1])
    const [history] = await stores[0]!.db.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM _prisma_migrations WHERE finished_at IS NOT NULL',
    )
    const names = await stores[0]!.db.query<{ n: number }>(
      'SELECT count(DISTINCT migration_name)::int AS n FROM _prisma_migrations',
    )
    expect(names).toEqual([history])
    await Promise.all(open.splice(0).map(store => store.close()))
    await empty.drop()
  })

  it('may have any time zone and isolation level: instants stay instants', async () => {
    const admin = new pg.Client(database.url)
    await admin.connect()
    const name = new URL(database.url).pathname.slice(1)
    await admin.query(`ALTER DATABASE "${name}" SET timezone = 'Asia/Kolkata'`)
    await admin.query(`ALTER DATABASE "${name}" SET default_transaction_isolation = 'serializable'`)
    await admin.end()
    const store = await start()
    const at = new Date('2026-01-15T10:00:00Z')
    const token = await store.db.prisma.user.create({
      data: { iamid: 'bim', userid: 'a', useridKey: 'a', name: 'A', nameKey: 'a', lastLogin: at },
    })
    expect(token.lastLogin).toEqual(at)
    expect(Math.abs(token.createdAt.getTime() - Date.now())).toBeLessThan(3_600_000)
    expect(await store.db.query('SELECT extract(epoch FROM last_login)::int AS seconds FROM users')).toEqual([
      { seconds: at.getTime() / 1000 },
    ])
    const level = 'SELECT current_setting($1) AS level'
    expect(await store.transaction(db => db.query(level, ['transaction_isolation']))).toEqual([{ level: 'read committed' }])
  })

  it('may end our idle connections: the process lives and asks again', async () => {
    const store = await start()
    await Promise.all([store.ping(), store.ping(), store.ping()])
    const admin = new pg.Client(database.url)
    await admin.connect()
    const ended = await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    await admin.end()
    expect(ended.rowCount).toBeGreaterThan(0)
    // Some connections may still look open. A statement on a closed one is Unavailable, and no connection fails twice.
    let answered = 0
    for (let attempt = 0; attempt < 20 && !answered; attempt++) {
      answered = await store.db.query<{ n: number }>('SELECT 1 AS n').then(
        rows => rows.length,
        error => {
          expect(error).toBeInstanceOf(Unavailable)
          return 0
        },
      )
    }
    expect(answered).toBe(1)
  })

  it('may end a connection inside a transaction: Unavailable, and nothing was kept', async () => {
    const store = await start()
    const work = store.transaction(async db => {
      await db.query("INSERT INTO projects (name, name_key, project_key) VALUES ('P', 'p', 'p')")
      await db.query('SELECT pg_terminate_backend(pg_backend_pid())')
    })
    await expect(work).rejects.toBeInstanceOf(Unavailable)
    expect(await store.db.prisma.project.count()).toBe(0)
  })

  it('that is gone makes everything Unavailable, and works again when it is back', async () => {
    const proxy = await startProxy(new URL(database.url))
    const store = await start(proxy.url)
    await store.ping()
    await proxy.down()
    await expect(store.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5 })
    await expect(store.db.query('SELECT 1')).rejects.toBeInstanceOf(Unavailable)
    await expect(store.transaction(db => db.query('SELECT 1'))).rejects.toBeInstanceOf(Unavailable)
    await proxy.up()
    await expect(store.ping()).resolves.toBeUndefined()
    await store.close()
    open.length = 0
    await proxy.down()
  })

  it('that accepts and never answers makes a ping Unavailable', async () => {
    const proxy = await startProxy(new URL(database.url))
    const store = await start(proxy.url)
    proxy.freeze()
    await expect(store.ping()).rejects.toBeInstanceOf(Unavailable)
    await proxy.down()
  })

  it('whose pool is exhausted makes those who wait too long Unavailable, or TooMany where the pool is full of their own', async () => {
    const store = await start(database.url, { pool: 1, wait: 300 })
    await actingAs('user:1', () =>
      store.transaction(async db => {
        const waiting = (actor: string) => outside(() => actingAs(actor, () => store.db.query('SELECT 1')))
        await Promise.all([
          expect(waiting('user:2')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5 }),
          expect(waiting('user:1')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfter: 1 }),
        ])
        await db.query('SELECT 1')
      }),
    )
    expect(await store.db.query('SELECT 1 AS n')).toEqual([{ n: 1 }])
  })

  it('stops a statement at its time limit: too expensive, naming what was asked, and no invitation to try again', async () => {
    const store = await start()
    const slow = (db: Db) => db.query('SET LOCAL statement_timeout = 100').then(() => db.query('SELECT pg_sleep(5)'))
    const error = await store.transaction(slow).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'REFUSED', message: expect.stringMatching(/^This request took the store too long/) })
    expect((error as RosterError).retryAfter).toBeUndefined()
    const byPrisma = (db: Db) =>
      db.query('SET LOCAL statement_timeout = 100').then(() => db.prisma.$queryRaw`SELECT pg_sleep(5)::text`)
    await expect(store.transaction(byPrisma)).rejects.toMatchObject({ code: 'REFUSED' })
    const context = testContext({ actor: operator, store })
    const service = command('user:updateProfile', async ({ db }) => unchanged(await slow(db)))
    await expect(service(context, {})).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/^user:updateProfile took the store too long and was stopped: ask for less at a time/),
    })
  })

  it('lets two writers in opposite order collide as Unavailable, not as a fault', async () => {
    const store = await start()
    await store.db.query('CREATE TABLE pairs (id int PRIMARY KEY, n int)')
    await store.db.query('INSERT INTO pairs VALUES (1, 0), (2, 0)')
    let arrived = 0
    const both = Promise.withResolvers<void>()
    const write = (first: number, second: number) =>
      store.transaction(async db => {
        await db.query('UPDATE pairs SET n = n + 1 WHERE id = $1', [first])
        if (++arrived === 2) both.resolve()
        await both.promise
        await db.query('UPDATE pairs SET n = n + 1 WHERE id = $1', [second])
      })
    const results = await Promise.allSettled([write(1, 2), write(2, 1)])
    const failed = results.filter(result => result.status === 'rejected')
    expect(failed).toHaveLength(1)
    expect(failed[0]?.reason).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 1 })
    expect(await store.db.query('SELECT n FROM pairs')).toEqual([{ n: 1 }, { n: 1 }])
  })
})

/** A context made before any transaction, as another request's is. */
const elsewhere = new AsyncResource('another request')
function outside<T>(work: () => T): T {
  return elsewhere.runInAsyncScope(work)
}

/** A real TCP way to the server that can be cut, mended and held up. */
async function startProxy(target: URL) {
  const sockets = new Set<Socket>()
  let frozen = false
  const server = createServer(near => {
    if (frozen) return void sockets.add(near)
    const far = dial(Number(target.port), target.hostname)
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    near.pipe(far).pipe(near)
  })
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    up: () => listen(port),
    freeze: () => {
      frozen = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    down: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
