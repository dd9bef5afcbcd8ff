/** Exact counts, remembered for a moment. */
import { currentActor } from './current-actor.ts'

/** Milliseconds. */
const REMEMBERED = 1_000
const MOST = 500
const WRITES = /\b(?:INSERT INTO|UPDATE|DELETE FROM)\b/

interface Remembered {
  readonly at: number
  readonly count: Promise<number>
}

/** A statement has every condition of visibility: equal ones have equal counts for all actors. */
export class Counts {
  readonly #found = new Map<string, Remembered>()
  readonly #changed = new Map<string, number>()

  sees(text: string): void {
    if (WRITES.test(text)) this.changed()
  }

  /** The actor who has just changed something counts again. */
  changed(): void {
    keep(this.#changed, currentActor(), performance.now())
  }

  async of(text: string, values: readonly unknown[], read: () => Promise<number>): Promise<number> {
    const key = JSON.stringify([text, values])
    const known = this.#found.get(key)
    const since = Math.max(performance.now() - REMEMBERED, this.#changed.get(currentActor()) ?? 0)
    // A failure of another's statement is not this one's.
    if (known && known.at > since) return known.count.catch(read)
    const count = read()
    keep(this.#found, key, { at: performance.now(), count })
    count.catch(() => this.#found.delete(key))
    return count
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > MOST) map.delete(map.keys().next().value!)
}
