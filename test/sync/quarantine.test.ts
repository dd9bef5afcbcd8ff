// What a directory does not say: runs that wait for an administrator, and runs that come to nothing.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import {
  configOf,
  type Directory,
  directoryAt,
  dnOf,
  groupLdif,
  groups,
  personLdif,
  startDirectory,
  syncsOf,
  unlimited,
} from './organisation.ts'

sayWhenSkipped('LDAP sync, refused')

const uids = Array.from({ length: 30 }, (_, at) => `u${at}`)

describe.skipIf(slapdFolder === null)('a sync is not done', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory(uids.map(uid => personLdif(uid)))
    directory = directoryAt(slapd)
    app = await bootApp({ background: true })
    syncs = syncsOf(app)
    await syncs.makeIam('corp', configOf(slapd))
    expect((await syncs.sync('corp')).body).toMatchObject({ totalCount: 30, count: 30 })
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  afterEach(async () => {
    await syncs.changeIam('corp', configOf(slapd))
  })
  const enabled = () => app.store.db.prisma.user.count({ where: { iamid: 'corp', disabled: false } })
  const lastRun = async () => (await syncs.runs('corp'))[0]
  const events = async () =>
    (await syncs.must('{ auditEvents(first: 3) { nodes { event after } } }')).auditEvents.nodes.map(
      (node: { event: string }) => node.event,
    )

  describe('when too many would be disabled', () => {
    const gone = uids.slice(0, 13)
    beforeAll(async () => {
      for (const uid of gone) await directory.leave(dnOf(uid))
    })
    afterAll(async () => {
      for (const uid of gone) await directory.comeBack(dnOf(uid))
      await syncs.sync('corp')
    })

    test('a dry run says so, with the whole plan', async () => {
      const { status, body } = await syncs.sync('corp', { dryRun: true })
      expect({ status, body }).toMatchObject({ status: 200, body: { totalCount: 17, count: 13 } })
      expect(body.disabledUsers).toHaveLength(13)
      expect(await lastRun()).toMatchObject({
        status: 'FINISHED',
        reason: expect.stringContaining('It would wait for an administrator'),
      })
    })

    test('the run is quarantined; dropped, it changes nothing', async () => {
      const { status, body } = await syncs.sync('corp')
      const run = await lastRun()
      const why = 'It would disable 13 of 30 people; the limit is 10: approve or cancel it'
      expect({ status, message: body.message }).toEqual({
        status: 409,
        message: `The sync ${run.id} waits for an administrator: ${why}. See it with syncRun, then approveSync or cancelSync`,
      })
      expect(run).toMatchObject({ status: 'QUARANTINED', reason: why, planned: 13, applied: 0 })
      expect(await events()).toContain('syncQuarantined')
      expect(await enabled()).toBe(30)
      expect(
        (await syncs.entries(run.id)).map((entry: { action: string; state: string }) => [entry.action, entry.state]),
      ).toEqual(gone.map(() => ['DISABLE', 'PLANNED']))
      const { data } = await syncs.decide('cancelSync', run.id)
      expect(data.cancelSync.run.status).toBe('CANCELLED')
      expect((await syncs.decide('approveSync', run.id)).errors![0].extensions.code).toBe('CONFLICT')
      expect(await enabled()).toBe(30)
    })

    test('confirmed, it is done; and undone again', async () => {
      await syncs.sync('corp')
      const run = await lastRun()
      expect((await syncs.decide('approveSync', run.id)).data.approveSync.run.status).toBe('APPLYING')
      await syncs.settled('corp')
      expect(await syncs.run(run.id)).toMatchObject({ status: 'FINISHED', planned: 13, applied: 13 })
      expect(await enabled()).toBe(17)
      const disabledByHand = { ref: { name: { iamid: 'corp', userid: 'u0' } }, disabled: false }
      await syncs.must('mutation ($i: SetUserDisabledInput!) { setUserDisabled(input: $i) { user { id: databaseId } } }', {
        i: disabledByHand,
      })
      await syncs.must('mutation ($i: SetUserDisabledInput!) { setUserDisabled(input: $i) { user { id: databaseId } } }', {
        i: { ...disabledByHand, disabled: true },
      })
      expect((await syncs.undo(run.id)).data.undoSync.enabled).toBe(12)
      expect(await enabled()).toBe(29)
      expect((await syncs.user('u0')).disabled).toBe(true)
      expect((await syncs.run(run.id)).undoneAt).not.toBe(null)
      expect((await syncs.undo(run.id)).errors![0].message).toBe(`The sync ${run.id} was already undone`)
    })

    test('a later one that is whole makes it moot', async () => {
      await syncs.sync('corp')
      const run = await lastRun()
      expect(run.status).toBe('QUARANTINED')
      for (const uid of gone.slice(0, 5)) await directory.comeBack(dnOf(uid))
      expect((await syncs.sync('corp')).status).toBe(200)
      expect((await syncs.run(run.id)).status).toBe('SUPERSEDED')
      for (const uid of gone.slice(0, 5)) await directory.leave(dnOf(uid))
    })

    test('a plan that is older than a log-in does not disable who logged in, nor anybody else who is back', async () => {
      for (const uid of uids.slice(13, 26)) await directory.leave(dnOf(uid))
      expect((await syncs.sync('corp')).status).toBe(409)
      const run = await lastRun()
      for (const uid of uids.slice(13, 26)) await directory.comeBack(dnOf(uid))
      expect((await syncs.logIn('u20')).status).toBe(200)
      await syncs.decide('approveSync', run.id)
      await syncs.settled('corp')
      expect((await syncs.user('u20')).disabled).toBe(false)
      expect((await syncs.user('u21')).disabled).toBe(false)
      expect((await syncs.user('u1')).disabled).toBe(true)
      const entries = await syncs.entries(run.id, { actions: ['DISABLE'] })
      expect(entries.find(({ name }: { name: string }) => name === 'u21')).toMatchObject({
        state: 'SKIPPED',
        reason: 'The directory shows them again',
      })
      // Of those who are gone, four were enabled.
      expect((await syncs.undo(run.id)).data.undoSync.enabled).toBe(4)
    })

    test('confirmed while the directory is away, it waits again, and nobody is disabled', async () => {
      await syncs.changeIam('corp', configOf(slapd, { ldapSync: { maxDisabledCount: 0, maxDisabledPercent: 0 } }))
      expect((await syncs.sync('corp')).status).toBe(409)
      const run = await lastRun()
      const before = await enabled()
      await slapd.stop()
      expect((await syncs.decide('approveSync', run.id)).errors).toBeUndefined()
      await syncs.settled('corp')
      expect(await syncs.run(run.id)).toMatchObject({
        status: 'QUARANTINED',
        reason: expect.stringMatching(/^The users to disable could not be checked again: the directory is unreachable/),
      })
      expect(await enabled()).toBe(before)
      await slapd.start()
      expect((await syncs.decide('approveSync', run.id)).errors).toBeUndefined()
      await syncs.settled('corp')
      expect((await syncs.run(run.id)).status).toBe('FINISHED')
      expect((await syncs.undo(run.id)).errors).toBeUndefined()
    })

    test('the bounds are the IAM administrator’s', async () => {
      await syncs.changeIam('corp', configOf(slapd, { ldapSync: { maxDisabledCount: 0, maxDisabledPercent: 0 } }))
      expect((await syncs.sync('corp')).status).toBe(409)
    })
  })

  test('when nobody is shown', async () => {
    await syncs.changeIam('corp', configOf(slapd, { options: { userSearchFilter: '(&(uid=%s)(title=nobody))' } }))
    expect((await syncs.sync('corp')).body.message).toContain('The directory returned no users, but ')
    expect(await lastRun()).toMatchObject({ status: 'QUARANTINED', total: 0 })
    expect((await syncs.sync('corp', { dryRun: true })).status).toBe(200)
  })

  test('when the account may not read it, or the directory is away', async () => {
    await syncs.changeIam(
      'corp',
      configOf(slapd, { credentials: { bind_dn: 'cn=reader,dc=roster,dc=example', bind_pw: 'wrong' } }),
    )
    const refused = await syncs.sync('corp')
    expect(refused.body.message).toBe('the directory rejects the account of config.credentials: invalidCredentials (49)')
    expect(await lastRun()).toMatchObject({
      status: 'FAILED',
      reason: 'the directory rejects the account of config.credentials: invalidCredentials (49)',
    })
    await syncs.changeIam('corp', configOf(slapd, { options: { port: 1 } }))
    const { status, body } = await syncs.sync('corp')
    expect({ status, message: body.message }).toEqual({
      status: 503,
      message: 'the directory is unreachable: ECONNREFUSED (connection refused by config.options.host and port)',
    })
    expect(await enabled()).toBeGreaterThan(18)
  })

  test('when the directory answers with a part only: who was seen may be taken in, and nobody is disabled', async () => {
    const cut = await startDirectory(
      [...uids, 'new'].map(uid => personLdif(uid)),
      unlimited.replace('size.prtotal=unlimited', 'size.prtotal=20'),
    )
    try {
      const config = configOf(cut, { ldapSync: { pageSize: 10 } })
      await syncs.makeIam('cut', config)
      const { status, body } = await syncs.sync('cut')
      expect({ status, background: body.runningInBackground }).toEqual({ status: 200, background: true })
      await syncs.settled('cut')
      const [run] = await syncs.runs('cut')
      expect(run).toMatchObject({
        status: 'QUARANTINED',
        reason: expect.stringMatching(/^The directory was not seen whole: .*\(4\)|\(11\)/),
      })
      expect(run.total).toBeGreaterThan(0)
      expect(await app.store.db.prisma.user.count({ where: { iamid: 'cut' } })).toBe(0)
    } finally {
      await cut.close()
    }
  })

  test('when its groups are more than the size limit: the plan has the people, and their groups as a log-in finds them', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `g${at}`)
    const few = uids.slice(0, 5)
    const cut = await startDirectory(
      [...few.map(uid => personLdif(uid)), ...names.map(name => groupLdif(name, [dnOf('u0')]))],
      'size.soft=12 size.hard=12',
    )
    try {
      await syncs.makeIam('many', configOf(cut, { ldapSync: { paged: false } }))
      expect((await syncs.sync('many')).body).toMatchObject({ count: 5 })
      await directoryAt(cut).add(`cn=g12,${groups}`, { objectClass: 'groupOfNames', cn: 'g12', member: dnOf('u1') })
      await directoryAt(cut).set(`cn=g0,${groups}`, 'member', [dnOf('u1')])
      const { status, body } = await syncs.sync('many')
      expect(status, body.message).toBe(409)
      const [run] = await syncs.runs('many')
      expect(run).toMatchObject({
        status: 'QUARANTINED',
        total: 5,
        reason: expect.stringMatching(/^The directory was not seen whole: the directory answers sizeLimitExceeded \(4\)/),
      })
      expect(await syncs.entries(run.id)).toMatchObject([
        { name: 'u0', action: 'UPDATE', before: { groups: ['g0'] } },
        { name: 'u1', action: 'UPDATE', after: { groups: ['g0', 'g12'] } },
      ])
    } finally {
      await cut.close()
    }
  })

  test('to the last administrator: the rest of the run is', async () => {
    const instance = await bootApp({ background: true })
    const here = syncsOf(instance)
    await here.makeIam('corp', configOf(slapd))
    await here.sync('corp')
    await here.must('mutation ($i: SetUserPermissionsInput!) { setUserPermissions(input: $i) { user { id: databaseId } } }', {
      i: { ref: { name: { iamid: 'corp', userid: 'u29' } }, permissions: ['USER_ADMIN'] },
    })
    const { token } = (await here.logIn('u29')).body
    await instance.store.db.prisma.user.update({ where: { id: instance.admin.id }, data: { disabled: true } })
    await directory.leave(dnOf('u28'))
    await directory.leave(dnOf('u29'))
    const { data } = await instance.graphql(
      'mutation { syncIam(input: {iamid: "corp"}) { disabledUsers run { id: databaseId status } } }',
      {},
      token,
    )
    expect(data.syncIam).toMatchObject({ disabledUsers: [{ userId: 'u28' }], run: { status: 'FINISHED' } })
    const skipped = await instance.graphql(
      'query ($id: Int!) { syncEntries(ref: { databaseId: $id }, filter: {states: [SKIPPED]}) { nodes { name action reason } } }',
      { id: data.syncIam.run.id },
      token,
    )
    expect(skipped.data.syncEntries.nodes).toEqual([
      {
        name: 'u29',
        action: 'DISABLE',
        reason: 'This would leave no enabled user with USER_ADMIN: grant it to another user first',
      },
    ])
    for (const uid of ['u28', 'u29']) await directory.comeBack(dnOf(uid))
    await instance.close()
  })

  test('twice at once', async () => {
    const answers = await Promise.all([syncs.sync('corp'), syncs.sync('corp'), syncs.sync('corp')])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(answers.find(({ status }) => status === 409)!.body.message).toMatch(/^A sync of corp is running \(\d+\)/)
  })

  test('for who is no USER_ADMIN, nor decided on or read by them', async () => {
    const { token } = await app.as(['APPLICATION_ADMIN'])
    const { id } = await lastRun()
    for (const query of [
      'mutation { syncIam(input: {iamid: "corp"}) { count } }',
      `mutation { approveSync(input: {ref: { databaseId: ${id} }}) { run { id: databaseId } } }`,
      `mutation { cancelSync(input: {ref: { databaseId: ${id} }}) { run { id: databaseId } } }`,
      `mutation { undoSync(input: {ref: { databaseId: ${id} }}) { enabled } }`,
      `{ syncRun(ref: { databaseId: ${id} }) { id: databaseId } }`,
      '{ syncRuns { nodes { id: databaseId } } }',
      `{ syncEntries(ref: { databaseId: ${id} }) { nodes { id } } }`,
    ])
      expect((await app.graphql(query, {}, token)).errors?.[0].extensions.code, query).toBe('FORBIDDEN')
  })
})
