/** Between the steps of a long embedded change. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { StorePool } from './pool.ts'

/** Milliseconds: without a statement, then others pause too; at most. */
const QUIET = 3
const LONGEST = 50

/** A waiting request sends its next statements, and waits only once. */
export function createPause(pool: Pick<StorePool, 'taken' | 'isFree'>): () => Promise<void> {
  return async () => {
    const end = performance.now() + LONGEST
    let seen = pool.taken
    await setImmediate()
    while (performance.now() < end && !(pool.isFree && pool.taken === seen)) {
      seen = pool.taken
      await setTimeout(QUIET)
    }
  }
}
