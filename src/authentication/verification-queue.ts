import type { LockoutSubjects } from '../authorization/ports.ts'
import type { Seconds } from '../domain/credentials/lockout.store.ts'
import { lockout } from '../domain/credentials/lockout.ts'
import { TooManyRequests } from '../platform/errors.ts'

const MAX_WAITING = 4000
/** Milliseconds between checks of other instances' releases; subjects in each check. */
const LOCK_CHECK_MS = 100
const LOCK_CHECKS_AT_ONCE = 20

/** Constant: Retry-After has the time. */
const LOCKED = 'Too many failed log-ins: try again after the time that Retry-After gives'
export const tooMany = (seconds: number) =>
  new TooManyRequests(LOCKED, { retryAfter: Math.max(1, seconds), reason: 'log-ins locked' })

interface Waiter {
  readonly address: string
  readonly deadline: number
  proceed(): void
  refuse(error: TooManyRequests): void
}
interface SubjectQueue {
  active: number
  readonly waiting: Waiter[]
}

const SUBJECTS = ['account', 'address'] as const

export class VerificationQueue {
  readonly #lanes = new Map<string, SubjectQueue>()
  #waiting = 0
  #timer: NodeJS.Timeout | null = null

  /** The full subject, or unless `first` the one with waiters. */
  crowded(subjects: LockoutSubjects, first: boolean): { subject: keyof LockoutSubjects; first: boolean } | null {
    for (const subject of SUBJECTS) {
      const lane = this.#lanes.get(subjects[subject])
      if (lane && (lane.active >= lockout.firstDelayed[subject] || (!first && lane.waiting.length > 0))) return { subject, first }
    }
    return null
  }

  /** Throws TooManyRequests: queue full, deadline over, or locked. */
  async wait(
    subjects: LockoutSubjects,
    { subject, deadline, first }: { subject: keyof LockoutSubjects; deadline: number; first: boolean },
  ): Promise<void> {
    if (this.#waiting >= MAX_WAITING)
      throw new TooManyRequests('Too many log-ins are waiting: try again later', { retryAfter: 30, reason: 'log-in queue' })
    this.#waiting++
    this.#timer ??= setInterval(() => this.#look(), LOCK_CHECK_MS).unref()
    return new Promise((proceed, refuse) => {
      const { waiting } = this.#laneOf(subjects[subject])
      const waiter = { address: subjects.address, deadline, proceed, refuse }
      if (first) waiting.unshift(waiter)
      else waiting.push(waiter)
    })
  }

  enter(subjects: LockoutSubjects): void {
    for (const subject of SUBJECTS) this.#laneOf(subjects[subject]).active++
  }

  exit(subjects: LockoutSubjects): void {
    for (const subject of SUBJECTS) {
      const lane = this.#laneOf(subjects[subject])
      lane.active--
      this.#tidy(subjects[subject], lane)
    }
  }

  leave(subjects: LockoutSubjects): void {
    this.exit(subjects)
    this.wake(subjects)
  }

  wake(subjects: LockoutSubjects): void {
    for (const subject of SUBJECTS) {
      const lane = this.#lanes.get(subjects[subject])
      if (lane && lane.active < lockout.firstDelayed[subject]) this.#take(lane)?.proceed()
    }
  }

  refuse(subjects: LockoutSubjects, seconds: Seconds): Map<string, number> {
    const refused = new Map<string, number>()
    for (const subject of SUBJECTS) {
      const lane = this.#lanes.get(subjects[subject])
      if (!lane || seconds[subject] === 0) continue
      const error = tooMany(seconds[subject])
      for (let waiter = this.#take(lane); waiter !== undefined; waiter = this.#take(lane)) {
        refused.set(waiter.address, (refused.get(waiter.address) ?? 0) + 1)
        waiter.refuse(error)
      }
      this.#tidy(subjects[subject], lane)
    }
    return refused
  }

  /** Rejects late waiters, and retries for releases of other instances. */
  #look(): void {
    let looks = 0
    for (const [key, lane] of [...this.#lanes]) {
      while (lane.waiting.length > 0 && lane.waiting[0]!.deadline <= Date.now()) this.#take(lane)!.refuse(tooMany(1))
      if (lane.active === 0 && looks < LOCK_CHECKS_AT_ONCE) {
        looks++
        this.#take(lane)?.proceed()
      }
      this.#tidy(key, lane)
    }
  }

  #laneOf(key: string): SubjectQueue {
    const lane = this.#lanes.get(key) ?? { active: 0, waiting: [] }
    this.#lanes.set(key, lane)
    return lane
  }

  #take(lane: SubjectQueue): Waiter | undefined {
    const waiter = lane.waiting.shift()
    if (waiter !== undefined) this.#waiting--
    if (this.#waiting === 0 && this.#timer !== null) {
      clearInterval(this.#timer)
      this.#timer = null
    }
    return waiter
  }

  #tidy(key: string, { active, waiting }: SubjectQueue): void {
    if (active === 0 && waiting.length === 0) this.#lanes.delete(key)
  }
}
