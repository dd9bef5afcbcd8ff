/**
 * Verifications of passwords under the lock-out: no more are under way for one account, and for one address, than may still fail before
 * the lock begins, counted in the store for all instances. The rest wait here, in order of arrival, and are refused together by a lock.
 */
import { Unavailable } from '../errors.ts'
import type { Db } from '../store/store.ts'
import { createLanes, tooMany } from './lanes.ts'
import { countRefusals, reserve, type Seconds, type Settlement, settle } from './lockout.store.ts'
import type { LockoutSubjects } from './lockout.ts'

export interface Attempts {
  /**
   * What `verify` returns; null is a wrong password, and counts. Throws TooMany, the same whatever `verify` would find or has found, while
   * a lock holds; Unavailable when verifying took longer than its reservation; what `verify` throws, which counts for nothing.
   */
  run<T>(db: Db, subjects: LockoutSubjects, verify: () => Promise<T | null>): Promise<T | null>
}

/** Milliseconds that an attempt waits for its turn at most. */
const PATIENCE = 10_000

export function createAttempts(): Attempts {
  const lanes = createLanes()

  async function admit(db: Db, subjects: LockoutSubjects): Promise<Date> {
    const deadline = Date.now() + PATIENCE
    let wait = lanes.crowded(subjects, false)
    for (;;) {
      if (wait !== null) {
        await lanes.wait(subjects, wait.subject, deadline, wait.first)
        wait = lanes.crowded(subjects, true)
        if (wait !== null) continue
      }
      lanes.enter(subjects)
      const found = await reserve(db, subjects, new Date()).catch(error => {
        lanes.leave(subjects)
        throw error
      })
      if (found.state === 'reserved') {
        lanes.wake(subjects)
        return found.until
      }
      if (found.state === 'locked') {
        lanes.leave(subjects)
        const refused = lanes.refuse(subjects, found.seconds)
        refused.set(subjects.address, (refused.get(subjects.address) ?? 0) + 1)
        await countRefusals(db, refused, new Date())
        throw tooMany(longest(found.seconds))
      }
      lanes.exit(subjects)
      wait = { subject: found.subject, first: true }
    }
  }

  return {
    async run(db, subjects, verify) {
      const until = await admit(db, subjects)
      const result = await verify().then(
        value => ({ value, outcome: value === null ? ('failed' as const) : ('passed' as const) }),
        (error: unknown) => ({ error, outcome: 'abandoned' as const }),
      )
      const now = new Date()
      const late = now >= until
      // Too late is as wrong, whatever was found: the answer must not tell.
      const outcome = late && result.outcome === 'passed' ? 'failed' : result.outcome
      let settled: Settlement
      try {
        settled = await settle(db, subjects, { outcome, until }, now)
        const refused = lanes.refuse(subjects, settled.seconds)
        if (refused.size > 0) await countRefusals(db, refused, now)
      } finally {
        lanes.leave(subjects)
      }
      if (settled.locked) throw tooMany(longest(settled.seconds))
      if ('error' in result) throw result.error
      if (late) throw new Unavailable('Checking the password took too long: try again', { retryAfter: 5 })
      return result.value
    },
  }
}

const longest = ({ account, address }: Seconds): number => Math.max(account, address)
