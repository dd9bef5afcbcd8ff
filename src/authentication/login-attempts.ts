/**
 * Password verification under the lock-out. Only as many attempts run
 * as may still fail; the others queue.
 */

import type { LockoutSubjects, LoginAttempts, LoginSubjects } from '../authorization/ports.ts'
import { reserve, type Seconds, type Settlement, settle } from '../domain/credentials/lockout.store.ts'
import { countedSubjects } from '../domain/credentials/login-addresses.store.ts'
import type { Db } from '../platform/database/store.ts'
import { Unavailable } from '../platform/errors.ts'
import type { Turn } from '../platform/fair-queue.ts'
import { RejectedAttempts } from './rejected-attempts.ts'
import { tooMany, VerificationQueue } from './verification-queue.ts'

/** Milliseconds in the queue. */
const MAX_WAIT = 10_000

export function createLoginAttempts(): LoginAttempts {
  return new LimitedAttempts()
}

class LimitedAttempts implements LoginAttempts {
  readonly #lanes = new VerificationQueue()
  readonly #refusals = new RejectedAttempts()

  async #refuse(db: Db, subjects: LockoutSubjects, seconds: Seconds): Promise<never> {
    const refused = this.#lanes.refuse(subjects, seconds)
    refused.set(subjects.address, (refused.get(subjects.address) ?? 0) + 1)
    await this.#refusals.count(db, refused)
    throw tooMany(Math.max(longest(seconds), this.#refusals.remembered(subjects.address)))
  }

  async #admit(db: Db, subjects: LockoutSubjects, isKnown: boolean): Promise<Date> {
    const deadline = Date.now() + MAX_WAIT
    let wait = this.#lanes.crowded(subjects, isKnown)
    for (;;) {
      if (wait !== null) {
        await this.#lanes.wait(subjects, { subject: wait.subject, deadline, first: wait.first })
        wait = this.#lanes.crowded(subjects, true)
        if (wait !== null) continue
      }
      const known = { account: this.#refusals.remembered(subjects.account), address: this.#refusals.remembered(subjects.address) }
      if (longest(known) > 0) await this.#refuse(db, subjects, known)
      this.#lanes.enter(subjects)
      const found = await reserve(db, subjects, new Date()).catch(error => {
        this.#lanes.leave(subjects)
        throw error
      })
      if (found.state === 'reserved') {
        this.#lanes.wake(subjects)
        return found.until
      }
      if (found.state === 'locked') {
        this.#lanes.leave(subjects)
        this.#refusals.remember(subjects, found.seconds)
        await this.#refuse(db, subjects, found.seconds)
      } else {
        this.#lanes.exit(subjects)
        wait = { subject: found.subject, first: true }
      }
    }
  }

  async run<T>(db: Db, given: LoginSubjects, verify: (turn: Turn) => Promise<T | null>): Promise<T | null> {
    const address = this.#refusals.remembered(given.address)
    if (address > 0) await this.#refuse(db, given, { account: 0, address })
    const subjects = await countedSubjects(db, given, new Date())
    // Known addresses bypass the address's queue.
    const isKnown = subjects.account === given.own
    const until = await this.#admit(db, subjects, isKnown)
    const turn = { actor: isKnown ? given.own : given.address, part: subjects.account }
    const result = await verify(turn).then(
      value => ({ value, outcome: value === null ? ('failed' as const) : ('passed' as const) }),
      (error: unknown) => ({ error, outcome: 'abandoned' as const }),
    )
    const now = new Date()
    const late = now >= until
    // A late result counts as failed and must not be revealed.
    const outcome = late && result.outcome === 'passed' ? 'failed' : result.outcome
    let settled: Settlement
    try {
      settled = await settle(db, subjects, { outcome, until, now })
      this.#refusals.remember(subjects, settled.seconds)
      const refused = this.#lanes.refuse(subjects, settled.seconds)
      if (refused.size > 0) await this.#refusals.count(db, refused)
    } finally {
      this.#lanes.leave(subjects)
    }
    if (settled.locked) throw tooMany(longest(settled.seconds))
    if ('error' in result) throw result.error
    if (late) throw new Unavailable('Checking the password took too long: try again', { retryAfter: 5, reason: 'log-in queue' })
    return result.value
  }

  forgetLocks(): void {
    this.#refusals.forget()
  }
}

const longest = ({ account, address }: Seconds): number => Math.max(account, address)
