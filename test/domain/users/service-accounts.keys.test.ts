// The keys of service accounts, which have no log-in, and what remains when people go.
import { afterAll, describe, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { make } from '../../api/graphql/make.ts'
import { CREATE_KEY } from '../../authorization/asking.ts'
import { bootApp } from '../../harness/app.ts'
import { accounts, CREATE, ownedBy, ROTATE } from './accounts.ts'

const app = await bootApp()
afterAll(() => app.close())
const { on, codeOf, alive, run, sql, admin, robot, keyFor, keyCode, names, crewOf, lastEvent } = accounts(app)

describe('a log-in', () => {
  test('is nothing that an account has: no password, link, clone, impersonation, refresh or e-mail', async () => {
    const account = await robot(await app.as([]))
    const ref = `ref: { databaseId: ${account.id} }`
    for (const operation of [
      `setPassword(input: { ${ref}, password: "a good one" }) { success }`,
      `inviteUser(input: { ${ref} }) { user { id: databaseId } }`,
      `refreshUser(input: { ${ref} }) { user { id: databaseId } }`,
    ])
      expect(await codeOf(admin, `mutation { ${operation} }`), operation).toBe('BAD_USER_INPUT ref')
    expect(
      await codeOf(
        admin,
        `mutation { updateProfile(input: { ${ref}, profile: { email: "a@example.org" } }) { user { id: databaseId } } }`,
      ),
    ).toBe('BAD_USER_INPUT profile.email')
    const { errors } = await app.graphql(
      'mutation ($input: ImpersonateInput!) { impersonate(input: $input) { token } }',
      { input: { apikey: await (await app.as(['IMPERSONATE_USER'])).key(), iamid: 'bim', userid: account.userid } },
      null,
    )
    expect(errors![0].message).toBe('A service account cannot be impersonated: use an API key of its own')
  })

  test('does not open even where a password was stored for it', async () => {
    const account = await robot(await app.as([]))
    await sql(
      `INSERT INTO authentications (user_id, password_hash) SELECT $1::int, password_hash FROM authentications WHERE password_hash IS NOT NULL ORDER BY id LIMIT 1`,
      account.id,
    )
    const input = { userid: account.userid, password: app.admin.password }
    const { errors } = await app.graphql('mutation ($input: LogInInput!) { logIn(input: $input) { token } }', { input }, null)
    expect(errors![0].extensions.code).toBe('UNAUTHENTICATED')
  })

  test('is not missed: neither the filter nor the count of people without one has an account', async () => {
    const [account, person] = [await robot(await app.as([])), await make.user(on)]
    const query = `query ($filter: UserFilter) { users(filter: $filter) { nodes { userid } facets { states { state count } } } }`
    const found = async (filter: object) => {
      const { nodes, facets } = await run(admin, query, {
        filter: { ids: [account.id, person.id].map(id => toGlobalId('User', id)), ...filter },
      })
      const never = facets.states.find(({ state }: { state: string }) => state === 'NEVER_LOGGED_IN')
      return { userids: nodes.map(({ userid }: { userid: string }) => userid), never: never.count }
    }
    expect(await found({})).toEqual({ userids: expect.arrayContaining([account.userid, person.userid]), never: 1 })
    expect(await found({ neverLoggedIn: true })).toEqual({ userids: [person.userid], never: 1 })
  })

  test('moves no account to another IAM, whose user has the same userid', async () => {
    const { accountsOf } = await import('../../../src/federation/accounts.store.ts')
    const [account, person] = [await robot(await app.as([])), await app.as([])]
    const identities = [{ userid: account.userid }, { userid: person.userid }]
    const found = await accountsOf(app.store.db, { iamid: 'bim', identities, lock: false })
    expect(found.map(({ userid }) => userid)).toEqual([person.userid])
  })

  test('is what counts for the last administrator: an account with USER_ADMIN does not', async () => {
    await make.serviceAccount(on, { owner: ownedBy(app.admin), permissions: ['USER_ADMIN'] })
    const others = await sql<{ id: number }>(
      `UPDATE users SET disabled = true WHERE kind = 'PERSON' AND NOT disabled AND id <> $1 RETURNING id`,
      app.admin.id,
    )
    const revoke = `mutation { revokeUserPermission(input: { ref: { databaseId: ${app.admin.id} }, permission: "USER_ADMIN" }) { user { id: databaseId } } }`
    expect(await codeOf(admin, revoke)).toBe('CONFLICT')
    await sql(
      'UPDATE users SET disabled = false WHERE id = ANY($1::int[])',
      others.map(({ id }) => id),
    )
  })
})

describe('the keys of an account', () => {
  test('work when its maker is disabled and deleted, and stop with the account', async () => {
    const [ada, ben] = [await app.as(['USER_ADMIN']), await app.as([])]
    const account = await robot(ben, {}, ada.token)
    const { secret, apiKey } = await keyFor(ada.token, account)
    const token = await make.keyToken(on, secret)
    const ref = (id: number) => `ref: { databaseId: ${id} }`
    await run(admin, `mutation { setUserDisabled(input: { ${ref(ada.id)}, disabled: true }) { user { id: databaseId } } }`)
    expect([await alive(secret), await alive(token)]).toEqual([true, true])
    await run(admin, `mutation { deleteUser(input: { ${ref(ada.id)} }) { deletedId } }`)
    expect([await alive(secret), await alive(token)]).toEqual([true, true])
    await run(admin, `mutation { setUserDisabled(input: { ${ref(account.id)}, disabled: true }) { user { id: databaseId } } }`)
    expect([await alive(secret), await alive(token)]).toEqual([false, false])
    for (const query of [ROTATE, CREATE_KEY]) {
      const input = query === ROTATE ? { ref: { databaseId: apiKey.id } } : { serviceAccount: { databaseId: account.id } }
      expect(await codeOf(ben.token, query, { input })).toBe('CONFLICT')
    }
  })

  test('rotate by the owner and by the account itself, with its grace period', async () => {
    const ana = await app.as([])
    const account = await robot(ana)
    const { secret, apiKey } = await keyFor(ana.token, account, { scopes: ['read', 'apikey:rotate'] })
    const next = await run(ana.token, ROTATE, { input: { ref: { databaseId: apiKey.id }, graceSeconds: 600 } })
    expect([await alive(secret), await alive(next.secret)]).toEqual([true, true])
    expect(await lastEvent('apiKeyRotated')).toMatchObject({ after: { serviceAccount: `bim/${account.userid}` } })
    const own = await run(next.secret, ROTATE, { input: { ref: { databaseId: next.apiKey.id }, graceSeconds: 0 } })
    expect([await alive(next.secret), await alive(own.secret)]).toEqual([false, true])
  })

  test('are bound to projects of the account, not of its owner', async () => {
    const ana = await app.as([])
    const [account, project] = [await robot(ana), await make.project(on)]
    const change = (id: number) =>
      `mutation { changeProjectMembers(input: { ref: { databaseId: ${project} }, add: [{ databaseId: ${id} }] }) { project { id: databaseId } } }`
    await run(admin, change(ana.id))
    expect(await keyCode(ana.token, account, { projectId: toGlobalId('Project', project) })).toBe('FORBIDDEN')
    await run(admin, change(account.id))
    expect(await keyCode(ana.token, account, { projectId: toGlobalId('Project', project) })).toBeNull()
  })

  test('are for service accounts: nobody makes a key for another person', async () => {
    const ana = await app.as([])
    for (const token of [admin, (await app.as([])).token]) expect(await keyCode(token, ana)).toBe('BAD_USER_INPUT serviceAccount')
  })
})

describe('without its owner', () => {
  const orphan = async (account: { id: number; userid: string }) => {
    expect(await names(admin, { userid: account.userid, hasOwner: false })).toEqual([account.userid])
    expect(await keyCode(admin, account)).toBeNull()
  }

  test('who was a user, an account works on, is a USER_ADMIN’s, and the event names it', async () => {
    const ana = await app.as([])
    const [account, other] = [await robot(ana), await robot(ana)]
    const { secret } = await keyFor(ana.token, account)
    await run(admin, `mutation { deleteUser(input: { ref: { databaseId: ${ana.id} } }) { deletedId } }`)
    expect((await lastEvent('userDeleted')).before).toMatchObject({
      userid: ana.userid,
      serviceAccounts: [account.userid, other.userid],
    })
    expect(await alive(secret)).toBe(true)
    await orphan(account)
  })

  test('which was a group, it is the same', async () => {
    const ana = await app.as([])
    const crew = await crewOf(ana)
    const account = await make.serviceAccount(on, { owner: { group: { databaseId: crew } } }, ana.token)
    await run(admin, `mutation { deleteGroup(input: { ref: { databaseId: ${crew} } }) { deletedId } }`)
    expect((await lastEvent('groupDeleted')).before).toMatchObject({ members: 1, serviceAccounts: [account.userid] })
    expect(await keyCode(ana.token, account)).toBe('FORBIDDEN')
    await orphan(account)
  })

  test('who goes with their IAM, it is the same', async () => {
    const iamid = await make.iam(on)
    const { id } = await make.user(on, { iamid })
    const account = await make.serviceAccount(on, { owner: { user: { databaseId: id } } })
    await run(admin, `mutation { deleteIam(input: { iamid: "${iamid}", users: DELETE }) { deletedId } }`)
    expect((await lastEvent('userDeleted')).before).toMatchObject({ iamid, serviceAccounts: [account.userid] })
    await orphan(account)
  })
})

test('GRANTS=documented frees administrators of the rule of grants, and owners of nothing', async () => {
  const loose = await bootApp({ env: { GRANTS: 'documented' } })
  try {
    const [ada, ana] = [await loose.as(['USER_ADMIN']), await loose.as([])]
    const input = { userid: 'robot', name: 'Robot', owner: ownedBy(ana), permissions: ['AUDIT'] }
    const code = async (token: string, query: string, given: object) =>
      (await loose.graphql(query, { input: given }, token)).errors?.[0]?.extensions.code ?? null
    expect(await code(ana.token, CREATE, input)).toBe('FORBIDDEN')
    expect(await code(ada.token, CREATE, input)).toBeNull()
    const key = { serviceAccount: { name: { userid: 'robot' } } }
    expect([await code(ana.token, CREATE_KEY, key), await code(ada.token, CREATE_KEY, key)]).toEqual(['FORBIDDEN', null])
  } finally {
    await loose.close()
  }
})
