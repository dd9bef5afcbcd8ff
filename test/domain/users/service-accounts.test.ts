// Service accounts: who makes, lists and changes them, who gets their keys, and what remains when people go.

import { afterAll, describe, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { fresh, make } from '../../api/graphql/make.ts'
import { asking, CREATE_KEY } from '../../authorization/asking.ts'
import { bootApp, type Person } from '../../harness/app.ts'

const app = await bootApp({ env: { SERVICE_ACCOUNTS_PER_OWNER: '4' } })
afterAll(() => app.close())
const on = { app }
const { codeOf, alive, run, sql } = asking(app)

const CREATE =
  'mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) { user { id: databaseId userid kind iamid permissions profile { name email about } owner { __typename ... on User { userid } ... on Group { name } } } } }'
const UPDATE =
  'mutation ($input: UpdateServiceAccountInput!) { updateServiceAccount(input: $input) { user { id: databaseId permissions updatedAt profile { name about } owner { __typename ... on User { userid } ... on Group { name } } } } }'
const LIST =
  'query ($filter: ServiceAccountFilter) { serviceAccounts(filter: $filter) { totalCount nodes { userid apiKeys { nodes { name } } owner { __typename } } } }'
const ROTATE = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { secret apiKey { id: databaseId } } }'
const DROP = 'mutation ($input: ApiKeyInput!) { deleteApiKey(input: $input) { revokedTokens } }'

const admin = app.admin.token
const ownedBy = (person: Person) => ({ user: { name: { userid: person.userid } } })
const robot = (person: Person, more: object = {}, token = person.token) =>
  make.serviceAccount(on, { owner: ownedBy(person), ...more }, token)
const keyFor = (token: string, account: { id: number }, more: object = {}) =>
  run(token, CREATE_KEY, { input: { serviceAccount: { databaseId: account.id }, ...more } })
const keyCode = (token: string, account: { id: number }, more: object = {}) =>
  codeOf(token, CREATE_KEY, { input: { serviceAccount: { databaseId: account.id }, ...more } })
const messageOf = async (token: string, query: string, input: object): Promise<string> =>
  (await app.graphql(query, { input }, token)).errors?.[0]?.message ?? 'no error'
const names = async (token: string, filter: object = {}): Promise<string[]> =>
  (await run(token, LIST, { filter })).nodes.map(({ userid }: { userid: string }) => userid)
async function crewOf(...people: Person[]): Promise<number> {
  const crew = await make.group(on)
  for (const { id } of people) await make.member(on, crew, id)
  return crew
}
const lastEvent = async (event: string) => {
  const [row] = await sql<{ before: any; after: any; targetName: string }>(
    `SELECT before, after, target_name AS "targetName" FROM audit_events WHERE event = $1 ORDER BY id DESC LIMIT 1`,
    event,
  )
  return row!
}

describe('a service account', () => {
  test('belongs to bim and its owner, holds what it is given and no default permission', async () => {
    const ana = await app.as(['CREATE_FILTER'])
    const userid = fresh('terraform')
    const input = { userid, name: 'Terraform', description: 'Plans', owner: ownedBy(ana), permissions: ['CREATE_FILTER'] }
    const { user } = await run(ana.token, CREATE, { input })
    expect(user).toEqual({
      id: expect.any(Number),
      userid,
      iamid: 'bim',
      kind: 'SERVICE',
      permissions: ['CREATE_FILTER'],
      profile: { name: 'Terraform', email: null, about: 'Plans' },
      owner: { __typename: 'User', userid: ana.userid },
    })
    expect(await lastEvent('userCreated')).toEqual({
      before: null,
      after: {
        ...{ iamid: 'bim', userid, kind: 'SERVICE', name: 'Terraform', description: 'Plans' },
        ...{ owner: `user bim/${ana.userid}`, permissions: ['CREATE_FILTER'] },
      },
      targetName: `bim/${userid}`,
    })
    expect(await codeOf(admin, CREATE, { input: { ...input, userid: userid.toUpperCase() } })).toBe('CONFLICT')
  })

  test('has no owner where it is a person, and shows it to whom it concerns', async () => {
    const ana = await app.as([])
    const account = await robot(ana)
    const OF = '{ users(filter: { userid: "USERID" }) { nodes { kind owner { __typename } } } }'
    const seen = async (token: string, userid: string) => (await run(token, OF.replace('USERID', userid))).nodes[0]
    expect(await seen(admin, account.userid)).toEqual({ kind: 'SERVICE', owner: { __typename: 'User' } })
    expect(await seen(ana.token, account.userid)).toEqual({ kind: 'SERVICE', owner: null })
    expect(await seen(admin, ana.userid)).toEqual({ kind: 'PERSON', owner: null })
    const { secret } = await keyFor(ana.token, account)
    expect((await run(secret, '{ viewer { user { kind owner { __typename } } } }')).user).toEqual({
      kind: 'SERVICE',
      owner: { __typename: 'User' },
    })
  })

  test('is found by the filter kind, and listed by REST as any bim user', async () => {
    const account = await robot(await app.as([]))
    const found = async (kind: string) =>
      (await run(admin, `{ users(filter: { userid: "${account.userid}", kind: ${kind} }) { nodes { userid } } }`)).nodes
    expect([await found('SERVICE'), await found('PERSON')]).toEqual([[{ userid: account.userid }], []])
    const headers = { authorization: `Bearer ${admin}` }
    const { hits } = (await (await fetch(`${app.url}/bim/user?userid=${account.userid}`, { headers })).json()) as {
      hits: { userid: string }[]
    }
    expect(hits.map(({ userid }) => userid)).toEqual([account.userid])
  })

  test.each([
    ['neither a user nor a group', {}, 'BAD_USER_INPUT input.owner'],
    ['a user and a group', { user: { name: { userid: 'admin' } }, group: { databaseId: 1 } }, 'BAD_USER_INPUT input.owner'],
  ])('is owned by one: %s is refused', async (_, owner, code) => {
    expect(await codeOf(admin, CREATE, { input: { userid: fresh('x'), name: 'x', owner } })).toBe(code)
  })

  test('is not owned by a service account, and its name and userid are checked', async () => {
    const ana = await app.as([])
    const input = { userid: fresh('x'), name: 'x', owner: { user: { databaseId: (await robot(ana)).id } } }
    expect(await messageOf(admin, CREATE, input)).toBe('owner must not be a service account')
    const owner = ownedBy(ana)
    expect(await codeOf(ana.token, CREATE, { input: { userid: '', name: 'x', owner } })).toBe('BAD_USER_INPUT userid')
    expect(await codeOf(ana.token, CREATE, { input: { userid: 'x', name: ' ', owner } })).toBe('BAD_USER_INPUT name')
  })

  test('is one of at most SERVICE_ACCOUNTS_PER_OWNER, also when they are made at once', async () => {
    const ana = await app.as([])
    const codes = await Promise.all(
      Array.from({ length: 7 }, () =>
        codeOf(ana.token, CREATE, { input: { userid: fresh('one'), name: 'One', owner: ownedBy(ana) } }),
      ),
    )
    expect(codes.toSorted()).toEqual([...Array(3).fill('REFUSED'), ...Array(4).fill(null)])
  })
})

describe('without USER_ADMIN', () => {
  test('the owner is oneself or a group that one is in', async () => {
    const [ana, ben] = [await app.as([]), await app.as([])]
    const [own, other] = [await crewOf(ana), await crewOf(ben)]
    const code = (owner: object) => codeOf(ana.token, CREATE, { input: { userid: fresh('x'), name: 'x', owner } })
    expect(await code(ownedBy(ana))).toBeNull()
    expect(await code({ group: { databaseId: own } })).toBeNull()
    expect(await code(ownedBy(ben))).toBe('FORBIDDEN')
    expect(await code({ group: { databaseId: other } })).toBe('FORBIDDEN')
    await sql('UPDATE groups SET unfinished_at = now() WHERE id = $1', own)
    expect(await code({ group: { databaseId: own } })).toBe('FORBIDDEN')
  })

  test('one gives no permission that one lacks, administrative or not', async () => {
    const ana = await app.as(['AUDIT'])
    const give = (permission: string) => ({ userid: fresh('x'), name: 'x', owner: ownedBy(ana), permissions: [permission] })
    expect(await codeOf(ana.token, CREATE, { input: give('AUDIT') })).toBeNull()
    for (const lacking of ['CREATE_FILTER', 'USER_ADMIN'])
      expect(await messageOf(ana.token, CREATE, give(lacking))).toBe(
        `You need ${lacking} yourself to give it to a service account, or to take it away: ask a USER_ADMIN`,
      )
    const account = await robot(ana)
    expect(await codeOf(ana.token, UPDATE, { input: { ref: { databaseId: account.id }, permissions: ['GOVERNANCE'] } })).toBe(
      'FORBIDDEN',
    )
  })

  test('one gets no key of an account that holds more than oneself, which an administrator gave it', async () => {
    const ana = await app.as([])
    const account = await robot(ana)
    const first = await keyFor(ana.token, account)
    await run(
      admin,
      `mutation { grantUserPermissions(input: { ref: { databaseId: ${account.id} }, permissions: ["AUDIT"] }) { user { id: databaseId } } }`,
    )
    const refusal = 'The service account holds AUDIT, which you lack: ask a USER_ADMIN for the key'
    expect(await messageOf(ana.token, CREATE_KEY, { serviceAccount: { databaseId: account.id } })).toBe(refusal)
    expect(await messageOf(ana.token, ROTATE, { ref: { databaseId: first.apiKey.id } })).toBe(refusal)
    // What takes access away stays allowed.
    expect(await codeOf(ana.token, DROP, { input: { ref: { databaseId: first.apiKey.id } } })).toBeNull()
    expect(await alive(first.secret)).toBe(false)
  })

  test('one gets none through a group that gives more, either', async () => {
    const ana = await app.as([])
    const account = await robot(ana)
    const crew = await make.group(on)
    await sql(
      `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission) SELECT iamid, name, name_key, 'GOVERNANCE' FROM groups WHERE id = $1`,
      crew,
    )
    await make.member(on, crew, account.id)
    expect(await keyCode(ana.token, account)).toBe('FORBIDDEN')
    expect(await keyCode(admin, account)).toBeNull()
  })

  test('one uses a log-in: a key, or a token of one, makes neither an account nor a key', async () => {
    const ana = await app.as([])
    const account = await robot(ana)
    const { apiKey } = await keyFor(ana.token, account)
    const own = await ana.key()
    for (const credential of [own, await make.keyToken(on, own)]) {
      expect(await codeOf(credential, CREATE, { input: { userid: fresh('x'), name: 'x', owner: ownedBy(ana) } })).toBe(
        'FORBIDDEN',
      )
      expect(await keyCode(credential, account)).toBe('FORBIDDEN')
      expect(await codeOf(credential, ROTATE, { input: { ref: { databaseId: apiKey.id } } })).toBe('FORBIDDEN')
      expect(
        await codeOf(credential, UPDATE, { input: { ref: { databaseId: account.id }, permissions: ['CREATE_PROJECT'] } }),
      ).toBe('FORBIDDEN')
    }
  })

  test('one sees and changes those of oneself and of one’s groups, and no others', async () => {
    const [ana, ben] = [await app.as([]), await app.as([])]
    const [own, ours, his] = [
      await robot(ana),
      await make.serviceAccount(on, { owner: { group: { databaseId: await crewOf(ana, ben) } } }),
      await robot(ben),
    ]
    await keyFor(ana.token, own, { name: 'plan' })
    expect((await names(ana.token)).toSorted()).toEqual([own.userid, ours.userid].toSorted())
    expect((await names(ben.token)).toSorted()).toEqual([his.userid, ours.userid].toSorted())
    const { nodes } = await run(ana.token, LIST, { filter: { userid: own.userid } })
    expect(nodes).toEqual([{ userid: own.userid, apiKeys: { nodes: [{ name: 'plan' }] }, owner: { __typename: 'User' } }])
    expect(await names(ana.token, { owner: ownedBy(ben) })).toEqual([])
    const rename = (account: { id: number }) =>
      codeOf(ana.token, UPDATE, { input: { ref: { databaseId: account.id }, name: 'New' } })
    expect([await rename(own), await rename(ours), await rename(his)]).toEqual([null, null, 'FORBIDDEN'])
    expect(await keyCode(ana.token, his)).toBe('FORBIDDEN')
    const { apiKey } = await keyFor(ben.token, his)
    for (const query of [ROTATE, DROP])
      expect(await codeOf(ana.token, query, { input: { ref: { databaseId: apiKey.id } } })).toBe('NOT_FOUND')
  })

  test('who leaves the group that owns an account no longer administers it', async () => {
    const ana = await app.as([])
    const crew = await crewOf(ana)
    const account = await make.serviceAccount(on, { owner: { group: { databaseId: crew } } }, ana.token)
    expect(await keyCode(ana.token, account)).toBeNull()
    await run(
      admin,
      `mutation { changeGroupMembers(input: { group: { databaseId: ${crew} }, remove: [{ databaseId: ${ana.id} }] }) { removed } }`,
    )
    expect(await keyCode(ana.token, account)).toBe('FORBIDDEN')
    expect(await names(ana.token)).toEqual([])
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

describe('with USER_ADMIN', () => {
  test('any account is listed, filtered and given to another owner', async () => {
    const [ana, ben] = [await app.as([]), await app.as([])]
    const account = await robot(ana)
    const mine = { userid: account.userid }
    expect(await names(admin, { owner: ownedBy(ana) })).toEqual([account.userid])
    expect([await names(admin, { ...mine, hasOwner: true }), await names(admin, { ...mine, hasOwner: false })]).toEqual([
      [account.userid],
      [],
    ])
    const { user } = await run(admin, UPDATE, { input: { ref: { databaseId: account.id }, owner: ownedBy(ben) } })
    expect(user.owner).toEqual({ __typename: 'User', userid: ben.userid })
    expect(await lastEvent('userUpdated')).toMatchObject({
      before: { ownerUserId: ana.id },
      after: { ownerUserId: ben.id },
      targetName: `bim/${account.userid}`,
    })
    expect([await keyCode(ana.token, account), await keyCode(ben.token, account)]).toEqual(['FORBIDDEN', null])
    await run(
      admin,
      `mutation { setUserDisabled(input: { ref: { databaseId: ${ben.id} }, disabled: true }) { user { id: databaseId } } }`,
    )
    expect(await names(admin, { ...mine, ownerDisabled: true })).toEqual([account.userid])
    expect(await names(admin, { ...mine, ownerDisabled: false })).toEqual([])
  })

  test('administrative permissions follow the rule of grants, for the account and its keys', async () => {
    const [ada, ana] = [await app.as(['USER_ADMIN']), await app.as([])]
    const input = { userid: fresh('x'), name: 'x', owner: ownedBy(ana), permissions: ['AUDIT'] }
    expect(await codeOf(ada.token, CREATE, { input })).toBe('FORBIDDEN')
    const account = await make.serviceAccount(on, input)
    expect(await keyCode(ada.token, account)).toBe('FORBIDDEN')
    const { apiKey } = await keyFor(admin, account)
    for (const query of [ROTATE, DROP])
      expect(await codeOf(ada.token, query, { input: { ref: { databaseId: apiKey.id } } })).toBe('FORBIDDEN')
    const plain = await robot(ana)
    expect(
      await codeOf(ada.token, UPDATE, { input: { ref: { databaseId: plain.id }, permissions: ['CREATE_FILTER'] } }),
    ).toBeNull()
    expect(await lastEvent('permissionsUpdated')).toMatchObject({
      before: { permissions: [] },
      after: { permissions: ['CREATE_FILTER'] },
    })
  })

  test('a key of an administrator makes keys for accounts, no wider and no longer than itself', async () => {
    const ada = await app.as(['USER_ADMIN'])
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    const tool = await run(ada.token, CREATE_KEY, { input: { scopes: ['apikey:*', 'serviceAccount:*'], expiresAt: soon } })
    const account = await make.serviceAccount(on, { owner: ownedBy(ada) }, tool.secret)
    const key = await keyFor(tool.secret, account, { scopes: ['apikey:list'] })
    expect(key.apiKey).toMatchObject({ scopes: ['apikey:list'], expiresAt: soon, parentKey: null })
    expect(await keyCode(tool.secret, account, { scopes: ['user:list'] })).toBe('FORBIDDEN')
    // The key of the account stays when the key of its maker is deleted.
    expect(await codeOf(ada.token, DROP, { input: { ref: { databaseId: tool.apiKey.id } } })).toBeNull()
    expect(await codeOf(key.secret, '{ viewer { can } }')).toBe('FORBIDDEN')
    expect(await alive((await keyFor(admin, account)).secret)).toBe(true)
  })
})

describe('an update', () => {
  test('changes what is given, and nothing twice', async () => {
    const ana = await app.as([])
    const account = await robot(ana, { description: 'Plans' })
    const update = (more: object) => run(ana.token, UPDATE, { input: { ref: { databaseId: account.id }, ...more } })
    const { user } = await update({ name: 'Planner' })
    expect(user).toMatchObject({ profile: { name: 'Planner', about: 'Plans' } })
    expect((await update({ description: null })).user.profile).toEqual({ name: 'Planner', about: null })
    const { user: same } = await update({ name: 'Planner', owner: ownedBy(ana), permissions: [] })
    const { user: again } = await update({})
    expect(again.updatedAt).toBe(same.updatedAt)
    expect(
      await codeOf(ana.token, UPDATE, { input: { ref: { databaseId: account.id }, ifUpdatedAt: user.updatedAt, name: 'x' } }),
    ).toBe('STALE ifUpdatedAt')
    expect(await codeOf(admin, UPDATE, { input: { ref: { databaseId: ana.id }, name: 'x' } })).toBe('BAD_USER_INPUT ref')
  })

  test('gives the account to another only as USER_ADMIN', async () => {
    const [ana, ben] = [await app.as([]), await app.as([])]
    const account = await robot(ana)
    const give = (owner: object) => codeOf(ana.token, UPDATE, { input: { ref: { databaseId: account.id }, owner } })
    expect(await give(ownedBy(ben))).toBe('FORBIDDEN')
    expect(await give({ group: { databaseId: await crewOf(ana) } })).toBeNull()
  })
})

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
