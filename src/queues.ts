/** Work of which only so much runs at one time; of one actor at most half, unless `each` is given. */
import { createFairPool } from './platform/database/fair-pool.ts'
import { isSaturated } from './platform/saturation.ts'

export const createQueues = () => ({
  operations: createFairPool({ places: 128, queue: 1_000, wait: 10_000, patience: 5_000 }),
  /** Long writes of a group take seconds. */
  groupWrites: createFairPool({ places: Number.POSITIVE_INFINITY, each: 1, queue: 1_000, wait: 30_000 }),
  /** Of megabytes each. */
  mediumResponses: createFairPool({ places: 8, queue: 100, wait: 10_000, patience: 2_000 }),
  /** Of tens of megabytes each. */
  largeResponses: createFairPool({ places: 2, queue: 100, wait: 60_000, patience: 30_000 }),
})

type Queues = ReturnType<typeof createQueues>

/** Throws before the body is read: a refusal must cost less than an answer. */
export function refuseEarly(queues: Pick<Queues, 'operations' | 'mediumResponses'>, actor: string): void {
  queues.operations.check(actor)
  // Which requests are of this queue is known only after they are read.
  if (isSaturated()) queues.mediumResponses.check(actor)
}
