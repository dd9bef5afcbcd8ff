// The rules around credentials: lock-out, answers that tell nothing, impersonation, and the last administrator.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { make } from '../api/graphql/make.ts'
import { operations, prepared } from '../api/graphql/operations.ts'
import { stockUp } from '../api/graphql/stock.ts'
import { send } from '../contract/client.ts'
import { bootApp, type Person } from '../harness/app.ts'
import { asking } from './asking.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const on = { app }

interface Refusal {
  message: string
  extensions: { code: string; retryAfter?: number }
}
const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'
async function attempt(userid: string, password: string, more: object = {}): Promise<Refusal | null> {
  const { errors } = await app.graphql(LOG_IN, { input: { userid, password, ...more } }, null)
  return errors?.[0] ?? null
}
const { codeOf, run } = asking(app)
const must = (query: string, token = app.admin.token) => run(token, query)

/** Failed attempts of one account until the next is delayed. */
async function lockOut(userid: string): Promise<Refusal> {
  for (let failed = 0; failed < 7; failed++) {
    const refusal = await attempt(userid, 'wrong')
    if (refusal?.extensions.code === 'TOO_MANY_REQUESTS') return refusal
    expect(refusal?.extensions.code).toBe('UNAUTHENTICATED')
  }
  throw new Error(`${userid} was never delayed`)
}

describe('lock-out', () => {
  test('begins after 5 failures with a second, and doubles with each further one', async () => {
    const { userid } = await app.as([])
    for (let failed = 0; failed < 5; failed++) expect((await attempt(userid, 'wrong'))?.extensions.code).toBe('UNAUTHENTICATED')
    const waits: number[] = []
    for (let round = 0; round < 3; round++) {
      const refusal = await attempt(userid, 'wrong')
      // On a machine that stalls for a second another attempt gets through; the delay is then the next one.
      if (refusal?.extensions.code === 'UNAUTHENTICATED') continue
      expect(refusal!.message).toBe('Too many failed log-ins: try again after the time that Retry-After gives')
      waits.push(refusal!.extensions.retryAfter!)
      await sleep(refusal!.extensions.retryAfter! * 1000 + 50)
      expect((await attempt(userid, 'wrong'))?.extensions.code).toBe('UNAUTHENTICATED')
    }
    expect(waits.length).toBeGreaterThan(1)
    for (const [at, wait] of waits.slice(1).entries()) expect(wait).toBeGreaterThanOrEqual(2 * waits[at]!)
  }, 60_000)

  test('refuses the right password during the delay, and takes it after', async () => {
    const { userid, password } = await app.as([])
    const { extensions } = await lockOut(userid)
    const refusal = await attempt(userid, password)
    if (refusal !== null) expect(refusal.extensions.code).toBe('TOO_MANY_REQUESTS')
    await sleep(2_000 * extensions.retryAfter!)
    expect(await attempt(userid, password)).toBeNull()
    // Then the count starts at zero.
    for (let failed = 0; failed < 4; failed++) expect((await attempt(userid, 'wrong'))?.extensions.code).toBe('UNAUTHENTICATED')
    expect(await attempt(userid, password)).toBeNull()
  })

  test('counts each alias of one request, and answers no guess among many', async () => {
    const { userid, password } = await app.as([])
    const guesses = [...Array.from({ length: 20 }, (_, i) => `guess ${i}`), password]
    const input = (guess: string) => `input: { userid: ${JSON.stringify(userid)}, password: ${JSON.stringify(guess)} }`
    const query = `mutation { ${guesses.map((guess, i) => `a${i}: logIn(${input(guess)}) { token }`).join(' ')} }`
    // A stranger may send five in one request; who has a credential, a hundred.
    const { data, errors } = await app.graphql(query)
    expect(Object.values(data)).toEqual(guesses.map(() => null))
    const codes = errors!.map(({ extensions }) => extensions.code)
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('UNAUTHENTICATED'))
    expect(codes.at(-1)).toBe('TOO_MANY_REQUESTS')
  })

  test('of one account leaves others, keys and tokens alone', async () => {
    const [ana, bo] = [await app.as([]), await app.as([])]
    const key = await ana.key()
    await lockOut(ana.userid)
    expect(await attempt(bo.userid, bo.password)).toBeNull()
    for (const credential of [ana.token, key]) expect(await codeOf(credential, '{ viewer { can } }')).toBeNull()
  })

  test('of guesses sent at once lets none through unseen', async () => {
    const { userid, password } = await app.as([])
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => attempt(userid, i === 11 ? password : `guess ${i}`)))
    expect(answers.filter(answer => answer === null).length).toBeLessThanOrEqual(1)
    expect(await attempt(userid, password)).toMatchObject({ extensions: { code: 'TOO_MANY_REQUESTS' } })
  })
})

describe('a log-in that fails tells nothing', () => {
  test('unknown user, unknown IAM, wrong password, no password yet and disabled user are answered alike', async () => {
    const [right, disabled] = [await app.as([]), await app.as([])]
    const invited = await make.user(on)
    await must(
      `mutation { setUserDisabled(input: { ref: { databaseId: ${disabled.id} }, disabled: true }) { user { id: databaseId } } }`,
    )
    const answers = [
      await attempt(right.userid, 'wrong'),
      await attempt('nobody at all', 'wrong'),
      await attempt(right.userid, right.password, { iamid: 'nowhere' }),
      await attempt(disabled.userid, disabled.password),
      await attempt(disabled.userid, 'wrong'),
      await attempt(invited.userid, 'wrong'),
      await attempt(invited.userid, ''),
    ].map(refusal => ({ ...refusal!, extensions: { ...refusal!.extensions, requestId: '' } }))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]!.extensions.code).toBe('UNAUTHENTICATED')
  })

  test('on the REST path too, to the byte', async () => {
    const disabled = await app.as([])
    await must(
      `mutation { setUserDisabled(input: { ref: { databaseId: ${disabled.id} }, disabled: true }) { user { id: databaseId } } }`,
    )
    const log = (iamid: string, username: string, password: string) =>
      send(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, { json: { username, password } })
    const texts = [
      await log('bim', disabled.userid, disabled.password),
      await log('bim', 'no such person', 'x'),
      await log('elsewhere', 'no such person', 'x'),
    ]
    expect(texts.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(new Set(texts.map(({ text }) => text)).size).toBe(1)
  })

  test('an unknown, a foreign and a dead key are answered alike', async () => {
    const owner = await app.as([])
    const dead = await owner.key()
    await must(`mutation { deleteUser(input: { ref: { databaseId: ${owner.id} } }) { deletedId } }`)
    const exchange = async (apikey: string) => {
      const { errors } = await app.graphql(
        'mutation ($k: String!) { authenticateApiKey(input: { apikey: $k }) { token } }',
        { k: apikey },
        null,
      )
      return `${errors![0].extensions.code} ${errors![0].message}`
    }
    const answers = [
      await exchange(dead),
      await exchange('rk_nothing'),
      await exchange(''),
      await exchange(app.admin.token),
      await exchange('x'.repeat(1000)),
    ]
    expect(new Set(answers)).toEqual(new Set(['UNAUTHENTICATED The API key is unknown, expired or revoked']))
  })
})

describe('impersonation', () => {
  async function acting() {
    const [chief, ana] = [await app.as(['IMPERSONATE_USER']), await app.as([])]
    const key = await chief.key()
    const act = async (userid: string, apikey = key): Promise<{ token?: string; code: string | null }> => {
      const query =
        'mutation ($key: String!, $userid: String!) { impersonate(input: { apikey: $key, iamid: "bim", userid: $userid }) { token } }'
      const { data, errors } = await app.graphql(query, { key: apikey, userid }, null)
      return { token: data.impersonate?.token, code: errors?.[0]?.extensions.code ?? null }
    }
    return { chief, ana, key, act, token: (await act(ana.userid)).token! }
  }

  test('its token reads as the other and writes nothing but its own log-out', async () => {
    const { token } = await acting()
    const stage = { app, stock: await stockUp(app.store, 2), n: 2 }
    const allowed: string[] = []
    for (const entry of operations.filter(({ kind, name }) => kind === 'mutation' && name !== 'logOut')) {
      const { query, variables } = await prepared(entry, stage)
      if ((await codeOf(token, query, variables)) !== 'FORBIDDEN') allowed.push(entry.name)
    }
    // Logging in and exchanging a key look at what is in the input, and not at who asks.
    expect(allowed).toEqual(['logIn', 'authenticateApiKey'])
    expect(await codeOf(token, 'mutation { logOut { revokedTokens } }')).toBeNull()
    expect(await codeOf(token, '{ viewer { can } }')).toBe('UNAUTHENTICATED')
  })

  test('its viewer says who is acted as and who acts', async () => {
    const { token, ana, chief } = await acting()
    const viewer = await must(
      '{ viewer { user { userid apiKeys { nodes { id: databaseId } } tokens { nodes { id: databaseId } } } impersonator { iamid userid } credential scopes } }',
      token,
    )
    expect(viewer).toEqual({
      user: { userid: ana.userid, apiKeys: null, tokens: null },
      impersonator: { iamid: 'bim', userid: chief.userid },
      credential: 'IMPERSONATION',
      scopes: [],
    })
  })

  test('it lives an hour at most, and not longer than its key', async () => {
    const { token } = await acting()
    const [row] = await app.store.db.query<{ life: number }>(
      `SELECT extract(epoch FROM ends_at - created_at)::int AS life FROM tokens WHERE impersonator_id IS NOT NULL ORDER BY id DESC LIMIT 1`,
    )
    expect(row!.life).toBe(3600)
    await app.store.db.query(
      `UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = (SELECT max(api_key_id) FROM tokens WHERE impersonator_id IS NOT NULL)`,
    )
    expect(await codeOf(token, '{ viewer { can } }')).toBe('UNAUTHENTICATED')
  })

  test('it ends with the permission, with either account, and when the other gains power', async () => {
    const ends: [string, (p: { chief: Person; ana: Person }) => string][] = [
      [
        'the permission',
        ({ chief }) =>
          `revokeUserPermission(input: { ref: { databaseId: ${chief.id} }, permission: "IMPERSONATE_USER" }) { user { id } }`,
      ],
      [
        'the impersonator',
        ({ chief }) => `setUserDisabled(input: { ref: { databaseId: ${chief.id} }, disabled: true }) { user { id } }`,
      ],
      ['the other', ({ ana }) => `setUserDisabled(input: { ref: { databaseId: ${ana.id} }, disabled: true }) { user { id } }`],
      [
        'power',
        ({ ana }) => `grantUserPermissions(input: { ref: { databaseId: ${ana.id} }, permissions: ["AUDIT"] }) { user { id } }`,
      ],
    ]
    for (const [what, end] of ends) {
      const people = await acting()
      expect(await codeOf(people.token, '{ viewer { can } }')).toBeNull()
      await must(`mutation { ${end(people)} }`)
      expect(await codeOf(people.token, '{ viewer { can } }'), what).toBe('UNAUTHENTICATED')
    }
  })

  test('nobody with power, nobody disabled and nobody twice; a narrowed key only with its scope', async () => {
    const { act, chief, ana, token } = await acting()
    for (const permission of ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'])
      expect((await act((await app.as([permission])).userid)).code, permission).toBe('FORBIDDEN')
    expect((await act('nobody at all')).code).toBe('NOT_FOUND')
    // A token of an impersonation stands for no key.
    expect((await act(ana.userid, token)).code).toBe('FORBIDDEN')
    const narrowed = async (scopes: string[]) => (await make.key(on, chief.token, { scopes })).secret
    expect((await act(ana.userid, await narrowed(['read']))).code).toBe('FORBIDDEN')
    expect((await act(ana.userid, await narrowed(['apikey:impersonate']))).code).toBeNull()
    await must(
      `mutation { setUserDisabled(input: { ref: { databaseId: ${ana.id} }, disabled: true }) { user { id: databaseId } } }`,
    )
    expect((await act(ana.userid)).code).toBe('FORBIDDEN')
  })
})

// Last, since the first administrator loses the permission.
describe('the last administrator', () => {
  const administrators = async () =>
    (
      await app.store.db.query<{ id: number }>(
        `SELECT u.id FROM users u JOIN effective_permissions e ON e.user_id = u.id AND e.permission = 'USER_ADMIN' WHERE NOT u.disabled`,
      )
    ).map(({ id }) => id)
  const ways: Record<string, (ref: string) => string> = {
    revoked: ref => `revokeUserPermission(input: { ${ref}, permission: "USER_ADMIN" }) { user { id } }`,
    replaced: ref => `setUserPermissions(input: { ${ref}, permissions: [] }) { user { id } }`,
    disabled: ref => `setUserDisabled(input: { ${ref}, disabled: true }) { user { id } }`,
    deleted: ref => `deleteUser(input: { ${ref} }) { deletedId }`,
  }

  test('two who demote each other at the same moment: one of them stays', async () => {
    const others = (await administrators()).filter(id => id !== app.admin.id)
    for (const id of others)
      await must(
        `mutation { setUserDisabled(input: { ref: { databaseId: ${id} }, disabled: true }) { user { id: databaseId } } }`,
      )
    let [one, two] = [await app.as(['USER_ADMIN']), await app.as(['USER_ADMIN'])]
    await must(
      `mutation { revokeUserPermission(input: { ref: { databaseId: ${app.admin.id} }, permission: "USER_ADMIN" }) { user { id: databaseId } } }`,
      one.token,
    )
    for (const way of Object.values(ways)) {
      for (const other of Object.values(ways)) {
        const demote = (by: Person, who: Person, how: (ref: string) => string) =>
          codeOf(by.token, `mutation { ${how(`ref: { databaseId: ${who.id} }`)} }`)
        const codes = await Promise.all([demote(one, two, way), demote(two, one, other)])
        const left = await administrators()
        expect(left).toHaveLength(1)
        expect(codes.filter(code => code === null)).toHaveLength(1)
        // The other request fails by the rule, or because its permission or token has ended already.
        expect(codes.find(code => code !== null)).toMatch(/^(CONFLICT|FORBIDDEN|UNAUTHENTICATED|NOT_FOUND)$/)
        const winner = left[0] === one.id ? one : two
        ;[one, two] = [winner, await app.as(['USER_ADMIN'])]
      }
    }
  }, 120_000)

  test('nothing takes the permission from the only one left', async () => {
    const left = await administrators()
    const chief = await app.as(['USER_ADMIN'])
    for (const id of left) await must(`mutation { ${ways.disabled!(`ref: { databaseId: ${id} }`)} }`, chief.token)
    for (const [name, way] of Object.entries(ways))
      expect(await codeOf(chief.token, `mutation { ${way(`ref: { databaseId: ${chief.id} }`)} }`), name).toBe('CONFLICT')
    expect(await administrators()).toEqual([chief.id])
  })
})
