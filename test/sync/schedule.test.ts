// Rules, and the runs that they have wait.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/authorization/context.ts'
import { checkConfig } from '../../src/domain/iams/config/validate.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { lastTime, rulesOf, startDue } from '../../src/sync/schedule.ts'
import { testStore } from '../harness/database.ts'
import { configOf } from './organisation.ts'

describe('rules', () => {
  test.each([
    ['0 */1 * * *', '2026-11-22T10:59:59Z', '2026-11-22T10:00:00.000Z'],
    ['0 */1 * * *', '2026-11-22T10:00:00Z', '2026-11-22T10:00:00.000Z'],
    ['30 2 * * 1', '2026-11-22T10:00:00Z', '2026-11-16T02:30:00.000Z'],
    ['*/5 * * * *', '2026-11-22T10:04:59Z', '2026-11-22T10:00:00.000Z'],
  ])('%s at %s was last due at %s', (rule, now, then) => {
    expect(lastTime(rule, new Date(now)).toISOString()).toBe(then)
  })

  const ldap = (ldapSync: object | undefined, more: object = {}) => ({
    type: 'ldap',
    config: { options: {}, ...(ldapSync && { ldapSync }), ...more },
  })
  test.each([
    ['none without ldapSync', ldap(undefined), []],
    ['every hour by default', ldap({}), [{ mode: 'full', rule: '0 */1 * * *' }]],
    [
      'as configured',
      ldap({ cronRule: '0 3 * * *', incrementalRule: '*/10 * * * *' }),
      [
        { mode: 'full', rule: '0 3 * * *' },
        { mode: 'incremental', rule: '*/10 * * * *' },
      ],
    ],
    ['none where the IAM does other things only', ldap({}, { supportedActions: ['syncGroups'] }), []],
    [
      'where it does that, too',
      ldap({}, { supportedActions: ['syncGroups', 'ldapSync'] }),
      [{ mode: 'full', rule: '0 */1 * * *' }],
    ],
    ['none of another type', { ...ldap({}), type: 'openid' }, []],
  ])('%s', (_, iam, rules) => {
    expect(rulesOf(iam)).toEqual(rules)
  })
})

describe('what is due', () => {
  let store: Store
  beforeAll(async () => {
    store = await testStore()
    const ldapSync = { cronRule: '0 * * * *', incrementalRule: '*/10 * * * *' }
    await store.db.prisma.iam.create({
      data: { id: 'corp', displayName: 'Corp', type: 'ldap', config: { options: {}, ldapSync } },
    })
  })
  afterAll(() => store.close())
  const log = { info() {} } as unknown as App['log']
  const tick = (now: string) => startDue({ store, log }, new Date(now))
  const runs = async () =>
    (await store.db.prisma.syncRun.findMany({ orderBy: { id: 'desc' } })).map(({ mode, status }) => `${mode} ${status}`)
  const end = (status: string) =>
    store.db.query(`UPDATE sync_runs SET status = $1, started_at = created_at WHERE status = 'waiting'`, [status])
  const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)

  test('one run a time, whatever was missed, and none while one is under way', async () => {
    await tick(`${day}T10:05:00Z`)
    expect(await runs()).toEqual(['full waiting'])
    await tick(`${day}T11:05:00Z`)
    expect(await runs()).toEqual(['full waiting'])
    await end('failed')
    await tick(`${day}T10:05:30Z`)
    expect(await runs()).toEqual(['full failed'])
    await tick(`${day}T11:05:00Z`)
    expect(await runs()).toEqual(['full waiting', 'full failed'])
  })

  test('an incremental one only after a whole one that was finished', async () => {
    await end('finished')
    await tick(`${day}T11:11:00Z`)
    expect(await runs()).toEqual(['incremental waiting', 'full finished', 'full failed'])
    expect(await store.db.prisma.syncRun.findFirst({ orderBy: { id: 'desc' } })).toMatchObject({ startedBy: 'schedule' })
    await end('failed')
    await tick(`${day}T11:11:59Z`)
    expect(await runs()).toHaveLength(3)
  })

  test('of two instances one begins what is due, however late the other writes', async () => {
    await end('finished')
    const whole = async () => (await runs()).filter(run => run.startsWith('full'))
    const before = await whole()
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const { promise: read, resolve: hasRead } = Promise.withResolvers<void>()
    const query: Store['db']['query'] = async (text, ...rest) => {
      if (text.startsWith('INSERT INTO sync_runs')) {
        hasRead()
        await written
      }
      return store.db.query(text, ...rest)
    }
    const now = `${day}T13:05:00Z`
    const late = startDue({ store: { ...store, db: { ...store.db, query } }, log } as never, new Date(now))
    await read
    await tick(now)
    await end('finished')
    write()
    await late
    expect(await whole()).toEqual(['full finished', ...before])
  })

  test('a rule that cannot be read is refused when it is set', () => {
    for (const cronRule of ['99 * * * *', '* * * *', '* * * * * *', 'often'])
      expect(
        () => checkConfig('ldap', 'corp', { input: configOf({ port: 1 } as never, { ldapSync: { cronRule } }) }),
        cronRule,
      ).toThrow(/^config.ldapSync.cronRule must be a cron rule of five fields/)
  })
})
