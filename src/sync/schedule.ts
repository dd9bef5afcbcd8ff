/** Scheduled syncs (iam-rules, `ldapSync.cronRule`), in UTC. */
import { CronExpressionParser } from 'cron-parser'
import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { supports } from '../domain/iams/iam.ts'
import type { RunMode } from './run.ts'
import { type FullRun, insertRun, lastDue, lastFullRun, syncedIams } from './runs.store.ts'

export const usualRule = '0 */1 * * *'
/** Milliseconds of clock difference and replication delay. */
const OVERLAP = 10 * 60_000

export const changesSince = ({ startedAt, isCurrent }: FullRun): Date | null =>
  isCurrent ? new Date(startedAt.getTime() - OVERLAP) : null

export const lastTime = (rule: string, now: Date): Date =>
  CronExpressionParser.parse(rule, { currentDate: new Date(now.getTime() + 1), tz: 'UTC' })
    .prev()
    .toDate()

export function rulesOf({ type, config }: Pick<IamRecord, 'type' | 'config'>): { mode: RunMode; rule: string }[] {
  if (type !== 'ldap' || config.options === undefined || config.ldapSync === undefined || !supports(config, 'ldapSync')) return []
  const { cronRule = usualRule, incrementalRule } = config.ldapSync as { cronRule?: string; incrementalRule?: string }
  return [{ mode: 'full', rule: cronRule }, ...(incrementalRule ? [{ mode: 'incremental' as const, rule: incrementalRule }] : [])]
}

/** One per rule, however many were missed; none while active. */
export async function startDue({ store, log }: Pick<App, 'store' | 'log'>, now: Date): Promise<void> {
  const { db } = store
  const began = new Map((await lastDue(db)).map(({ iamid, mode, dueAt }) => [`${mode} ${iamid}`, dueAt]))
  for (const iam of await syncedIams(db)) {
    for (const { mode, rule } of rulesOf(iam)) {
      const dueAt = lastTime(rule, now)
      if (dueAt <= (began.get(`${mode} ${iam.id}`) ?? iam.updatedAt)) continue
      const whole = mode === 'incremental' ? await lastFullRun(db, iam.id) : null
      if (mode === 'incremental' && whole === null) continue
      const since = whole && changesSince(whole)
      const asked = {
        iamid: iam.id,
        mode,
        startedBy: 'schedule',
        dryRun: false,
        userid: null,
        status: 'waiting' as const,
        since,
        dueAt,
      }
      const run = await insertRun(db, asked, now)
      if (run) log.info({ iamid: iam.id, run: run.id, mode }, 'a sync is due')
    }
  }
}
