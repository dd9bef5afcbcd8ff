// Service accounts: who makes, lists and changes them, and who gets their keys.
import { afterAll, describe, expect, test } from 'vitest'
import { fresh, make } from '../../api/graphql/make.ts'
import { CREATE_KEY } from '../../authorization/asking.ts'
import { bootApp } from '../../harness/app.ts'
import { accounts, CREATE, DROP, LIST, ownedBy, ROTATE, UPDATE } from './accounts.ts'

const app = await bootApp({ env: { SERVICE_ACCOUNTS_PER_OWNER: '4' } })
afterAll(() => app.close())
const { on, codeOf, alive, run, sql, admin, robot, keyFor, keyCode, messageOf, names, crewOf, lastEvent } = accounts(app)

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
