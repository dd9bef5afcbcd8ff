/** By the hashes of secrets, until a change. */
import type { AccessChanges, ChangedUsers } from '../platform/database/access-changes.ts'

const PLACES = 10_000
/** Milliseconds, the longest transaction: a membership beside a new rule is not sent. */
const AFTER_RULES = { life: 1_000, for: 60_000 }

interface Known<V> {
  readonly value: V
  /** Whose changes end it. */
  readonly users: readonly number[]
  readonly expiresAt: Date | null
}

interface Entry<V> extends Known<V> {
  readonly readAt: number
}

interface Reading {
  readonly changed: Set<number>
  isStale: boolean
}

type Changes = Pick<AccessChanges, 'subscribe' | 'areKnown' | 'areOf'>

export class CredentialCache<V> {
  readonly #changes: Changes
  readonly #life: number
  readonly #now: () => number
  readonly #entries = new Map<string, Entry<V>>()
  readonly #keysOf = new Map<number, Set<string>>()
  readonly #readings = new Set<Reading>()
  #shortUntil = 0

  /** `seconds`: 0 keeps nothing. */
  constructor(changes: Changes, seconds: number, now = Date.now) {
    this.#changes = changes
    this.#life = seconds * 1000
    this.#now = now
    changes.subscribe(users => this.#forget(users))
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    const now = this.#now()
    if (!this.#changes.areKnown(now)) this.#clear()
    else if (this.#isAlive(entry, now) && (entry.expiresAt === null || entry.expiresAt.getTime() > now)) return entry.value
    else this.#drop(key)
    return undefined
  }

  /** Keeps what `read` finds, unless it changes meanwhile. */
  async reading<R>(read: (keep: (key: string, known: Known<V>, origin: string) => void) => Promise<R>): Promise<R> {
    const readAt = this.#now()
    const reading: Reading = { changed: new Set(), isStale: this.#life === 0 || !this.#changes.areKnown(readAt) }
    this.#readings.add(reading)
    try {
      return await read((key, known, origin) => {
        if (reading.isStale || known.users.some(id => reading.changed.has(id)) || !this.#changes.areOf(origin)) return
        this.#keep(key, { ...known, readAt })
      })
    } finally {
      this.#readings.delete(reading)
    }
  }

  #isAlive({ readAt }: Entry<V>, now: number): boolean {
    const age = now - readAt
    return age >= 0 && age < (now < this.#shortUntil ? Math.min(this.#life, AFTER_RULES.life) : this.#life)
  }

  #keep(key: string, entry: Entry<V>): void {
    this.#drop(key)
    // In the order of their age.
    for (const [oldest, other] of this.#entries) {
      if (this.#entries.size < PLACES && this.#isAlive(other, entry.readAt)) break
      this.#drop(oldest)
    }
    this.#entries.set(key, entry)
    for (const id of entry.users) {
      const keys = this.#keysOf.get(id)
      if (keys) keys.add(key)
      else this.#keysOf.set(id, new Set([key]))
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    for (const id of entry.users) {
      const keys = this.#keysOf.get(id)
      keys?.delete(key)
      if (keys?.size === 0) this.#keysOf.delete(id)
    }
  }

  #forget(users: ChangedUsers): void {
    for (const reading of this.#readings) {
      if (users === null) reading.isStale = true
      else for (const id of users) reading.changed.add(id)
    }
    if (users === null) {
      this.#shortUntil = this.#now() + AFTER_RULES.for
      this.#clear()
    } else for (const id of users) for (const key of this.#keysOf.get(id) ?? []) this.#drop(key)
  }

  #clear(): void {
    this.#entries.clear()
    this.#keysOf.clear()
  }
}
