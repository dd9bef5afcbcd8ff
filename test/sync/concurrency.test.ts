// What must not happen to a sync, whatever else happens meanwhile: the store, other processes and other people come between.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { machine } from '../../src/authorization/actor.ts'
import { findIam } from '../../src/domain/iams/iams.store.ts'
import { forgetPlan, insertEntries, plannedEntries, undoPlanned } from '../../src/sync/entries.store.ts'
import { errorEntry } from '../../src/sync/entry.ts'
import { steps } from '../../src/sync/run-steps.service.ts'
import { abandonedRuns, claimRun, findRun, insertRun, updateRun } from '../../src/sync/runs.store.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { testContext } from '../harness/context.ts'
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
} from './organisation.ts'

sayWhenSkipped('LDAP sync, attacked')

const uids = Array.from({ length: 40 }, (_, at) => `u${at}`)

describe('a run of which another process has taken hold', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await bootApp()
  }, 60_000)
  afterAll(() => app?.close())
  const asked = {
    iamid: 'x',
    mode: 'full',
    startedBy: 'test',
    dryRun: false,
    userid: null,
    since: null,
    status: 'reading',
  } as const
  const draft = { ...errorEntry('somebody', null, ''), action: 'create', nameKey: 'somebody' } as const

  test('is not written into by who held it before, however late they wake', async () => {
    const { db } = app.store
    const { id } = (await insertRun(db, { ...asked, holder: 'sleeper' }, new Date()))!
    await db.query("UPDATE sync_runs SET beat_at = now() - interval '40 seconds' WHERE id = $1", [id])
    expect(await abandonedRuns(db)).toEqual([id])
    expect((await claimRun(db, id, { holder: 'heir', now: new Date() }))?.id).toBe(id)
    const heir = { runId: id, holder: 'heir' }
    const sleeper = { runId: id, holder: 'sleeper' }
    expect(await insertEntries(db, heir, [draft])).toBe(true)
    expect(await insertEntries(db, sleeper, [draft])).toBe(false)
    expect(await undoPlanned(db, sleeper, ['somebody'])).toBe(0)
    expect(await forgetPlan(db, sleeper)).toBe(false)
    expect(await updateRun(db, id, { holder: 'sleeper', step: {} })).toBe(false)
    expect(await plannedEntries(db, id, { after: 0, limit: 10 })).toHaveLength(1)
    expect(await forgetPlan(db, heir)).toBe(true)
    expect(await plannedEntries(db, id, { after: 0, limit: 10 })).toEqual([])
    await updateRun(db, id, { holder: null, step: { status: 'cancelled', over: true } })
  })

  test('is not taken by one whose clock is ahead', async () => {
    const { db } = app.store
    const now = new Date()
    const { id } = (await insertRun(db, { ...asked, holder: 'worker' }, now))!
    expect(await claimRun(db, id, { holder: 'hasty', now: new Date(now.getTime() + 3_600_000) })).toBe(null)
    expect(await abandonedRuns(db)).toEqual([])
  })

  test('does nothing twice after a commit without an answer: its entries stay applied', async () => {
    const { db } = app.store
    await db.prisma.iam.create({ data: { id: 'twice', displayName: 'Twice', type: 'ldap' } })
    const { id } = (await insertRun(db, { ...asked, iamid: 'twice', holder: 'worker' }, new Date()))!
    await insertEntries(db, { runId: id, holder: 'worker' }, [
      { ...draft, nameKey: 'once', payload: { userid: 'once', profile: { name: 'Once' } } },
    ])
    const run = (await findRun(db, id))!
    const iam = (await findIam(db, 'twice'))!
    const entries = await plannedEntries(db, id, { after: 0, limit: 10 })
    const context = testContext({ actor: machine('sync'), store: app.store })
    for (let turn = 0; turn < 2; turn++) await steps.apply(context, { run, iam, holder: 'worker', entries })
    expect((await findRun(db, id))!.applied).toBe(1)
    expect(await db.query('SELECT action, state FROM sync_entries WHERE run_id = $1', [id])).toEqual([
      { action: 'create', state: 'applied' },
    ])
  })
})

describe.skipIf(slapdFolder === null)('a sync', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory([...uids.map(uid => personLdif(uid)), groupLdif('all', uids.map(dnOf))])
    directory = directoryAt(slapd)
    app = await bootApp({ background: true, logged: true })
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  const lastRun = async (iamid: string) => (await syncs.runs(iamid))[0]
  const enabled = (iamid: string) => app.store.db.prisma.user.count({ where: { iamid, disabled: false } })

  /** The store refuses these statements on a table with an SQLSTATE, so many times. */
  async function refusing(table: string, when: string, state: string, times: number, work: () => Promise<void>): Promise<void> {
    const { db } = app.store
    await db.query('CREATE SEQUENCE refusals')
    await db.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
      IF ${when} AND nextval('refusals') <= ${times} THEN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '${state}'; END IF;
      RETURN NEW; END $f$`)
    await db.query(`CREATE TRIGGER refusing BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`)
    try {
      await work()
    } finally {
      await db.query(`DROP TRIGGER refusing ON ${table}`)
      await db.query('DROP FUNCTION refuse()')
      await db.query('DROP SEQUENCE refusals')
    }
  }

  test('goes on when its batch came between another change', async () => {
    await syncs.makeIam('deadlocked', configOf(slapd))
    await refusing('memberships', 'true', '40P01', 2, async () => {
      expect((await syncs.sync('deadlocked')).body).toMatchObject({ count: 40 })
    })
    expect(await lastRun('deadlocked')).toMatchObject({ status: 'FINISHED', planned: 40, applied: 40 })
  })

  test('does all but the one entry that the store cannot take', async () => {
    await syncs.makeIam('odd', configOf(slapd))
    await refusing('users', "NEW.userid = 'u7'", 'XX000', 1_000, async () => {
      expect((await syncs.sync('odd')).body).toMatchObject({ count: 39 })
    })
    const run = await lastRun('odd')
    expect(run).toMatchObject({ status: 'FINISHED', planned: 40, applied: 40 })
    expect(await syncs.entries(run.id, { states: ['SKIPPED'] })).toMatchObject([
      { name: 'u7', reason: 'Something unexpected happened: the log has the details' },
    ])
    expect(app.logged.filter(({ msg }) => msg === 'an entry of a sync could not be done')).toHaveLength(1)
  })

  test('is neither failed nor quarantined because the store was away while it read', async () => {
    await syncs.makeIam('away', configOf(slapd))
    await refusing('sync_entries', "NEW.kind = 'user'", '57P01', 1, async () => {
      expect((await syncs.sync('away')).status).toBe(503)
    })
    const run = await lastRun('away')
    expect(run).toMatchObject({ status: 'READING', reason: null })
    expect(await abandonedRuns(app.store.db)).toContain(run.id)
    await syncs.decide('cancelSync', run.id)
  })

  test('that is confirmed late skips users that are back, renamed or refreshed', async () => {
    await syncs.makeIam('late', configOf(slapd, { ldapSync: { maxDisabledCount: 1, maxDisabledPercent: 0 } }))
    await syncs.sync('late')
    const back = ['u1', 'u2', 'u3', 'u5']
    for (const uid of [...back, 'u4']) await directory.leave(dnOf(uid))
    for (const uid of ['u10', 'u11']) await directory.set(dnOf(uid), 'title', ['First'])
    expect((await syncs.sync('late')).status).toBe(409)
    const run = await lastRun('late')
    // A log-in after the plan has newer data.
    await directory.set(dnOf('u10'), 'title', ['Last'])
    expect((await syncs.logIn('u10', 'late')).status).toBe(200)
    for (const uid of back) await directory.comeBack(dnOf(uid))
    expect((await syncs.logIn('u1', 'late')).status).toBe(200)
    await syncs.must('mutation ($i: UserInput!) { refreshUser(input: $i) { user { id: databaseId } } }', {
      i: { ref: { name: { iamid: 'late', userid: 'u2' } } },
    })
    await app.store.db.query("UPDATE users SET userid = 'u3b', userid_key = 'u3b' WHERE iamid = 'late' AND userid_key = 'u3'")
    expect((await syncs.decide('approveSync', run.id)).errors).toBeUndefined()
    await syncs.settled('late')
    expect(await enabled('late')).toBe(39)
    expect((await syncs.user('u4', 'late')).disabled).toBe(true)
    const skipped = await syncs.entries(run.id, { states: ['SKIPPED'] })
    expect(skipped.map(({ name }: { name: string }) => name).toSorted()).toEqual(['u1', 'u10', 'u2', 'u3', 'u5'])
    expect((await syncs.user('u10', 'late')).profile.position).toBe('Last')
    expect((await syncs.user('u11', 'late')).profile.position).toBe('First')
    const reasons = Object.fromEntries(skipped.map(({ name, reason }: { name: string; reason: string }) => [name, reason]))
    expect(reasons.u10).toBe('The user was changed, or found in the directory, since')
    for (const uid of back) expect(reasons[uid]).toBe('The directory shows them again')
    await directory.comeBack(dnOf('u4'))
  })

  test('of a configuration that is not the present one is not confirmed', async () => {
    await syncs.makeIam('moved', configOf(slapd))
    await syncs.sync('moved')
    await syncs.changeIam('moved', configOf(slapd, { options: { userSearchBase: groups } }))
    expect((await syncs.sync('moved')).body.message).toContain('returned no users')
    const run = await lastRun('moved')
    await syncs.changeIam('moved', configOf(slapd))
    expect((await syncs.decide('approveSync', run.id)).errors![0].message).toContain('The IAM moved was changed since')
    expect((await syncs.sync('moved')).status).toBe(200)
  })

  test('waits when suddenly nobody is in any group', async () => {
    await syncs.makeIam('groupless', configOf(slapd))
    await syncs.sync('groupless')
    await syncs.changeIam('groupless', configOf(slapd, { options: { groupSearchBase: dnOf('u0') } }))
    expect((await syncs.sync('groupless')).body.message).toContain(
      'The directory returned no group members, but 40 memberships came from it',
    )
    expect((await syncs.user('u5', 'groupless')).memberships.nodes).toHaveLength(1)
  })

  test('is not undone while it is under way, nor by who could not enable these people', async () => {
    await syncs.makeIam('undone', configOf(slapd))
    await syncs.sync('undone')
    const ref = { name: { iamid: 'undone', userid: 'u9' } }
    await syncs.must('mutation ($i: SetUserPermissionsInput!) { setUserPermissions(input: $i) { user { id: databaseId } } }', {
      i: { ref, permissions: ['AUDIT'] },
    })
    await directory.leave(dnOf('u9'))
    await syncs.sync('undone')
    await directory.comeBack(dnOf('u9'))
    const { id } = await lastRun('undone')
    const { token } = await app.as(['USER_ADMIN'])
    const undo = 'mutation ($input: UndoSyncInput!) { undoSync(input: $input) { enabled } }'
    expect((await app.graphql(undo, { input: { ref: { databaseId: id } } }, token)).errors?.[0].extensions.code).toBe('FORBIDDEN')
    await app.store.db.query("UPDATE sync_runs SET status = 'applying', beat_at = now() WHERE id = $1", [id])
    expect((await syncs.undo(id)).errors![0].message).toContain('is running')
    await app.store.db.query("UPDATE sync_runs SET status = 'finished' WHERE id = $1", [id])
    expect((await syncs.undo(id)).data.undoSync.enabled).toBe(1)
  })

  test('ends with its IAM: nobody is made for one that is not there any more', async () => {
    await syncs.makeIam('removed', configOf(slapd, { ldapSync: { pageSize: 10, batchSize: 1 } }))
    await refusing('users', "NEW.iamid = 'removed' AND pg_sleep(0.05) IS NULL", 'XX000', 0, async () => {
      await syncs.sync('removed')
      await syncs.must('mutation { deleteIam(input: {iamid: "removed", users: KEEP}) { deletedId } }')
      const left = await app.store.db.prisma.user.count({ where: { iamid: 'removed' } })
      await syncs.settled('removed')
      expect(await lastRun('removed')).toMatchObject({ status: 'FAILED', reason: 'The IAM was removed' })
      expect(await app.store.db.prisma.user.count({ where: { iamid: 'removed' } })).toBe(left)
    })
  })

  test('with a page and a batch of one, and one of a small directory that reads only what changed', async () => {
    await syncs.makeIam('ones', configOf(slapd, { ldapSync: { pageSize: 1, batchSize: 1 } }))
    await syncs.sync('ones')
    await syncs.settled('ones')
    expect(await lastRun('ones')).toMatchObject({ status: 'FINISHED', planned: 40, applied: 40, total: 40 })
    await syncs.makeIam('few', configOf(slapd))
    await syncs.sync('few')
    const { syncIam } = await syncs.must('mutation { syncIam(input: {iamid: "few", incremental: true}) { run { mode } } }')
    expect(syncIam.run.mode).toBe('INCREMENTAL')
  })
})

describe.skipIf(slapdFolder === null)('where the library of jobs cannot begin', () => {
  test('a sync of more than a page is answered, and done all the same; the log says each reason once', async () => {
    const slapd = await startDirectory(uids.map(uid => personLdif(uid)))
    const app = await bootApp({
      background: true,
      logged: true,
      before: async ({ db }) => {
        await db.query('CREATE SCHEMA jobs')
        await db.query('CREATE TABLE jobs.version (nothing text)')
      },
    })
    try {
      const syncs = syncsOf(app)
      await syncs.makeIam('corp', configOf(slapd, { ldapSync: { pageSize: 10 } }))
      for (let turn = 0; turn < 2; turn++) {
        expect((await syncs.sync('corp')).body.runningInBackground).toBe(true)
        await syncs.settled('corp')
      }
      expect((await syncs.runs('corp')).map(({ status }: { status: string }) => status)).toEqual(['FINISHED', 'FINISHED'])
      // Longer than until the second attempt to begin.
      await new Promise(resolve => setTimeout(resolve, 6_000))
      const failed = app.logged.filter(({ msg }) => msg === 'a job in the background failed; it is tried again')
      const reasons = failed.map(({ err }) => (err as Error).message)
      expect(reasons.length).toBeGreaterThan(0)
      expect(new Set(reasons).size).toBe(reasons.length)
    } finally {
      await app.close()
      await slapd.close()
    }
  }, 60_000)
})
