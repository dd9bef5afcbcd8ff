// What ends tokens and keys, and when their use shows.

import { afterAll, describe, expect, test } from 'vitest'
import { toGlobalId } from '../../src/api/graphql/node.ids.ts'
import { make } from '../api/graphql/make.ts'
import { bootApp, type Person } from '../harness/app.ts'
import { asking, CREATE_KEY } from './asking.ts'

const app = await bootApp()
afterAll(() => app.close())
const on = { app }
const { alive, run, sql } = asking(app)
const createKey = (token: string, input: object) => run(token, CREATE_KEY, { input })

describe('what ends a credential at once', () => {
  async function credentials() {
    const owner = await app.as([])
    const key = await owner.key()
    const [second, keyToken] = [await make.logIn(on, owner.userid, owner.password), await make.keyToken(on, key)]
    const state = async () => ({
      login: await alive(owner.token),
      second: await alive(second),
      key: await alive(key),
      keyToken: await alive(keyToken),
    })
    return { owner, key, second, state }
  }
  const ref = (owner: Person) => `ref: { databaseId: ${owner.id} }`
  const all = (value: boolean) => ({ login: value, second: value, key: value, keyToken: value })

  test('disabling ends all of them; enabling revives the key and no token', async () => {
    const { owner, state } = await credentials()
    await run(app.admin.token, `mutation { setUserDisabled(input: { ${ref(owner)}, disabled: true }) { user { id } } }`)
    expect(await state()).toEqual(all(false))
    await run(app.admin.token, `mutation { setUserDisabled(input: { ${ref(owner)}, disabled: false }) { user { id } } }`)
    expect(await state()).toEqual({ ...all(false), key: true })
  })

  test('deleting the user ends all of them', async () => {
    const { owner, state } = await credentials()
    await run(app.admin.token, `mutation { deleteUser(input: { ${ref(owner)} }) { deletedId } }`)
    expect(await state()).toEqual(all(false))
  })

  test('a changed password ends other log-ins; the one that changed it and the keys stay', async () => {
    const { owner, state } = await credentials()
    const change = `mutation ($old: String!) { setPassword(input: { ${ref(owner)}, originalPassword: $old, password: "another" }) { success } }`
    await run(owner.token, change, { old: owner.password })
    expect(await state()).toEqual({ ...all(true), second: false })
    await expect(make.logIn(on, owner.userid, owner.password)).rejects.toThrow(/wrong/)
  })

  test('a password set by an administrator ends every log-in', async () => {
    const { owner, state } = await credentials()
    await run(app.admin.token, `mutation { setPassword(input: { ${ref(owner)}, password: "another" }) { success } }`)
    expect(await state()).toEqual({ login: false, second: false, key: true, keyToken: true })
  })

  test('signing out everywhere ends tokens; keys stay', async () => {
    const { owner, state } = await credentials()
    await run(owner.token, `mutation { signOutEverywhere(input: { ${ref(owner)} }) { revokedTokens } }`)
    expect(await state()).toEqual({ ...all(false), key: true })
  })

  test('logging out ends this token and no other', async () => {
    const { owner, state } = await credentials()
    expect(await run(owner.token, 'mutation { logOut { revokedTokens } }')).toEqual({ revokedTokens: 1 })
    expect(await state()).toEqual({ ...all(true), login: false })
  })

  test("revoking ends one's own tokens by their ids; others' are passed over", async () => {
    const { owner, second, state } = await credentials()
    const other = await app.as([])
    const idOf = async (token: string) =>
      (await run(token, 'query ($token: String!) { tokenInformation(token: $token) { id } }', { token })).id
    const ids = [await idOf(second), await idOf(other.token), toGlobalId('Token', 2_147_483_647)]
    expect(
      await run(owner.token, 'mutation ($ids: [ID!]!) { revokeTokens(input: { ids: $ids }) { revokedTokens } }', { ids }),
    ).toEqual({ revokedTokens: 1 })
    expect(await state()).toEqual({ ...all(true), second: false })
    expect(await alive(other.token)).toBe(true)
  })
})

describe('use', () => {
  const TOKEN = 'query ($token: String!) { tokenInformation(token: $token) { id: databaseId lastUsed expiration createdAt } }'

  test('issuing a token is its first use, and in the same moment a use of its key', async () => {
    const owner = await app.as([])
    const { secret, apiKey } = await createKey(owner.token, {})
    const [unused] = await sql<{ last: Date | null }>('SELECT last_used AS last FROM api_keys WHERE id = $1', apiKey.id)
    expect(unused!.last).toBeNull()
    await make.keyToken(on, secret)
    const [row] = await sql<{ created: Date; token: Date; key: Date }>(
      'SELECT t.created_at AS created, t.last_used AS token, k.last_used AS key FROM tokens t JOIN api_keys k ON k.id = t.api_key_id WHERE k.id = $1',
      apiKey.id,
    )
    expect([row!.token, row!.key]).toEqual([row!.created, row!.created])
  })

  test('of a key shows soon after the first, and further ones are not written before a minute is over', async () => {
    const { secret, apiKey } = await createKey((await app.as([])).token, {})
    const lastUsed = async () =>
      (await sql<{ last: Date | null }>('SELECT last_used AS last FROM api_keys WHERE id = $1', apiKey.id))[0]!.last
    await alive(secret)
    await expect.poll(lastUsed, { timeout: 15_000 }).toBeInstanceOf(Date)
    const written: string[] = []
    const stop = app.store.onStatement(text => written.push(text))
    for (let use = 0; use < 20; use++) await alive(secret)
    await new Promise(resolve => setTimeout(resolve, 1_500))
    stop()
    expect(written.filter(text => /UPDATE api_keys/.test(text))).toEqual([])
  })

  test('of a token slides its end, never beyond its whole life', async () => {
    const owner = await app.as([])
    const [sliding, ending] = [
      await make.logIn(on, owner.userid, owner.password),
      await make.logIn(on, owner.userid, owner.password),
    ]
    const ids = [(await run(owner.token, TOKEN, { token: sliding })).id, (await run(owner.token, TOKEN, { token: ending })).id]
    // As if both had been issued and last used half an hour ago, and the life of the second were nearly over.
    await sql(
      `UPDATE tokens SET last_used = now() - interval '30 minutes', expires_at = now() + interval '30 minutes' WHERE id = ANY($1::int[])`,
      ids,
    )
    await sql(`UPDATE tokens SET ends_at = now() + interval '40 minutes' WHERE id = $1`, ids[1])
    for (const token of [sliding, ending]) expect(await alive(token)).toBe(true)
    const minutesLeft = async (id: number) => {
      const [row] = await sql<{ left: number }>(
        'SELECT extract(epoch FROM expires_at - now())::float8 / 60 AS left FROM tokens WHERE id = $1',
        id,
      )
      return Math.round(row!.left)
    }
    await expect.poll(() => minutesLeft(ids[0]!), { timeout: 15_000 }).toBeGreaterThan(58)
    await expect.poll(() => minutesLeft(ids[1]!), { timeout: 15_000 }).toBeGreaterThan(38)
    expect(await minutesLeft(ids[1]!)).toBeLessThanOrEqual(40)
  })
})
