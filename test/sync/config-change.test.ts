// Syncs of an IAM that is configured otherwise meanwhile, or was since the last one.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { machine } from '../../src/authorization/actor.ts'
import { processRun } from '../../src/sync/worker.ts'
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

sayWhenSkipped('LDAP sync of a changed IAM')

const uids = Array.from({ length: 40 }, (_, at) => `u${at}`)
const changed = expect.stringMatching(/^The IAM was changed during the sync/)

describe.skipIf(slapdFolder === null)('a sync', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory([...uids.map(uid => personLdif(uid)), groupLdif('all', uids.map(dnOf))])
    directory = directoryAt(slapd)
    app = await bootApp({ background: true })
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  const lastRun = async (iamid: string) => (await syncs.runs(iamid))[0]
  const made = (iamid: string) => app.store.db.prisma.user.count({ where: { iamid } })

  test('ends where its IAM becomes another, and not where it is only read at other times', async () => {
    const ldapSync = { pageSize: 10, batchSize: 1 }
    await syncs.makeIam('other', configOf(slapd, { ldapSync }))
    const { db } = app.store
    await db.query(
      `CREATE FUNCTION hold_on() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $f$`,
    )
    await db.query('CREATE TRIGGER held_on BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION hold_on()')
    await syncs.sync('other')
    await syncs.changeIam('other', configOf(slapd, { ldapSync: { ...ldapSync, cronRule: '0 3 * * *' } }))
    const before = await made('other')
    while ((await made('other')) === before) await new Promise(resolve => setTimeout(resolve, 10))
    await syncs.changeIam('other', configOf(slapd, { ldapSync, options: { userSearchBase: groups } }))
    const left = await made('other')
    await syncs.settled('other')
    await db.query('DROP TRIGGER held_on ON users')
    expect(left).toBeLessThan(40)
    // The batch that was being written when it changed is the last one.
    expect(await made('other')).toBeLessThanOrEqual(left + 1)
    expect(await lastRun('other')).toMatchObject({ status: 'FAILED', reason: changed })
  })

  test('whose plan a dead process left ends where its IAM is another by now', async () => {
    await syncs.makeIam('left', configOf(slapd))
    await syncs.sync('left')
    await directory.leave(dnOf('u12'))
    await syncs.changeIam('left', configOf(slapd, { ldapSync: { maxDisabledCount: 0, maxDisabledPercent: 0 } }))
    expect((await syncs.sync('left')).status).toBe(409)
    await directory.comeBack(dnOf('u12'))
    const { id } = await lastRun('left')
    await syncs.changeIam('left', configOf(slapd, { options: { userSearchBase: groups } }))
    await app.store.db.query("UPDATE sync_runs SET status = 'applying', holder = NULL, beat_at = 'epoch' WHERE id = $1", [id])
    await processRun(testContext({ actor: machine('sync'), store: app.store }).app, id)
    expect(await lastRun('left')).toMatchObject({ id, status: 'FAILED', reason: changed })
    expect((await syncs.user('u12', 'left')).disabled).toBe(false)
  })

  test('of what changed reads everybody where it is the IAM that changed, and disables nobody', async () => {
    await syncs.makeIam('since', configOf(slapd))
    await syncs.sync('since')
    /** Nothing in the directory is as young as that. */
    const later = (column: string, table: string, where: string, minutes: number) =>
      app.store.db.query(`UPDATE ${table} SET ${column} = now() + interval '${minutes} minutes' WHERE ${where}`)
    await later('started_at', 'sync_runs', "iamid = 'since'", 20)
    const incremental =
      'mutation { syncIam(input: {iamid: "since", incremental: true}) { totalCount run { mode } refreshedUsers } }'
    expect((await syncs.must(incremental)).syncIam).toMatchObject({ totalCount: 0, run: { mode: 'INCREMENTAL' } })
    await directory.leave(dnOf('u13'))
    await syncs.changeIam('since', { ...configOf(slapd), schema: { profile: { name: 'uid' } } })
    await later('started_at', 'sync_runs', "iamid = 'since'", 20)
    await later('updated_at', 'iams', "id = 'since'", 30)
    const { syncIam } = await syncs.must(incremental)
    await directory.comeBack(dnOf('u13'))
    expect(syncIam).toMatchObject({ totalCount: 39, run: { mode: 'INCREMENTAL' } })
    expect(syncIam.refreshedUsers).toHaveLength(39)
    expect((await syncs.user('u14', 'since')).profile.name).toBe('u14')
    expect((await syncs.user('u13', 'since')).disabled).toBe(false)
  })
})
