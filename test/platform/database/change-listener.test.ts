// Changes of access that other instances make: when they are known, and when not.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChangedUsers } from '../../../src/platform/database/access-changes.ts'
import { ORIGIN } from '../../../src/platform/database/change-listener.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testDatabase } from '../../harness/database.ts'
import { needsServer } from './both.ts'

const POLL = { timeout: 10_000, interval: 20 }

describe.skipIf(!needsServer())('a server', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let lines: string[]
  const closing: (() => unknown)[] = []
  const log = {
    info: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
    error: (line: string) => void lines.push(line),
  }
  const open = async (directUrl: string | null = null) => {
    const store = await openStore({ databaseUrl: database.url, directUrl, dataDir: 'unused', log })
    closing.push(() => store.close())
    return store
  }
  const received = (store: Store) => {
    const changes: ChangedUsers[] = []
    store.changes.subscribe(users => changes.push(users))
    return changes
  }
  const areKnown = (store: Store) => () => store.changes.areKnown(Date.now())

  beforeEach(async () => {
    database = await testDatabase({ migrated: true })
    lines = []
  })
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
    await database.drop()
  })

  test('a store that does not listen knows no changes of others', async () => {
    expect(areKnown(await open())()).toBe(false)
  })

  test('a change of one arrives at the other after its commit, and one that is rolled back does not', async () => {
    const [one, other] = [await open(), await open()]
    await other.changes.listen()
    await expect.poll(areKnown(other), POLL).toBe(true)
    const user = { iamid: 'bim', userid: 'a', useridKey: 'a', name: 'A', nameKey: 'a' }
    const { id } = await one.db.prisma.user.create({ data: user })
    const [here, there] = [received(one), received(other)]
    const disable = one.transaction(async db => {
      await db.query('UPDATE users SET disabled = true WHERE id = $1', [id])
      throw new Error('no')
    })
    await expect(disable).rejects.toThrow('no')
    expect(here).toEqual([])
    await one.db.query('UPDATE users SET disabled = true WHERE id = $1', [id])
    expect(here).toEqual([[id]])
    await expect.poll(() => there, POLL).toEqual([[id]])
  })

  test('what is granted to somebody without a credential is not sent to others, what is taken away is', async () => {
    const [one, other] = [await open(), await open()]
    await other.changes.listen()
    await expect.poll(areKnown(other), POLL).toBe(true)
    const user = { iamid: 'bim', userid: 'a', useridKey: 'a', name: 'A', nameKey: 'a' }
    const { id } = await one.db.prisma.user.create({ data: user })
    const [here, there] = [received(one), received(other)]
    const grant = (permission: string) =>
      one.db.query('INSERT INTO user_permissions (user_id, permission) VALUES ($1, $2)', [id, permission])
    await grant('AUDIT')
    expect(here).toEqual([[id]])
    await one.db.prisma.apiKey.create({ data: { userId: id, prefix: 'rk', hash: Buffer.alloc(32) } })
    await grant('GOVERNANCE')
    await expect.poll(() => there, POLL).toEqual([[id]])
    await one.db.query('DELETE FROM api_keys')
    await one.db.query('DELETE FROM user_permissions')
    await expect.poll(() => there, POLL).toEqual([[id], [id], [id]])
  })

  test('more users than a notification can name are everybody', async () => {
    const store = await open()
    await store.db.query(`INSERT INTO users (iamid, userid, userid_key, name, name_key)
      SELECT 'bim', 'u' || n, 'u' || n, 'u', 'u' FROM generate_series(1, 501) n`)
    const changes = received(store)
    await store.db.query('DELETE FROM users WHERE id IN (SELECT id FROM users ORDER BY id LIMIT 500)')
    expect(new Set(changes[0]).size).toBe(500)
    await store.db.query(`INSERT INTO users (iamid, userid, userid_key, name, name_key)
      SELECT 'bim', 'v' || n, 'v' || n, 'v', 'v' FROM generate_series(1, 501) n`)
    await store.db.query('DELETE FROM users')
    expect(changes.at(-1)).toBeNull()
  })

  test('a lost connection is made again, and what happened meanwhile may be anything', async () => {
    const store = await open()
    await store.changes.listen()
    await expect.poll(areKnown(store), POLL).toBe(true)
    const changes = received(store)
    await store.db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'roster changes' AND datname = current_database()`)
    await expect.poll(areKnown(store), POLL).toBe(false)
    await expect.poll(areKnown(store), POLL).toBe(true)
    expect(changes).toEqual([null])
    expect(lines).toEqual([
      expect.stringMatching(/^Changes of access by other instances are not received, so credentials are not cached: /),
      'Changes of access by other instances are received again',
    ])
  })

  test('a connection that falls silent counts as unknown within a second, until its beats arrive again', async () => {
    const proxy = await between(database.url)
    closing.push(() => proxy.close())
    const store = await open(proxy.url)
    await store.changes.listen()
    await expect.poll(areKnown(store), POLL).toBe(true)
    proxy.pause()
    const paused = Date.now()
    expect(store.changes.areKnown(paused + 1_000)).toBe(false)
    await expect.poll(areKnown(store), POLL).toBe(false)
    proxy.resume()
    await expect.poll(areKnown(store), POLL).toBe(true)
  })

  test('a pooler is noticed', async () => {
    const proxy = await between(database.url, { asPooler: true })
    closing.push(() => proxy.close())
    const store = await open(proxy.url)
    await store.changes.listen()
    await expect.poll(() => lines.join(), POLL).toMatch(/a pooler is between Roster and PostgreSQL: set DATABASE_DIRECT_URL/)
    expect(areKnown(store)()).toBe(false)
  })

  test('a direct address of another database is noticed', async () => {
    const another = await testDatabase({ migrated: true })
    closing.push(() => another.drop())
    const store = await open(another.url)
    await store.changes.listen()
    await expect.poll(areKnown(store), POLL).toBe(true)
    const [row] = await store.db.query<{ origin: string }>(`SELECT ${ORIGIN} AS origin`)
    expect(store.changes.areOf(row!.origin)).toBe(false)
    expect(lines.join()).toMatch(/DATABASE_DIRECT_URL leads to another server or database than DATABASE_URL/)
  })
})

/** A proxy before the server that can stop forwarding. `asPooler`: it has process ids of its own. */
async function between(to: string, { asPooler = false } = {}) {
  const url = new URL(to)
  const { port, hostname } = url
  const sockets = new Set<Socket>()
  const server: Server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', data => client.write(asPooler ? withOtherKey(data) : data))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    pause: () => sockets.forEach(socket => void socket.pause()),
    resume: () => sockets.forEach(socket => void socket.resume()),
    close: () => {
      server.close()
      sockets.forEach(socket => void socket.destroy())
    },
  }
}

/** BackendKeyData: 'K', its length of 12, the process id, the key. */
function withOtherKey(data: Buffer): Buffer {
  const at = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  if (at >= 0) data.writeInt32BE(data.readInt32BE(at + 5) + 1, at + 5)
  return data
}
