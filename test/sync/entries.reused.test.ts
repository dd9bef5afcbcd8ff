// Userids that a directory gives to somebody else, and what becomes of the account: a fault, a replacement, or the same person after all.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OWNED_TABLES } from '../../src/federation/replace-user.store.ts'
import { send } from '../contract/client.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import {
  configOf,
  type Directory,
  directoryAt,
  dnOf,
  groupLdif,
  person,
  personLdif,
  startDirectory,
  syncsOf,
} from './organisation.ts'

sayWhenSkipped('reused userids')

describe.skipIf(slapdFolder === null)('a reused userid', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  let serial = 0
  let iamid: string
  beforeAll(async () => {
    slapd = await startDirectory([personLdif('keep'), groupLdif('Staff', [dnOf('keep'), dnOf('recy')])])
    directory = directoryAt(slapd)
    app = await bootApp()
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  beforeEach(() => {
    iamid = `corp${++serial}`
  })

  const make = (more: Record<string, unknown> = {}) => syncs.makeIam(iamid, configOf(slapd, more))
  const sync = (more: object = { dryRun: false }) => syncs.sync(iamid, more).then(({ body }) => body)
  const logIn = async (username: string, password = `pw-${username}`) =>
    send(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, { json: { username, password } })
  const row = async (userid: string) => (await app.store.db.prisma.user.findFirst({ where: { iamid, userid } }))!
  const lastEntries = async () => syncs.entries((await syncs.runs(iamid))[0].id)
  const events = async (event: string) =>
    app.store.db.prisma.auditEvent.findMany({
      where: { event, targetName: { startsWith: `${iamid}/` } },
      orderBy: { id: 'asc' },
      select: { targetId: true, before: true, after: true },
    })
  /** `recy`, with something of every kind, and the secrets that give them access. */
  async function leaver() {
    const { token } = (await logIn('recy')).body as { token: string }
    const { data } = await app.graphql('mutation { createApiKey(input: {}) { secret } }', {}, token)
    const { id } = await row('recy')
    const fill = async (text: string, values: unknown[] = [id]) => void (await app.store.db.query(text, values))
    const name = `recy of ${iamid}`
    await fill(`INSERT INTO user_attributes (user_id, key, key_key, value) VALUES ($1, 'Clearance', 'clearance', 'Top')`)
    await fill(`INSERT INTO user_permissions (user_id, permission) VALUES ($1, 'CREATE_FILTER')`)
    await fill(
      `INSERT INTO invitations (user_id, prefix, hash, expires_at) VALUES ($1, 'ri_', decode(md5($2), 'hex'), now() + interval '1 day')`,
      [id, name],
    )
    await fill(
      `WITH g AS (INSERT INTO groups (iamid, name, name_key) VALUES ('bim', $2, $2) RETURNING id) INSERT INTO memberships (group_id, user_id) SELECT id, $1::int FROM g`,
      [id, name],
    )
    await fill(
      `WITH p AS (INSERT INTO projects (name, name_key, project_key) VALUES ($2, $2, $2) RETURNING id),
         m AS (INSERT INTO project_members (project_id, user_id) SELECT id, $1::int FROM p)
       UPDATE users SET current_project_id = NULL WHERE id = $1::int`,
      [id, name],
    )
    await fill(
      `WITH d AS (INSERT INTO domains (id, name, name_key) VALUES (gen_random_uuid(), $2, $2) RETURNING id)
       INSERT INTO domain_permissions (domain_id, permission, user_id) SELECT id, 'Manage Policies', $1::int FROM d`,
      [id, name],
    )
    await fill(
      `WITH d AS (INSERT INTO data_sources (name, name_key) VALUES ($2, $2) RETURNING id)
       INSERT INTO data_source_owners (data_source_id, user_id) SELECT id, $1::int FROM d`,
      [id, name],
    )
    await fill(`INSERT INTO user_info_answers (user_id, answered_at) VALUES ($1, now())`)
    await fill(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key, kind, owner_user_id) VALUES ('bim', $2, $2, $2, $2, 'SERVICE', $1)`,
      [id, `robot of ${name}`],
    )
    await fill(
      `UPDATE users SET phone = '1', about = 'a', location = 'l', organization = 'o', sql_user = 's', preferences = '{"a": 1}',
         external_user_ids = '{"git": "recy"}', scim = '{"title": "x"}' WHERE id = $1`,
    )
    return { id, token, key: data.createApiKey.secret as string }
  }
  const opens = async (secret: string) =>
    (await app.graphql('{ viewer { user { id: databaseId } } }', {}, secret)).data?.viewer ?? null
  /** Rows of each table of a user's own. */
  const owned = async (id: number) => {
    const counts: Record<string, number> = {}
    for (const [table, whose] of Object.entries(OWNED_TABLES)) {
      const [found] = await app.store.db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table} WHERE ${whose}`, [
        [id],
      ])
      counts[table] = found!.count
    }
    return counts
  }
  const nothing = Object.fromEntries(Object.keys(OWNED_TABLES).map(table => [table, 0]))

  const robot = async () => app.store.db.prisma.user.findFirst({ where: { userid: `robot of recy of ${iamid}` } })

  test('each table that refers to users is one that a replacement empties, or has the service accounts that they own', async () => {
    const found = await app.store.db.query<{ table: string }>(
      `SELECT DISTINCT conrelid::regclass::text AS "table" FROM pg_constraint WHERE contype = 'f' AND confrelid = 'users'::regclass`,
    )
    // Service accounts lose their owner, and stay.
    expect(found.map(({ table }) => table).toSorted()).toEqual([...Object.keys(OWNED_TABLES), 'users'].toSorted())
  })

  test('under replace gives the account to the next person, who inherits nothing', async () => {
    await directory.add(dnOf('recy'), person('recy'))
    await make({ ldapSync: { onReusedUserid: 'replace' } })
    await sync()
    const { id, token, key } = await leaver()
    const before = await row('recy')
    expect(Object.values(await owned(id)).every(count => count > 0)).toBe(true)
    await directory.remove(dnOf('recy'))
    await sync()
    await directory.add(dnOf('recy'), { ...person('recy'), cn: 'Next', userPassword: 'pw-next' })
    // A log-in never replaces: whether the former person is gone only a sync tells.
    expect((await logIn('recy', 'pw-next')).status).toBe(401)
    expect((await sync({ dryRun: true })).importedUsers).toEqual([{ userId: 'recy', dn: dnOf('recy') }])
    expect(await row('recy')).toMatchObject({ disabled: true, phone: '1' })
    expect((await sync()).importedUsers).toEqual([{ userId: 'recy', dn: dnOf('recy') }])
    const after = await row('recy')
    expect(after).toMatchObject({ id, userid: 'recy', name: 'Next', disabled: false, disabledBy: null, lastLogin: null })
    expect(after).toMatchObject({
      phone: null,
      about: null,
      location: null,
      organization: null,
      sqlUser: null,
      authenticationId: null,
    })
    expect(after).toMatchObject({ preferences: null, externalUserIds: {}, scim: null, currentProjectId: null })
    expect(after.globalUserId).not.toBe(before.globalUserId)
    expect(after.scimId).not.toBe(before.scimId)
    expect(after.directoryId).not.toBe(before.directoryId)
    // What the directory itself says of the next person is theirs.
    expect(await owned(id)).toEqual({ ...nothing, memberships: 1 })
    expect([await opens(token), await opens(key)]).toEqual([null, null])
    expect(await robot()).toMatchObject({ kind: 'SERVICE', ownerUserId: null })
    expect((await lastEntries())[0]).toMatchObject({
      name: 'recy',
      action: 'REPLACE',
      state: 'APPLIED',
      before: { sourceIds: [{ source: 'directory', id: before.directoryId }] },
      after: { name: 'Next', directoryId: after.directoryId },
    })
    expect(await events('userReplaced')).toMatchObject([
      {
        targetId: String(id),
        before: {
          globalUserId: before.globalUserId,
          sourceIds: [{ id: before.directoryId }],
          serviceAccounts: [`robot of recy of ${iamid}`],
        },
      },
    ])
    expect((await logIn('recy', 'pw-next')).status).toBe(200)
    expect((await sync()).count).toBe(0)
    await directory.remove(dnOf('recy'))
  })

  test('under replace is a fault where an administrator disabled the account, or its person is only renamed', async () => {
    await directory.add(dnOf('recy'), person('recy'))
    await make({ ldapSync: { onReusedUserid: 'replace' } })
    await sync()
    const { id } = await row('recy')
    await syncs.must('mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { __typename } }', {
      input: { ref: { databaseId: id }, disabled: true },
    })
    await directory.remove(dnOf('recy'))
    await directory.add(dnOf('recy'), person('recy'))
    await sync()
    expect(await lastEntries()).toMatchObject([{ action: 'ERROR', reason: expect.stringContaining('another directory entry') }])
    expect(await row('recy')).toMatchObject({ id, disabled: true, disabledBy: 'bim' })
    await directory.remove(dnOf('recy'))

    iamid = `${iamid}b`
    await directory.add(dnOf('recy'), person('recy'))
    await make({ ldapSync: { onReusedUserid: 'replace' } })
    await sync()
    const first = await leaver()
    await directory.rename(dnOf('recy'), dnOf('moved'))
    await directory.add(dnOf('recy'), person('recy'))
    await sync()
    expect(await row('moved')).toMatchObject({ id: first.id, phone: '1' })
    expect((await opens(first.key))?.user.id).toBe(first.id)
    expect((await row('recy')).id).not.toBe(first.id)
    await directory.remove(dnOf('recy'))
    await directory.remove(dnOf('moved'))
  })

  test('replacing many counts as disabling them: the run waits for an administrator', async () => {
    const uids = Array.from({ length: 4 }, (_, at) => `many${at}`)
    for (const uid of uids) await directory.add(dnOf(uid), person(uid))
    await make({ ldapSync: { onReusedUserid: 'replace', maxDisabledCount: 2, maxDisabledPercent: 0 } })
    await sync()
    for (const uid of uids) await directory.remove(dnOf(uid))
    for (const uid of uids) await directory.add(dnOf(uid), person(uid))
    const before = await row('many0')
    expect((await syncs.sync(iamid)).status).toBe(409)
    expect(await row('many0')).toEqual(before)
    for (const uid of uids) await directory.remove(dnOf(uid))
  })

  const decide = (what: 'replaceUser' | 'relinkUser', input: object, token = app.admin.token) =>
    app.graphql(
      `mutation ($input: UserSourceIdInput!) { ${what}(input: $input) { user { id: databaseId userid disabled sourceIds { source id } } } }`,
      { input },
      token,
    )
  async function reused() {
    await directory.add(dnOf('recy'), person('recy'))
    await make()
    await sync()
    const old = await leaver()
    await directory.remove(dnOf('recy'))
    await sync()
    await directory.add(dnOf('recy'), { ...person('recy'), userPassword: 'pw-next' })
    await sync()
    return old
  }

  test('replaceUser: nothing of the account is left, and the entry that has the userid now is its person', async () => {
    const { id, token, key } = await reused()
    const { data, errors } = await decide('replaceUser', { ref: { databaseId: id } })
    expect(errors).toBeUndefined()
    expect(data.replaceUser.user).toEqual({ id, userid: 'recy', disabled: false, sourceIds: [] })
    expect(await owned(id)).toEqual(nothing)
    expect([await opens(token), await opens(key)]).toEqual([null, null])
    expect((await logIn('recy', 'pw-next')).status).toBe(200)
    expect(await row('recy')).toMatchObject({ id, phone: null, externalUserIds: {} })
    expect((await row('recy')).directoryId).not.toBeNull()
    expect(await events('userReplaced')).toHaveLength(1)
    await directory.remove(dnOf('recy'))
  })

  test('relinkUser: the same person after all, with all that they hold', async () => {
    const { id, key } = await reused()
    const before = await owned(id)
    const [fault] = await lastEntries()
    const next = /entry \(([0-9a-f-]{36})\)/.exec(fault.reason)![1]!
    const { data } = await decide('relinkUser', { ref: { databaseId: id }, sourceId: { source: 'DIRECTORY', id: next } })
    expect(data.relinkUser.user.sourceIds).toEqual([{ source: 'DIRECTORY', id: next }])
    expect((await sync()).enabledUsers).toEqual([{ userId: 'recy', dn: dnOf('recy') }])
    expect((await opens(key))?.user.id).toBe(id)
    // Disabling ended the tokens and the invitation.
    expect(await owned(id)).toEqual({ ...before, tokens: 0, invitations: 0 })
    expect((await events('userRelinked'))[0]).toMatchObject({ after: { sourceIds: [{ id: next }] } })
    await directory.remove(dnOf('recy'))
  })

  test('replaceUser and relinkUser refuse what is not theirs to decide', async () => {
    await directory.add(dnOf('recy'), person('recy'))
    await make()
    await sync()
    const { id } = await row('recy')
    const code = async (what: 'replaceUser' | 'relinkUser', input: object, token?: string) => {
      const { code, field } = (await decide(what, input, token)).errors?.[0]?.extensions ?? {}
      return field === undefined ? code : `${code} ${field}`
    }
    const plain = await app.as(['APPLICATION_ADMIN', 'AUDIT'])
    const lesser = await app.as(['USER_ADMIN'])
    const keep = await row('keep')
    for (const what of ['replaceUser', 'relinkUser'] as const) {
      expect(await code(what, { ref: { databaseId: id } }, plain.token)).toBe('FORBIDDEN')
      expect(await code(what, { ref: { databaseId: lesser.id } })).toBe('BAD_USER_INPUT ref')
      expect(await code(what, { ref: { databaseId: id }, sourceId: { source: 'ldap', id: 'x' } })).toBe(
        'BAD_USER_INPUT input.sourceId.source',
      )
      expect(await code(what, { ref: { databaseId: id }, sourceId: { source: 'DIRECTORY', id: 'x'.repeat(601) } })).toBe(
        'BAD_USER_INPUT sourceId.id',
      )
      expect(await code(what, { ref: { databaseId: id }, sourceId: { source: 'DIRECTORY', id: keep.directoryId } })).toBe(
        'CONFLICT',
      )
    }
    await app.store.db.query(`INSERT INTO user_permissions (user_id, permission) VALUES ($1, 'GOVERNANCE')`, [id])
    expect(await code('replaceUser', { ref: { databaseId: id } }, lesser.token)).toBe('FORBIDDEN')
    expect(await code('relinkUser', { ref: { databaseId: id } }, lesser.token)).toBe('FORBIDDEN')
    expect((await row('recy')).directoryId).not.toBeNull()
    await directory.remove(dnOf('recy'))
  })

  test('relinkUsers: a rebuilt directory, except administrators and users that left', async () => {
    const uids = ['same', 'boss', 'left', 'gone']
    for (const uid of uids) await directory.add(dnOf(uid), person(uid))
    await make({ ldapSync: { maxDisabledCount: 50 } })
    await sync()
    const before = Object.fromEntries(await Promise.all(uids.map(async uid => [uid, await row(uid)] as const)))
    await app.store.db.query(`INSERT INTO user_permissions (user_id, permission) VALUES ($1, 'AUDIT')`, [before.boss!.id])
    await directory.remove(dnOf('left'))
    await sync()
    const relink = async (dryRun: boolean) =>
      (
        await syncs.must('mutation ($input: RelinkUsersInput!) { relinkUsers(input: $input) { relinked users leftOut } }', {
          input: { iamid, dryRun },
        })
      ).relinkUsers
    const plan = { relinked: 3, users: ['gone', 'keep', 'same'], leftOut: ['boss'] }
    expect(await relink(true)).toEqual(plan)
    expect(await app.store.db.prisma.user.count({ where: { iamid, relinkable: true } })).toBe(0)
    expect(await relink(false)).toEqual(plan)
    // The new directory: other ids for the same userids, without `gone`, and with another `left`.
    for (const uid of ['same', 'boss', 'gone']) await directory.remove(dnOf(uid))
    for (const uid of ['same', 'boss', 'left']) await directory.add(dnOf(uid), person(uid))
    const body = await sync()
    expect(body).toMatchObject({ refreshedUsers: [{ userId: 'keep' }, { userId: 'same' }], disabledUsers: [{ userId: 'gone' }] })
    const faults = (await lastEntries()).filter(({ action }: { action: string }) => action === 'ERROR')
    expect(faults.map(({ name }: { name: string }) => name).toSorted()).toEqual(['boss', 'left'])
    const same = await row('same')
    expect(same.id).toBe(before.same!.id)
    expect(same.directoryId).not.toBe(before.same!.directoryId)
    expect((await row('boss')).directoryId).toBe(before.boss!.directoryId)
    expect(await events('userRelinked')).toMatchObject([
      { targetId: String(same.id), before: { directoryId: before.same!.directoryId }, after: { directoryId: same.directoryId } },
    ])
    // Who is not in the new directory is not relinked by somebody who comes later.
    await directory.add(dnOf('gone'), person('gone'))
    await sync()
    expect(await row('gone')).toMatchObject({ disabled: true, directoryId: before.gone!.directoryId })
    expect(await app.store.db.prisma.user.count({ where: { iamid, relinkable: true } })).toBe(0)
    for (const uid of ['same', 'boss', 'left', 'gone']) await directory.remove(dnOf(uid))
  })
})
