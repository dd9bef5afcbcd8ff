// Whatever changes and whatever is read meanwhile: after each answered change a remembered credential opens what a fresh look-up says.
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actorOf, createAuthenticate } from '../../src/authentication/authenticate.ts'
import { createLastUsedTracker } from '../../src/authentication/last-used.ts'
import type { Actor, UserActor } from '../../src/authorization/actor.ts'
import { CredentialCache } from '../../src/authorization/credential-cache.ts'
import { generateSecret } from '../../src/authorization/secret.ts'
import type { Db, Store } from '../../src/platform/database/store.ts'
import { makeUser } from '../harness/context.ts'
import { onBothStores } from '../platform/database/both.ts'

const USERS = 3
const ROLLED_BACK = new Error('rolled back')

/** $1: a user. None of them fails, whatever came before. */
const CHANGES = {
  disable: 'UPDATE users SET disabled = NOT disabled WHERE id = $1',
  rename: `UPDATE users SET userid = userid || 'x', userid_key = userid_key || 'x' WHERE id = $1`,
  profile: 'UPDATE users SET name = name, updated_at = now() WHERE id = $1',
  grant: `INSERT INTO user_permissions (user_id, permission) VALUES ($1, 'IMPERSONATE_USER') ON CONFLICT DO NOTHING`,
  revoke: 'DELETE FROM user_permissions WHERE user_id = $1',
  join: `INSERT INTO memberships (user_id, group_id) SELECT $1, id FROM groups WHERE name_key IN ('crew', 'other') ON CONFLICT DO NOTHING`,
  leave: 'DELETE FROM memberships WHERE user_id = $1',
  regroup: `UPDATE groups SET name_key = CASE name_key WHEN 'crew' THEN 'other' ELSE 'crew' END
    WHERE id = (SELECT min(id) FROM groups WHERE $1 > 0) AND (SELECT count(*) FROM groups) = 1`,
  rule: `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission)
    SELECT 'bim', 'Crew', 'crew', 'AUDIT' WHERE $1 > 0 ON CONFLICT DO NOTHING`,
  norule: 'DELETE FROM iam_group_permissions WHERE $1 > 0',
  unfinished: `UPDATE groups SET unfinished_at = CASE WHEN unfinished_at IS NULL THEN now() END WHERE $1 > 0`,
  scopes: `UPDATE api_keys SET scopes = CASE WHEN scopes = '{}' THEN '{read}'::text[] ELSE '{}' END WHERE user_id = $1`,
  end: 'DELETE FROM tokens WHERE user_id = $1 OR impersonator_id = $1',
  expire: `UPDATE api_keys SET expires_at = CASE WHEN expires_at IS NULL THEN now() - interval '1 s' END WHERE user_id = $1`,
  used: `UPDATE tokens SET last_used = now(), expires_at = ends_at WHERE user_id = $1`,
} as const

const step = fc.record({
  change: fc.constantFrom(...(Object.keys(CHANGES) as (keyof typeof CHANGES)[])),
  user: fc.nat(USERS - 1),
  how: fc.constantFrom('alone' as const, 'transaction' as const, 'rolled back' as const),
})

interface Stage {
  readonly users: readonly UserActor[]
  readonly secrets: readonly string[]
}

async function staged({ db }: Store, run: number): Promise<Stage> {
  await db.query('DELETE FROM iam_group_permissions')
  await db.query('DELETE FROM groups')
  await db.query(`INSERT INTO groups (iamid, name, name_key) VALUES ('bim', 'Crew', 'crew')`)
  const users: UserActor[] = []
  for (let i = 0; i < USERS; i++) users.push(await makeUser({ db } as Store, `u${run}-${i}`, ['IMPERSONATE_USER']))
  const later = new Date(Date.now() + 3_600_000)
  const life = { lastUsed: new Date(), expiresAt: later, endsAt: later }
  const secrets: string[] = []
  for (const [i, { user }] of users.entries()) {
    const [login, acting, key] = [generateSecret('rt'), generateSecret('rt'), generateSecret('rk')]
    const impersonatorId = users[(i + 1) % USERS]!.user.id
    await db.prisma.apiKey.create({ data: { userId: user.id, hash: key.hash, prefix: key.prefix } })
    await db.prisma.token.create({ data: { userId: user.id, hash: login.hash, prefix: login.prefix, ...life } })
    await db.prisma.token.create({ data: { userId: user.id, impersonatorId, hash: acting.hash, prefix: acting.prefix, ...life } })
    secrets.push(login.secret, acting.secret, key.secret)
  }
  return { users, secrets }
}

async function made(store: Store, how: 'alone' | 'transaction' | 'rolled back', work: (db: Db) => Promise<unknown>) {
  if (how === 'alone') return work(store.db)
  const done = store.transaction(async db => {
    await work(db)
    if (how === 'rolled back') throw ROLLED_BACK
  })
  return done.catch(error => {
    if (error !== ROLLED_BACK) throw error
  })
}

onBothStores('random changes and reads', open =>
  describe('agree', () => {
    test('the cached actor is the fresh one after each change', async () => {
      const store = await open()
      const lastUsed = createLastUsedTracker(store.db, 3_600, () => {})
      await store.changes.listen()
      const cache = new CredentialCache<UserActor>(store.changes, 60)
      const authenticate = createAuthenticate(store.db, lastUsed, cache)
      const cached = (secret: string): Promise<Actor | null> => authenticate(`Bearer ${secret}`).catch(() => null)
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async steps => {
          const { users, secrets } = await staged(store, run++)
          let isOver = false
          const reader = async () => {
            for (let i = 0; !isOver; i++) {
              await cached(secrets[i % secrets.length]!)
              await setImmediate()
            }
          }
          const readers = [reader(), reader()]
          try {
            for (const { change, user, how } of steps) {
              await made(store, how, db => db.query(CHANGES[change], [users[user]!.user.id]))
              const remembered = await Promise.all(secrets.map(cached))
              const fresh = await Promise.all(secrets.map(secret => actorOf(store.db, secret, new Date())))
              expect(remembered, `${change} ${how}`).toEqual(fresh)
            }
          } finally {
            isOver = true
            await Promise.all(readers)
          }
        }),
        { numRuns: 12 },
      )
      await store.close()
    }, 120_000)
  }),
)
