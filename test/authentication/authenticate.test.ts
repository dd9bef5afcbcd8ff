// Those who ask at the same moment are looked up together: each gets their own answer, and nobody another's.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthenticate } from '../../src/authentication/authenticate.ts'
import { createLastUsedTracker } from '../../src/authentication/last-used.ts'
import type { UserActor } from '../../src/authorization/actor.ts'
import { generateSecret } from '../../src/authorization/secret.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { Unauthenticated } from '../../src/platform/errors.ts'
import { makeUser, statementsOf } from '../harness/context.ts'
import { testStore } from '../harness/database.ts'

const MANY = 60
let store: Store
let secrets: { token: string; key: string; userId: number }[]

beforeAll(async () => {
  store = await testStore()
  const later = new Date(Date.now() + 3_600_000)
  const life = { lastUsed: new Date(), expiresAt: later, endsAt: later }
  secrets = []
  for (let i = 0; i < MANY; i++) {
    const { id: userId } = (await makeUser(store, `asker${i}`, i % 2 ? ['AUDIT'] : [])).user
    const [token, key] = [generateSecret('rt'), generateSecret('rk')]
    await store.db.prisma.token.create({ data: { userId, hash: token.hash, prefix: token.prefix, ...life } })
    await store.db.prisma.apiKey.create({ data: { userId, hash: key.hash, prefix: key.prefix } })
    secrets.push({ token: token.secret, key: key.secret, userId })
  }
}, 60_000)
afterAll(() => store.close())

const authenticator = () =>
  createAuthenticate(
    store.db,
    createLastUsedTracker(store.db, 3_600, () => {}),
  )

test('many at once: each their own, and one statement for all tokens, one for all keys', async () => {
  const authenticate = authenticator()
  const nobodys = generateSecret('rt').secret
  const sent = await statementsOf(store, async () => {
    const answers = await Promise.allSettled([
      ...secrets.map(({ token }) => authenticate(`Bearer ${token}`)),
      ...secrets.map(({ key }) => authenticate(`Bearer ${key}`)),
      authenticate(`Bearer ${nobodys}`),
      authenticate('Bearer rt_malformed'),
      authenticate(undefined),
      authenticate(`Bearer ${secrets[0]!.token}`),
    ])
    const actors = answers.map(answer => (answer.status === 'fulfilled' ? (answer.value as UserActor) : answer.reason))
    expect(actors.slice(0, 2 * MANY).map(actor => actor.user.id)).toEqual([...secrets, ...secrets].map(({ userId }) => userId))
    expect(actors.slice(0, MANY).map(actor => [...actor.permissions])).toEqual(secrets.map((_, i) => (i % 2 ? ['AUDIT'] : [])))
    expect(actors.slice(0, MANY).every(actor => actor.credential.kind === 'login')).toBe(true)
    expect(actors.slice(MANY, 2 * MANY).every(actor => actor.credential.kind === 'apikey')).toBe(true)
    for (const refusal of actors.slice(2 * MANY, 2 * MANY + 3)) expect(refusal).toBeInstanceOf(Unauthenticated)
    expect(actors.at(-1).user.id).toBe(secrets[0]!.userId)
  })
  expect(sent).toHaveLength(2)
})

test('nothing is kept from one moment to the next', async () => {
  const authenticate = authenticator()
  const { token, userId } = secrets[1]!
  await authenticate(`Bearer ${token}`)
  await store.db.prisma.user.update({ where: { id: userId }, data: { disabled: true } })
  await expect(authenticate(`Bearer ${token}`)).rejects.toThrow(Unauthenticated)
  await store.db.prisma.user.update({ where: { id: userId }, data: { disabled: false } })
  expect(await authenticate(`Bearer ${token}`)).toMatchObject({ user: { id: userId } })
})

test('a store that fails fails all who asked, and the next are looked up again', async () => {
  const { query } = store.db
  let failing = true
  const db = {
    ...store.db,
    query: ((...asked: Parameters<typeof query>) =>
      failing ? Promise.reject(new Error('gone')) : query(...asked)) as typeof query,
  }
  const authenticate = createAuthenticate(
    db,
    createLastUsedTracker(store.db, 3_600, () => {}),
  )
  const answers = await Promise.allSettled(secrets.slice(0, 3).map(({ token }) => authenticate(`Bearer ${token}`)))
  expect(answers.map(answer => answer.status)).toEqual(['rejected', 'rejected', 'rejected'])
  failing = false
  expect(await authenticate(`Bearer ${secrets[0]!.token}`)).toMatchObject({ user: { id: secrets[0]!.userId } })
})
