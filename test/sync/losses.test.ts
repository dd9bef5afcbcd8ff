// A run that would take too much away from people who stay waits for an administrator, as one that would disable too many does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Losses, quarantineReason, type RunSummary } from '../../src/sync/safety-limits.ts'
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
} from './organisation.ts'

sayWhenSkipped('LDAP sync, losses')

const none: Losses = { memberships: 0, emails: 0, attributes: 0 }
const seen: RunSummary = { cut: null, full: true, people: 1_000, enabled: 1_000, disables: 0, held: none, lost: none }
const of = (kind: keyof Losses, lost: number, held: number): RunSummary => ({
  ...seen,
  held: { ...none, [kind]: held },
  lost: { ...none, [kind]: lost },
})

describe('how much may be lost', () => {
  test.each([
    ['memberships', 49, 60, {}, true],
    ['memberships', 50, 60, {}, true],
    ['memberships', 51, 60, {}, false],
    ['emails', 299, 1_000, {}, true],
    ['emails', 300, 1_000, {}, true],
    ['emails', 301, 1_000, {}, false],
    ['attributes', 300, 1_003, {}, true],
    ['attributes', 301, 1_003, {}, false],
    ['memberships', 0, 0, { maxLostCount: 0, maxLostPercent: 0 }, true],
    ['memberships', 1, 1_000, { maxLostCount: 0, maxLostPercent: 0 }, false],
    ['attributes', 10, 100, { maxLostCount: 0, maxLostPercent: 10 }, true],
    ['attributes', 11, 100, { maxLostCount: 0, maxLostPercent: 10 }, false],
    ['emails', 1_000, 1_000, { maxLostPercent: 100 }, true],
  ] as const)('%s: %i of %i by %j', (kind, lost, held, bounds, may) => {
    for (const full of [true, false]) expect(quarantineReason({ ...of(kind, lost, held), full }, bounds) === null).toBe(may)
  })

  test('each kind is named, with its numbers', () => {
    const lost = { memberships: 61, emails: 10, attributes: 62 }
    expect(quarantineReason({ ...seen, held: { memberships: 100, emails: 10, attributes: 200 }, lost }, {})).toBe(
      "It would take away 61 of 100 memberships (more than 50), 62 of 200 attribute values (more than 60), and so many need an administrator's approval",
    )
  })
})

const uids = ['u0', 'u1', 'u2', 'u3', 'u4', 'u5']

describe.skipIf(slapdFolder === null)('of a directory', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    const people = uids.map(uid => personLdif(uid, 'title: Lead\ntitle: Clerk\n'))
    slapd = await startDirectory([...people, groupLdif('all', uids.map(dnOf)), groupLdif('some', uids.map(dnOf))])
    directory = directoryAt(slapd)
    app = await bootApp({ background: true })
    syncs = syncsOf(app)
    const ldapSync = { maxLostCount: 2, maxLostPercent: 0, maxDisabledCount: 100 }
    await syncs.makeIam('corp', configOf(slapd, { ldapSync }))
    await syncs.sync('corp')
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })

  const lose: Record<
    keyof Losses,
    { what: string; held: number; of(count: number): Promise<unknown>; back(): Promise<unknown> }
  > = {
    memberships: {
      what: 'memberships',
      held: 12,
      of: count => directory.set(`cn=all,${groups}`, 'member', uids.slice(count).map(dnOf)),
      back: () => directory.set(`cn=all,${groups}`, 'member', uids.map(dnOf)),
    },
    emails: {
      what: 'e-mails',
      held: 6,
      of: count => Promise.all(uids.slice(0, count).map(uid => directory.set(dnOf(uid), 'mail', []))),
      back: () => Promise.all(uids.map(uid => directory.set(dnOf(uid), 'mail', [`${uid}@roster.example`]))),
    },
    attributes: {
      what: 'attribute values',
      held: 12,
      of: count => Promise.all(uids.slice(0, count).map(uid => directory.set(dnOf(uid), 'title', ['Lead']))),
      back: () => Promise.all(uids.map(uid => directory.set(dnOf(uid), 'title', ['Lead', 'Clerk']))),
    },
  }
  test.each(Object.values(lose))(
    '$what: as many as allowed are taken away, one more waits',
    async ({ what, held, of: take, back }) => {
      for (const count of [1, 2]) {
        await take(count)
        expect((await syncs.sync('corp')).body, `${count}`).toMatchObject({ count })
        await back()
        await syncs.sync('corp')
      }
      await take(3)
      const reason = `It would take away 3 of ${held} ${what} (more than 2), and so many need an administrator's approval`
      const { status, body } = await syncs.sync('corp')
      const [run] = await syncs.runs('corp')
      expect({ status, message: body.message }).toEqual({
        status: 409,
        message: `The sync ${run.id} waits for an administrator: ${reason}. See it with syncRun, then approveSync or cancelSync`,
      })
      expect(run).toMatchObject({ status: 'QUARANTINED', reason, planned: 3, applied: 0 })
      const { auditEvents } = await syncs.must('{ auditEvents(first: 1) { nodes { event targetName after } } }')
      expect(auditEvents.nodes).toMatchObject([{ event: 'syncQuarantined', targetName: 'corp', after: { reason } }])
      expect((await syncs.decide('approveSync', run.id)).errors).toBeUndefined()
      await syncs.settled('corp')
      expect(await syncs.run(run.id)).toMatchObject({ status: 'FINISHED', applied: 3 })
      await back()
      await syncs.sync('corp')
    },
  )

  test('what is there in another value, or another group, is not lost', async () => {
    await Promise.all(uids.map(uid => directory.set(dnOf(uid), 'mail', [`${uid}@elsewhere.example`])))
    await Promise.all(uids.map(uid => directory.set(dnOf(uid), 'title', ['Head', 'Clerk'])))
    await directory.add(`cn=other,${groups}`, { objectClass: 'groupOfNames', cn: 'other', member: uids.map(dnOf) })
    await directory.remove(`cn=all,${groups}`)
    expect((await syncs.sync('corp')).body).toMatchObject({ count: 6 })
  })
})
