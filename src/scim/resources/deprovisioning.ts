/** Users disabled or deleted in an hour (iam-rules, "Thresholds"). */
import { rejected, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { TooManyRequests } from '../../platform/errors.ts'
import {
  countDeprovisioned,
  deprovisionedAt,
  lockScimGuard,
  recordDeprovisioned,
  type ScimGuardRecord,
  writeScimGuard,
} from './deprovisioning.store.ts'

/** Milliseconds. */
export const WINDOW = 3_600_000
const usual = { scimMaxDeprovisionedCount: 50, scimMaxDeprovisionedPercent: 10 } as const

/** Counts before writing, inside the transaction. Returns the rejection, or null. */
export async function heldDeprovisioning<R>(
  call: ServiceContext,
  iam: IamRecord,
  userId: number,
): Promise<WriteResult<R> | null> {
  const { db, now } = call
  const { scimMaxDeprovisionedCount: least, scimMaxDeprovisionedPercent: percent } = {
    ...usual,
    ...(iam.config as Partial<typeof usual>),
  }
  const since = new Date(now.getTime() - WINDOW)
  const guard = await lockScimGuard(db, iam.id)
  const { count, isAmong, enabled } = await countDeprovisioned(db, { iamid: iam.id, userId, since, least })
  const most = Math.max(least, Math.floor(((enabled + count) * percent) / 100))
  const isAllowed = isAmong || count < most || (guard.allowedUntil !== null && guard.allowedUntil > now)
  if (!isAllowed) return held(call, { iam, guard, count, most })
  await recordDeprovisioned(db, { iamid: iam.id, userId, since, now })
  if (guard.heldAt !== null) await writeScimGuard(db, iam.id, { ...guard, heldAt: null })
  return null
}

async function held<R>(
  { db, now }: ServiceContext,
  { iam, guard, count, most }: { iam: IamRecord; guard: ScimGuardRecord; count: number; most: number },
): Promise<WriteResult<R>> {
  const at = most === 0 ? null : await deprovisionedAt(db, iam.id, most)
  const retryAfter = Math.max(1, Math.ceil(((at ?? now).getTime() + WINDOW - now.getTime()) / 1000))
  const message = `SCIM has deprovisioned ${count} users of this IAM within an hour, and ${most} are allowed: an administrator lets it go on with the mutation resumeDeprovisioning`
  const error = new TooManyRequests(message, { retryAfter, reason: 'deprovisioning' })
  if (guard.heldAt !== null) return rejected(error)
  await writeScimGuard(db, iam.id, { ...guard, heldAt: now })
  const target = { type: 'iam', id: iam.id, name: iam.displayName } as const
  return rejected(error, { event: 'deprovisioningHeld', target, after: { count, most } })
}
