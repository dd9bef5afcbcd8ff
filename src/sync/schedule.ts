/** Which IAMs are synced by their own rule, and when (reference: iam-rules, `ldapSync.cronRule`). Rules are read in UTC. */
import { CronExpressionParser } from 'cron-parser'
import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { supports } from '../domain/iams/iam.ts'
import type { RunMode } from './run.ts'
import { type FullRun, insertRun, lastDue, lastFullRun, syncedIams } from './runs.store.ts'

export const usualRule = '0 */1 * * *'
/** Milliseconds by which the clocks of a directory and ours may differ, and a change may be late in showing. */
const OVERLAP = 10 * 60_000

/** From when on an incremental run reads; null: everything, since the IAM reads its directory otherwise by now, or another one. */
export const changesSince = ({ startedAt, isCurrent }: FullRun): Date | null =>
  isCurrent ? new Date(startedAt.getTime() - OVERLAP) : null

/** When the rule was last due, at `now` or before. Throws for what is no rule. */
export const lastTime = (rule: string, now: Date): Date =>
  CronExpressionParser.parse(rule, { currentDate: new Date(now.getTime() + 1), tz: 'UTC' })
    .prev()
    .toDate()

/** The rules of an IAM, the whole run first: where both are due, it goes before. */
export function rulesOf({ type, config }: Pick<IamRecord, 'type' | 'config'>): { mode: RunMode; rule: string }[] {
  if (type !== 'ldap' || config.options === undefined || config.ldapSync === undefined || !supports(config, 'ldapSync')) return []
  const { cronRule = usualRule, incrementalRule } = config.ldapSync as { cronRule?: string; incrementalRule?: string }
  return [{ mode: 'full', rule: cronRule }, ...(incrementalRule ? [{ mode: 'incremental' as const, rule: incrementalRule }] : [])]
}

/** Has runs wait that are due: one for each rule, however many times were missed. Not while a run of the IAM is under way. */
export async function startDue({ store, log }: Pick<App, 'store' | 'log'>, now: Date): Promise<void> {
  const { db } = store
  const began = new Map((await lastDue(db)).map(({ iamid, mode, dueAt }) => [`${mode} ${iamid}`, dueAt]))
  for (const iam of await syncedIams(db)) {
    for (const { mode, rule } of rulesOf(iam)) {
      const dueAt = lastTime(rule, now)
      // A rule that was just set is first due after that.
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
