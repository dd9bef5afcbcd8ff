// migrateFrom in a sync, a directory without ids, and what is between a plan and its end.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { send } from '../contract/client.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import { configOf, type Directory, directoryAt, dnOf, personLdif, startDirectory, syncsOf } from './organisation.ts'

sayWhenSkipped('accounts taken over by a sync')

describe.skipIf(slapdFolder === null)('a sync', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  let serial = 0
  let iamid: string
  beforeAll(async () => {
    slapd = await startDirectory([personLdif('ana'), personLdif('chief'), personLdif('off')])
    directory = directoryAt(slapd)
    app = await bootApp({ background: true })
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  beforeEach(() => {
    iamid = `corp${++serial}`
  })
  const lastEntries = async () => syncs.entries((await syncs.runs(iamid))[0].id)
  const logIn = async (username: string, password = `pw-${username}`) =>
    send(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, { json: { username, password } })
  const rows = () =>
    app.store.db.prisma.user.findMany({
      where: { iamid },
      select: { id: true, userid: true, disabled: true },
      orderBy: { userid: 'asc' },
    })

  test('takes accounts over by migrateFrom as a log-in does, and makes nobody whom it refuses', async () => {
    const ana = await app.as(['CREATE_FILTER'], { userid: 'ana' })
    const chief = await app.as(['GOVERNANCE'], { userid: 'chief' })
    const off = await app.as([], { userid: 'off' })
    const key = await ana.key()
    await app.store.db.prisma.user.update({ where: { id: off.id }, data: { disabled: true } })
    await syncs.makeIam(iamid, configOf(slapd, { migrateFrom: 'bim' }))
    expect((await syncs.sync(iamid, { dryRun: true })).body).toMatchObject({ importedUsers: [{ userId: 'ana' }], count: 1 })
    expect(await rows()).toEqual([])
    expect((await syncs.sync(iamid)).body).toMatchObject({ importedUsers: [{ userId: 'ana' }], count: 1 })
    expect(await rows()).toEqual([{ id: ana.id, userid: 'ana', disabled: false }])
    expect(await lastEntries()).toMatchObject([
      { name: 'ana', action: 'CREATE', state: 'APPLIED', before: { iamid: 'bim' }, after: { iamid, name: 'Name of ana' } },
      {
        name: 'chief',
        action: 'ERROR',
        state: 'SKIPPED',
        reason: expect.stringContaining('holds GOVERNANCE and is not migrated'),
      },
      { name: 'off', action: 'ERROR', state: 'SKIPPED', reason: expect.stringContaining('is disabled and is not moved') },
    ])
    expect((await app.graphql('{ viewer { user { id: databaseId iamid } } }', {}, key)).data.viewer.user).toEqual({
      id: ana.id,
      iamid,
    })
    for (const userid of ['chief', 'off']) expect((await logIn(userid)).status).toBe(401)
    const stayed = await app.store.db.prisma.user.findMany({ where: { id: { in: [chief.id, off.id] } }, select: { iamid: true } })
    expect(stayed).toEqual([{ iamid: 'bim' }, { iamid: 'bim' }])
    const moved = await app.store.db.prisma.auditEvent.findMany({ where: { event: 'userMigrated', targetId: String(ana.id) } })
    expect(moved).toMatchObject([{ before: { iamid: 'bim' }, after: { iamid } }])
    expect((await syncs.sync(iamid)).body.count).toBe(0)
    expect((await logIn('ana')).status).toBe(200)
  })

  const stateOf = async () =>
    (await syncs.must('query ($id: String!) { iam(iamid: $id) { entryIds entryIdsMissingSince } }', { id: iamid })).iam

  test('of a directory without ids is shown by the IAM and by testIam', async () => {
    await syncs.makeIam(iamid, configOf(slapd, { options: { entryIdAttribute: 'employeeNumber' } }))
    expect(await stateOf()).toEqual({ entryIds: 'READ', entryIdsMissingSince: null })
    const tested = async () =>
      (
        await syncs.must('query ($input: TestIamInput!) { testIam(input: $input) { directory { after } failures } }', {
          input: { iamid, userid: 'ana' },
        })
      ).testIam
    expect((await tested()).failures).toEqual([expect.stringContaining('returns no stable id for the entry')])
    expect(await stateOf()).toMatchObject({ entryIds: 'READ' })
    await logIn('ana')
    expect(await stateOf()).toEqual({ entryIds: 'MISSING', entryIdsMissingSince: expect.any(String) })
    for (const [at, uid] of ['ana', 'chief', 'off'].entries()) await directory.set(dnOf(uid), 'employeeNumber', [`N${at}`])
    expect((await syncs.sync(iamid)).status).toBe(200)
    expect(await stateOf()).toEqual({ entryIds: 'READ', entryIdsMissingSince: null })
    expect(await tested()).toMatchObject({ directory: { after: {} }, failures: [] })
    expect((await app.store.db.prisma.user.findFirst({ where: { iamid, userid: 'ana' } }))!.directoryId).toBe('N0')
    // An entry without an id does not enable a user that was disabled with one.
    await directory.leave(dnOf('off'))
    await syncs.sync(iamid)
    await directory.comeBack(dnOf('off'))
    await directory.set(dnOf('off'), 'employeeNumber', [])
    await syncs.sync(iamid)
    expect(await lastEntries()).toMatchObject([{ action: 'ERROR', reason: expect.stringContaining('gives no id of off') }])
    expect((await stateOf()).entryIds).toBe('MISSING')
    await syncs.changeIam(iamid, configOf(slapd, { options: { entryIdAttribute: 'none' } }))
    expect(await stateOf()).toMatchObject({ entryIds: 'OFF' })
    expect((await tested()).failures).toEqual([])
    for (const uid of ['ana', 'chief', 'off']) await directory.set(dnOf(uid), 'employeeNumber', [])
  })

  test('skips users that log in between its plan and its end, and imports no other entry of their userid', async () => {
    await syncs.makeIam(iamid, configOf(slapd))
    await syncs.sync(iamid)
    const [planned] = await app.store.db.query<{ id: number }>(
      `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status, planned, started_at) VALUES ($1, 'full', 'test', false, 'quarantined', 2, now()) RETURNING id`,
      [iamid],
    )
    const payload = (userid: string, id: string) => ({
      userid,
      profile: { name: 'From the plan' },
      sourceId: { source: 'directory', id },
    })
    // A plan that another directory could have made: a new person of a userid that is held by now.
    await app.store.db.query(
      `INSERT INTO sync_entries (run_id, kind, name, name_key, action, state, said) SELECT $1, 'user', n.name, n.name, 'create', 'planned', n.payload
         FROM jsonb_to_recordset($2::jsonb) n(name text, payload jsonb)`,
      [planned!.id, JSON.stringify([{ name: 'off', payload: payload('off', 'another id') }])],
    )
    const { errors } = await syncs.decide('approveSync', planned!.id)
    expect(errors).toBeUndefined()
    await syncs.settled(iamid)
    expect(await syncs.entries(planned!.id)).toMatchObject([
      {
        name: 'off',
        action: 'ERROR',
        state: 'SKIPPED',
        reason: expect.stringContaining('another directory entry (another id)'),
      },
    ])
    expect(await app.store.db.prisma.user.findFirst({ where: { iamid, userid: 'off' } })).toMatchObject({ name: 'Name of off' })
    expect(await rows()).toHaveLength(3)
  })
})
