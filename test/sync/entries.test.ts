// Who an entry is: its stable id, whatever it is called. At a real OpenLDAP, by syncs, log-ins and refreshes (reference: iam-rules).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

sayWhenSkipped('who an entry is')

describe.skipIf(slapdFolder === null)('an entry', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  let serial = 0
  /** An IAM of its own for each test, of one directory. */
  let iamid: string
  beforeAll(async () => {
    slapd = await startDirectory([personLdif('keep'), groupLdif('Staff', [dnOf('keep')])])
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
  const sync = () => syncs.sync(iamid).then(({ body }) => body)
  const logIn = async (username: string, password = `pw-${username}`) =>
    send(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, { json: { username, password } })
  const rows = () =>
    app.store.db.query<{ id: number; userid: string; disabled: boolean; directoryId: string | null }>(
      `SELECT id, userid, disabled, directory_id AS "directoryId" FROM users WHERE iamid = $1 AND userid <> 'keep' ORDER BY id`,
      [iamid],
    )
  const lastEntries = async () => syncs.entries((await syncs.runs(iamid))[0].id)
  const events = async (event: string) =>
    app.store.db.prisma.auditEvent.findMany({
      where: { event, OR: [{ targetName: { startsWith: `${iamid}/` } }] },
      orderBy: { id: 'asc' },
      select: { targetName: true, before: true, after: true, reason: true },
    })
  const hold = async (userid: string, key = 'Clearance', value = 'Top') =>
    syncs.must('mutation ($input: AttributeInput!) { addAttribute(input: $input) { __typename } }', {
      input: { owner: { user: { name: { iamid, userid } } }, key, value },
    })

  test('keeps its account under another userid, with all that it holds', async () => {
    await directory.add(dnOf('ren'), person('ren'))
    await make()
    await sync()
    const [before] = await rows()
    expect(before!.directoryId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    const { token } = (await logIn('ren')).body as { token: string }
    await directory.rename(dnOf('ren'), dnOf('ren2'))
    await directory.set(dnOf('ren2'), 'userPassword', ['pw-ren2'])
    expect((await sync()).refreshedUsers).toEqual([{ userId: 'ren', dn: dnOf('ren2') }])
    expect(await rows()).toEqual([{ ...before, userid: 'ren2' }])
    expect(await events('usernameUpdated')).toEqual([
      { targetName: `${iamid}/ren2`, before: { userid: 'ren' }, after: { userid: 'ren2', source: iamid }, reason: null },
    ])
    expect((await app.graphql('{ viewer { user { userid } } }', {}, token)).data.viewer.user.userid).toBe('ren2')
    expect((await sync()).count).toBe(0)
    expect((await logIn('ren2')).status).toBe(200)
    expect((await logIn('ren', 'pw-ren2')).status).toBe(401)
    await directory.remove(dnOf('ren2'))
  })

  test('is renamed by a log-in and by a refresh as by a sync', async () => {
    await directory.add(dnOf('lo'), person('lo'))
    await make()
    await logIn('lo')
    const [before] = await rows()
    await directory.rename(dnOf('lo'), dnOf('lo2'))
    expect((await logIn('lo2', 'pw-lo')).status).toBe(200)
    expect(await rows()).toEqual([{ ...before, userid: 'lo2' }])
    await directory.rename(dnOf('lo2'), dnOf('lo3'))
    const refreshed = await send(app.url, 'PUT', `/bim/iam/${iamid}/user/lo2`, { token: app.admin.token })
    expect(refreshed.status).toBe(200)
    expect(await rows()).toEqual([{ ...before, userid: 'lo3' }])
    await directory.rename(dnOf('lo3'), dnOf('lo4'))
    expect((await syncs.sync(iamid, { dryRun: false, userId: 'lo3' } as object)).body.count).toBe(1)
    expect(await rows()).toEqual([{ ...before, userid: 'lo4' }])
    await directory.remove(dnOf('lo4'))
  })

  test('does not take a userid that another account holds: a fault, and nothing is changed', async () => {
    await directory.add(dnOf('one'), person('one'))
    await directory.add(dnOf('two'), person('two'))
    await make()
    await sync()
    const before = await rows()
    // The two change their userids with each other.
    await directory.rename(dnOf('one'), dnOf('x'))
    await directory.rename(dnOf('two'), dnOf('one'))
    await directory.rename(dnOf('x'), dnOf('two'))
    await sync()
    expect(await rows()).toEqual(before)
    const [one, two] = before
    expect(await lastEntries()).toMatchObject([
      { action: 'ERROR', state: 'SKIPPED', reason: expect.stringContaining(`one (${one!.directoryId}) now has the userid two`) },
      { action: 'ERROR', state: 'SKIPPED', reason: expect.stringContaining(`(${one!.directoryId})`) },
    ])
    expect((await logIn('two', 'pw-one')).status).toBe(401)
    expect(await rows()).toEqual(before)
    expect((await events('loginFailed')).at(-1)!.reason).toContain(`another account of the IAM (${two!.directoryId})`)
    await directory.remove(dnOf('one'))
    await directory.remove(dnOf('two'))
  })

  test('gives its old userid up for who comes to it in the same run', async () => {
    await directory.add(dnOf('giver'), person('giver'))
    await make()
    await sync()
    const [giver] = await rows()
    await directory.rename(dnOf('giver'), dnOf('given'))
    await directory.add(dnOf('giver'), person('giver'))
    const body = await sync()
    expect(body).toMatchObject({ importedUsers: [{ userId: 'giver' }], refreshedUsers: [{ userId: 'giver' }], disabledUsers: [] })
    expect(await rows()).toEqual([{ ...giver, userid: 'given' }, expect.objectContaining({ userid: 'giver', disabled: false })])
    expect((await sync()).count).toBe(0)
    await directory.remove(dnOf('giver'))
    await directory.remove(dnOf('given'))
  })

  test('of a recycled userid inherits nothing: a log-in is refused, a sync reports a fault', async () => {
    await directory.add(dnOf('recy'), person('recy'))
    await make()
    const { token } = (await logIn('recy')).body as { token: string }
    const { data } = await app.graphql('mutation { createApiKey(input: {}) { secret } }', {}, token)
    const key = data.createApiKey.secret
    await hold('recy')
    const viewer = () => app.graphql('{ viewer { user { userid } } }', {}, key)
    expect((await viewer()).data.viewer.user.userid).toBe('recy')
    const [leaver] = await rows()

    await directory.remove(dnOf('recy'))
    await sync()
    expect((await viewer()).data?.viewer ?? null).toBeNull()
    await directory.add(dnOf('recy'), { ...person('recy'), userPassword: 'pw-next' })
    for (let turn = 0; turn < 2; turn++) {
      expect(await sync()).toMatchObject({ count: 0, enabledUsers: [] })
      const [fault] = await lastEntries()
      expect(fault).toMatchObject({ name: 'recy', action: 'ERROR', state: 'SKIPPED' })
      expect(fault.reason).toContain(leaver!.directoryId)
      expect(fault.reason).toMatch(/the userid recy is now that of another directory entry \([0-9a-f-]{36}\)/)
    }
    expect(await rows()).toEqual([{ ...leaver, disabled: true }])
    expect((await logIn('recy', 'pw-next')).status).toBe(401)
    expect((await viewer()).data?.viewer ?? null).toBeNull()
    expect((await events('loginFailed')).at(-1)).toMatchObject({ reason: expect.stringContaining(leaver!.directoryId!) })
    const refreshed = await send(app.url, 'PUT', `/bim/iam/${iamid}/user/recy`, { token: app.admin.token })
    expect(refreshed.status).toBe(409)
    expect(await rows()).toEqual([{ ...leaver, disabled: true }])
    await directory.remove(dnOf('recy'))
  })

  test('of several userids is one account, and any of them logs in to it', async () => {
    await directory.add(dnOf('ann'), { ...person('ann'), mail: ['zann.alias@x.test', 'ann@x.test'] })
    await make({ options: { userSearchFilter: '(mail=%s)' } })
    expect((await logIn('zann.alias@x.test', 'pw-ann')).status).toBe(200)
    expect((await logIn('ann@x.test', 'pw-ann')).status).toBe(200)
    expect(await rows()).toMatchObject([{ userid: 'ann@x.test' }, ...[]])
    await sync()
    expect((await rows()).filter(({ userid }) => userid.includes('@x.test'))).toHaveLength(1)
    await directory.remove(dnOf('ann'))
  })

  test('without an id only the userid that a sync takes logs in', async () => {
    await directory.add(dnOf('non'), { ...person('non'), mail: ['znon@x.test', 'non@x.test'] })
    await make({ options: { userSearchFilter: '(mail=%s)', entryIdAttribute: 'none' } })
    expect((await logIn('znon@x.test', 'pw-non')).status).toBe(401)
    expect((await events('loginFailed')).at(-1)!.reason).toContain('only its userid non@x.test logs in')
    expect((await logIn('non@x.test', 'pw-non')).status).toBe(200)
    expect(await rows()).toMatchObject([{ userid: 'non@x.test', directoryId: null }])
    await directory.remove(dnOf('non'))
  })

  test('an account of another userid, from before there were ids, is disabled by a sync', async () => {
    await directory.add(dnOf('old'), { ...person('old'), mail: ['zold@x.test', 'old@x.test'] })
    await make({ options: { userSearchFilter: '(mail=%s)' } })
    for (const userid of ['old@x.test', 'zold@x.test'])
      await app.store.db.prisma.user.create({ data: { iamid, userid, useridKey: userid, name: userid, nameKey: userid } })
    expect(await sync()).toMatchObject({ disabledUsers: [{ userId: 'zold@x.test' }] })
    expect((await lastEntries()).find(({ action }: { action: string }) => action === 'DISABLE').reason).toBe(
      'its userid is another one of the entry whose account is old@x.test',
    )
    const mine = (await rows()).filter(({ userid }) => userid.endsWith('old@x.test'))
    expect(mine).toMatchObject([
      { userid: 'old@x.test', disabled: false, directoryId: expect.any(String) },
      { userid: 'zold@x.test', disabled: true, directoryId: null },
    ])
    await directory.remove(dnOf('old'))
  })

  test('of an existing store is adopted when it is next seen', async () => {
    await directory.add(dnOf('seen'), person('seen'))
    await make()
    await app.store.db.prisma.user.create({ data: { iamid, userid: 'seen', useridKey: 'seen', name: 'seen', nameKey: 'seen' } })
    const [before] = await rows()
    expect(before!.directoryId).toBeNull()
    expect((await sync()).refreshedUsers).toMatchObject([{ userId: 'seen' }])
    const [after] = await rows()
    expect(after).toEqual({ ...before, directoryId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect((await sync()).count).toBe(0)
    await directory.remove(dnOf('seen'))
  })

  test('two log-ins at once make one account, whichever userid they type', async () => {
    await directory.add(dnOf('race'), { ...person('race'), mail: ['race@x.test', 'zrace@x.test'] })
    await make({ options: { userSearchFilter: '(mail=%s)' } })
    const answers = await Promise.all(
      ['race@x.test', 'zrace@x.test', 'race@x.test', 'zrace@x.test'].map(name => logIn(name, 'pw-race')),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await rows()).toMatchObject([{ userid: 'race@x.test' }])
    await directory.remove(dnOf('race'))
  })
})
