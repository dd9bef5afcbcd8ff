// What an API key may do: scopes, expiry, rotation.
import { afterAll, describe, expect, test } from 'vitest'
import { make } from '../api/graphql/make.ts'
import { bootApp, type Person } from '../harness/app.ts'
import { asking, CREATE_KEY } from './asking.ts'

const app = await bootApp()
afterAll(() => app.close())
const on = { app }
const { codeOf, alive, run, sql } = asking(app)
const createKey = (token: string, input: object) => run(token, CREATE_KEY, { input })

const HOUR = 3_600_000
const ROTATE =
  'mutation ($id: Int!, $grace: Int) { rotateApiKey(input: { ref: { databaseId: $id }, graceSeconds: $grace }) { secret apiKey { id: databaseId scopes expiresAt } } }'
const LIST = '{ users { nodes { id: databaseId } } }'
const RENAME =
  'mutation ($id: Int!) { updateProfile(input: { ref: { databaseId: $id }, profile: { location: "Ghent" } }) { user { id: databaseId } } }'

describe('scopes', () => {
  const narrowed = async (scopes: string[], permissions: string[] = ['USER_ADMIN']) => {
    const owner = await app.as(permissions)
    return { owner, ...(await createKey(owner.token, { scopes })) } as { owner: Person; secret: string }
  }

  test('narrow a key and the tokens issued with it', async () => {
    const { owner, secret } = await narrowed(['read'])
    for (const credential of [secret, await make.keyToken(on, secret)]) {
      expect(await codeOf(credential, LIST)).toBeNull()
      const { errors } = await app.graphql(RENAME, { id: owner.id }, credential)
      expect(errors![0]).toMatchObject({
        message: 'user:updateProfile is outside the scopes of this credential',
        extensions: { code: 'FORBIDDEN' },
      })
    }
    expect(await codeOf(owner.token, RENAME, { id: owner.id })).toBeNull()
  })

  test('of one action allow this action and nothing beside it', async () => {
    const { owner, secret } = await narrowed(['user:updateProfile'])
    expect(await codeOf(secret, RENAME, { id: owner.id })).toBeNull()
    for (const query of [
      LIST,
      '{ viewer { can } }',
      '{ groups { nodes { id: databaseId } } }',
      'mutation { createGroup(input: { name: "no" }) { group { id: databaseId } } }',
    ])
      expect(await codeOf(secret, query), query).toBe('FORBIDDEN')
  })

  test('never give what the owner may not', async () => {
    const { owner, secret } = await narrowed(['group:*', 'user:*'], [])
    expect(await codeOf(secret, 'mutation { createGroup(input: { name: "no" }) { group { id: databaseId } } }')).toBe('FORBIDDEN')
    expect(await codeOf(secret, '{ user(ref: { name: { userid: "admin" } }) { id: databaseId } }')).toBe('FORBIDDEN')
    expect(await codeOf(secret, RENAME, { id: owner.id })).toBeNull()
  })

  test('hide fields too: a USER_ADMIN with a key for groups sees no attributes of users', async () => {
    const { secret } = await narrowed(['group:listMembers'])
    const crew = await make.group(on)
    const member = await make.user(on)
    await make.member(on, crew, member.id)
    const query = `{ groupMembers(ref: { databaseId: ${crew} }) { nodes { name user { id: databaseId apiKeys { nodes { id: databaseId } } tokens { nodes { id: databaseId } } authorizations profile { phone } groups { nodes { id: databaseId } } } group { authorizations } } } }`
    await run(
      app.admin.token,
      `mutation { addAttribute(input: { owner: { group: { databaseId: ${crew} } }, key: "k", value: "v" }) { owner { __typename } } }`,
    )
    await run(
      app.admin.token,
      `mutation { updateProfile(input: { ref: { databaseId: ${member.id} }, profile: { phone: "1" } }) { user { id: databaseId } } }`,
    )
    expect((await run(secret, query)).nodes).toEqual([
      {
        name: member.userid,
        user: { id: member.id, apiKeys: null, tokens: null, authorizations: null, profile: { phone: null }, groups: null },
        group: { authorizations: null },
      },
    ])
    expect((await run(app.admin.token, query)).nodes[0]).toMatchObject({
      user: { authorizations: {}, profile: { phone: '1' } },
      group: { authorizations: { k: ['v'] } },
    })
  })

  test('of a new key lie within those of the credential that creates it', async () => {
    const { secret } = await narrowed(['apikey:create', 'read'])
    expect((await createKey(secret, {})).apiKey.scopes).toEqual(['apikey:create', 'read'])
    expect((await createKey(secret, { scopes: ['user:list'] })).apiKey.scopes).toEqual(['user:list'])
    for (const wider of ['user:*', 'group:create', 'apikey:*'])
      expect(await codeOf(secret, CREATE_KEY, { input: { scopes: [wider] } }), wider).toBe('FORBIDDEN')
    expect(await codeOf(await make.keyToken(on, secret), CREATE_KEY, { input: { scopes: ['user:disable'] } })).toBe('FORBIDDEN')
    for (const unknown of ['*', 'write', 'user', 'user:nothing', '', 'READ'])
      expect(await codeOf(secret, CREATE_KEY, { input: { scopes: [unknown] } }), unknown).toBe('BAD_USER_INPUT scopes')
  })

  test('hold for rotation: the new key has no wider scopes', async () => {
    const owner = await app.as(['USER_ADMIN'])
    const [wide, tool] = [await createKey(owner.token, {}), await createKey(owner.token, { scopes: ['apikey:rotate'] })]
    expect(await codeOf(tool.secret, ROTATE, { id: wide.apiKey.id })).toBe('FORBIDDEN')
    expect((await run(tool.secret, ROTATE, { id: tool.apiKey.id })).apiKey.scopes).toEqual(['apikey:rotate'])
  })

  test('are shown to their holder', async () => {
    const { secret } = await narrowed(['viewer:read', 'group:list'])
    expect(await run(secret, '{ viewer { credential scopes can } }')).toMatchObject({
      credential: 'API_KEY',
      scopes: ['viewer:read', 'group:list'],
    })
    const { can } = await run(secret, '{ viewer { can } }')
    expect(can).toEqual(expect.arrayContaining(['viewer:read', 'group:list']))
    expect(can).not.toContain('user:list')
  })
})

describe('expiry', () => {
  test('of a key ends it, its tokens and its exchange at once', async () => {
    const owner = await app.as([])
    const { secret, apiKey } = await createKey(owner.token, { expiresAt: new Date(Date.now() + HOUR).toISOString() })
    const token = await make.keyToken(on, secret)
    expect([await alive(secret), await alive(token)]).toEqual([true, true])
    await sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, apiKey.id)
    expect([await alive(secret), await alive(token), await alive(owner.token)]).toEqual([false, false, true])
    await expect(make.keyToken(on, secret)).rejects.toThrow(/unknown, expired or revoked/)
  })

  test('lies in the future, and no key outlives the one that creates it', async () => {
    const owner = await app.as([])
    expect(await codeOf(owner.token, CREATE_KEY, { input: { expiresAt: new Date(Date.now() - 1000).toISOString() } })).toBe(
      'BAD_USER_INPUT expiresAt',
    )
    const soon = new Date(Date.now() + HOUR).toISOString()
    const parent = await createKey(owner.token, { expiresAt: soon })
    const child = (await createKey(parent.secret, { expiresAt: new Date(Date.now() + 48 * HOUR).toISOString() })).apiKey
    expect(child).toMatchObject({ expiresAt: soon, parentKey: { id: parent.apiKey.id } })
    expect((await createKey(parent.secret, {})).apiKey.expiresAt).toBe(soon)
  })

  test('of a token ends it, and no token outlives its key', async () => {
    const owner = await app.as([])
    const expiresAt = new Date(Date.now() + HOUR / 2)
    const { secret } = await createKey(owner.token, { expiresAt: expiresAt.toISOString() })
    const token = await make.keyToken(on, secret)
    const { endsAt, expiration, id } = await run(
      token,
      'query ($token: String!) { tokenInformation(token: $token) { id: databaseId endsAt expiration } }',
      { token },
    )
    expect([endsAt, expiration]).toEqual([expiresAt.toISOString(), expiresAt.toISOString()])
    // Its end, too: a use of it that is written just now moves the time of its expiry.
    await sql(
      `UPDATE tokens SET expires_at = now() - interval '1 second', ends_at = now() - interval '1 second' WHERE id = $1`,
      id,
    )
    expect(await alive(token)).toBe(false)
    expect(
      await codeOf(owner.token, 'query ($token: String!) { tokenInformation(token: $token) { id: databaseId } }', { token }),
    ).toBe('NOT_FOUND')
  })
})

describe('rotation', () => {
  test('makes a new secret with the same settings, and the old one works for the grace period', async () => {
    const owner = await app.as([])
    const old = await createKey(owner.token, { name: 'of a machine', scopes: ['read'] })
    const next = await run(owner.token, ROTATE, { id: old.apiKey.id, grace: 600 })
    expect(next.apiKey).toMatchObject({ scopes: ['read'], expiresAt: null })
    expect(next.secret).not.toBe(old.secret)
    expect([await alive(old.secret), await alive(next.secret)]).toEqual([true, true])
    const listed = await run(
      owner.token,
      '{ viewer { user { apiKeys { nodes { id: databaseId rotatedTo { id: databaseId } expiresAt } } } } }',
    )
    const { rotatedTo, expiresAt } = listed.user.apiKeys.nodes.find(({ id }: { id: number }) => id === old.apiKey.id)
    expect(rotatedTo.id).toBe(next.apiKey.id)
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 600_000)).toBeLessThan(60_000)
    await sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, old.apiKey.id)
    expect([await alive(old.secret), await alive(next.secret)]).toEqual([false, true])
  })

  test('without grace ends the old one at once; rotated twice it is a conflict', async () => {
    const owner = await app.as([])
    const old = await createKey(owner.token, {})
    const token = await make.keyToken(on, old.secret)
    const next = await run(owner.token, ROTATE, { id: old.apiKey.id, grace: 0 })
    expect([await alive(old.secret), await alive(token), await alive(next.secret)]).toEqual([false, false, true])
    expect(await codeOf(owner.token, ROTATE, { id: old.apiKey.id })).toBe('CONFLICT')
    expect(await codeOf(owner.token, ROTATE, { id: next.apiKey.id, grace: 2_592_001 })).toBe('BAD_USER_INPUT graceSeconds')
  })

  test('at once and twice makes one successor', async () => {
    const owner = await app.as([])
    const { apiKey } = await createKey(owner.token, {})
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(owner.token, ROTATE, { id: apiKey.id })))
    expect(codes.toSorted()).toEqual(['CONFLICT', 'CONFLICT', null])
  })

  test("is the owner's: for anyone else the key does not exist", async () => {
    const { apiKey } = await createKey((await app.as([])).token, {})
    expect(await codeOf(app.admin.token, ROTATE, { id: apiKey.id })).toBe('NOT_FOUND')
  })
})
