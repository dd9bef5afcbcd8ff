/** Requests per minute of an IAM's client, on this instance. */
import { TooManyRequests } from '../../platform/errors.ts'

const MINUTE = 60_000

export interface ScimRate {
  take(iamid: string, perMinute: number | undefined, now?: number): void
}

export function createScimRate(): ScimRate {
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    take(iamid, perMinute, now = Date.now()) {
      if (perMinute === undefined) {
        buckets.delete(iamid)
        return
      }
      const { left, at } = buckets.get(iamid) ?? { left: perMinute, at: now }
      const filled = Math.min(perMinute, left + ((now - at) * perMinute) / MINUTE)
      // A refusal writes nothing: it would add up rounding errors.
      if (filled < 1)
        throw new TooManyRequests(`This IAM takes ${perMinute} SCIM requests a minute (scimRequestsPerMinute)`, {
          reason: 'SCIM rate',
          retryAfter: Math.ceil(((1 - filled) * MINUTE) / perMinute / 1000),
        })
      buckets.set(iamid, { left: filled - 1, at: now })
    },
  }
}
