import type { LastUsedTracker } from '../authorization/ports.ts'
import type { Db } from '../platform/database/store.ts'

type Kind = Parameters<LastUsedTracker['record']>[0]
const KINDS: readonly Kind[] = ['key', 'token', 'scim']

const FLUSH_EVERY_MS = 500

/** First uses within a second, later ones once a minute. */
export function createLastUsedTracker(db: Db, idleSeconds: number, onError: (error: unknown) => void): LastUsedTracker {
  // Short sliding lifetimes need earlier writes.
  const interval = Math.min(60_000, (idleSeconds * 1000) / 2)
  const empty = (): Record<Kind, Map<number, number>> => ({ key: new Map(), token: new Map(), scim: new Map() })
  const [written, waiting] = [empty(), empty()]

  async function flush() {
    for (const kind of KINDS) {
      const batch = [...waiting[kind]]
      if (batch.length === 0) continue
      waiting[kind].clear()
      const ids = batch.map(([id]) => id)
      const times = batch.map(([, at]) => new Date(at))
      await (kind === 'token' ? writeTokens(db, ids, { times, idleSeconds }) : writeKeys(db, TABLES[kind], { ids, times })).catch(
        onError,
      )
    }
    // Older entries are not needed; bounds memory.
    const old = Date.now() - interval
    for (const kind of KINDS) for (const [id, at] of written[kind]) if (at < old) written[kind].delete(id)
  }

  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS)
  timer.unref()
  return {
    record(kind, id, now) {
      const last = written[kind].get(id)
      if (last !== undefined && now.getTime() - last < interval) return
      written[kind].set(id, now.getTime())
      waiting[kind].set(id, now.getTime())
    },
    flush,
    async stop() {
      clearInterval(timer)
      await flush()
    },
  }
}

const TABLES = { key: 'api_keys', scim: 'scim_keys' } as const

const writeKeys = (db: Db, table: (typeof TABLES)[keyof typeof TABLES], { ids, times }: { ids: number[]; times: Date[] }) =>
  db.query(
    `UPDATE ${table} k SET last_used = greatest(k.last_used, u.at)
       FROM unnest($1::int[], $2::timestamptz[]) u(id, at) WHERE k.id = u.id`,
    [ids, times],
  )

const writeTokens = (db: Db, ids: number[], { times, idleSeconds }: { times: Date[]; idleSeconds: number }) =>
  db.query(
    `UPDATE tokens t SET last_used = greatest(t.last_used, u.at), updated_at = greatest(t.updated_at, u.at),
            expires_at = least(t.ends_at, greatest(t.last_used, u.at) + $3::int * interval '1 second')
       FROM unnest($1::int[], $2::timestamptz[]) u(id, at) WHERE t.id = u.id`,
    [ids, times, idleSeconds],
  )
