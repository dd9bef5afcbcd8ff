import { expect, test } from 'vitest'
import type { AuditDraft } from '../../src/authorization/audit-event.ts'
import { EventCounts } from '../../src/observability/events.ts'
import { createMetrics } from '../../src/observability/metrics.ts'

function counting() {
  const metrics = createMetrics({ version: '0', store: 'embedded' })
  const counts = new EventCounts(metrics)
  const count = (...events: AuditDraft[]) => counts.count({ action: 'session:logIn', events })
  const lines = async () =>
    (await metrics.registry.metrics()).split('\n').filter(line => /^roster_(logins|syncs)_total/.test(line))
  return { counts, count, lines }
}

const failed = (iamid: string): AuditDraft => ({
  event: 'loginFailed',
  target: { type: 'session', id: '', name: `${iamid}/ana` },
})

test('log-ins of an IAM that was made since the last scrape have its name at the next', async () => {
  const { counts, count, lines } = counting()
  count(failed('corp'), failed('corp'), failed('no such'))
  counts.resolve(['corp'])
  count(failed('corp'))
  expect(await lines()).toEqual([
    'roster_logins_total{source="corp",outcome="failed"} 3',
    'roster_logins_total{source="unknown",outcome="failed"} 1',
  ])
})

test('however many names come between two scrapes, one source is added', async () => {
  const { counts, count, lines } = counting()
  for (let n = 0; n < 10_000; n++) count(failed(`hostile${n}`))
  counts.resolve([])
  expect(await lines()).toEqual(['roster_logins_total{source="unknown",outcome="failed"} 10000'])
})

test('syncs are counted by what became of them', async () => {
  const { count, lines } = counting()
  const sync = (event: AuditDraft['event'], after: Record<string, unknown>): AuditDraft => ({
    event,
    target: { type: 'iam', id: 'corp', name: 'Corp' },
    after,
  })
  count(
    sync('syncFinished', { users: {} }),
    sync('syncFinished', { failed: 'away' }),
    sync('syncQuarantined', { reason: 'many' }),
  )
  expect((await lines()).toSorted()).toEqual([
    'roster_syncs_total{iam="corp",outcome="failed"} 1',
    'roster_syncs_total{iam="corp",outcome="finished"} 1',
    'roster_syncs_total{iam="corp",outcome="held"} 1',
  ])
})
