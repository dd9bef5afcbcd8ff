import type { LockoutSubjects } from '../authorization/ports.ts'
import { countRejected, type Seconds } from '../domain/credentials/lockout.store.ts'
import type { Db } from '../platform/database/store.ts'

/** Milliseconds for which a lock is cached. */
const REMEMBERED = 200
const MAX_SUBJECTS = 10_000

export class RejectedAttempts {
  readonly #locks = new Map<string, { readonly asked: number; readonly ends: number }>()
  #counts = new Map<string, number>()
  #counting: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  remembered(subject: string): number {
    const lock = this.#locks.get(subject)
    const now = Date.now()
    if (!lock || now - lock.asked >= REMEMBERED || lock.ends <= now) return 0
    return Math.ceil((lock.ends - now) / 1000)
  }

  remember(subjects: LockoutSubjects, seconds: Seconds): void {
    for (const subject of ['account', 'address'] as const) this.#remember(subjects[subject], seconds[subject])
  }

  forget(): void {
    this.#locks.clear()
  }

  count(db: Db, refused: ReadonlyMap<string, number>): Promise<void> {
    for (const [address, count] of refused) this.#counts.set(address, (this.#counts.get(address) ?? 0) + count)
    if (this.#next === null) {
      const next = this.#counting.then(() => this.#write(db))
      this.#next = next
      this.#counting = next.catch(() => {})
    }
    return this.#next
  }

  async #write(db: Db): Promise<void> {
    this.#next = null
    const counts = this.#counts
    this.#counts = new Map()
    for (const { subject, seconds } of await countRejected(db, counts, new Date())) this.#remember(subject, seconds)
  }

  #remember(subject: string, seconds: number): void {
    this.#locks.delete(subject)
    if (seconds === 0) return
    if (this.#locks.size >= MAX_SUBJECTS) this.#locks.clear()
    const asked = Date.now()
    this.#locks.set(subject, { asked, ends: asked + seconds * 1000 })
  }
}
