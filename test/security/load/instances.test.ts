// A revocation on one instance takes effect on the other instances of the database within one second.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../../src/platform/database/open.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { testDatabase } from '../../harness/database.ts'
import { needsServer } from '../../platform/database/both.ts'

describe.skipIf(!needsServer())('on another instance, within one second', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let one: TestApp
  let other: TestApp
  beforeAll(async () => {
    database = await testDatabase({ migrated: true })
    const env = { SECRET_KEY: randomBytes(32).toString('base64') }
    const opens = () => openStore({ databaseUrl: database.url, dataDir: 'memory://' })
    one = await bootApp({ env, opens })
    other = await bootApp({ env, opens })
  }, 60_000)
  afterAll(async () => {
    await other?.close()
    await one?.close()
    await database?.drop()
  })
  const opensOther = async (secret: string) =>
    (await fetch(`${other.url}/bim/rpc/user/current`, { headers: { authorization: `Bearer ${secret}` } })).status
  const must = async (query: string, token?: string) => {
    const { data, errors } = await one.graphql(query, undefined, token)
    expect(errors, query).toBeUndefined()
    return data
  }
  const createKey = async ({ token }: Person) =>
    (await must('mutation { createApiKey(input: { name: "k" }) { secret apiKey { id: databaseId } } }', token)).createApiKey

  test.each([
    ['a key that is deleted', 'key'],
    ['a token that logs out', 'token'],
    ['the key and the token of a disabled user', 'user'],
  ])('%s', async (_, what) => {
    const ana = await one.as([])
    const { secret, apiKey } = await createKey(ana)
    const ended = { key: [secret], token: [ana.token], user: [secret, ana.token] }[what]!
    for (const each of ended) expect(await opensOther(each)).toBe(200)
    if (what === 'key')
      await must(`mutation { deleteApiKey(input: { ref: { databaseId: ${apiKey.id} } }) { revokedKeys } }`, ana.token)
    else if (what === 'token') await must('mutation { logOut { __typename } }', ana.token)
    else
      await must(
        `mutation { setUserDisabled(input: { ref: { databaseId: ${ana.id} }, disabled: true }) { user { id: databaseId } } }`,
      )
    const since = Date.now()
    for (const each of ended) await expect.poll(() => opensOther(each), { timeout: 1_000, interval: 50 }).toBe(401)
    expect(Date.now() - since).toBeLessThan(1_000)
  })
})
