/** Each actor holds at most half of the slots. */

import { TooManyRequests, Unavailable } from '../errors.ts'
import { FairQueue } from '../fair-queue.ts'
import { isCaller } from './current-actor.ts'

export interface FairPoolOptions {
  readonly places: number
  readonly each?: number
  /** Per actor; more are TooManyRequests. */
  readonly queue: number
  /** Milliseconds; then TooManyRequests if the actor's share is full, else Unavailable. */
  readonly wait: number
  readonly patience?: number
}

/** Seconds. */
const RETRY = { own: 1, others: 5 }

export const createFairPool = ({ places, each, queue, wait, patience }: FairPoolOptions): FairQueue =>
  new FairQueue({
    places,
    perActor: each ?? Math.max(1, Math.floor(places / 2)),
    maxWaiting: { perActor: queue },
    wait,
    ...(patience !== undefined && { patience }),
    refuse: (actor, isOwnShare) =>
      isOwnShare && isCaller(actor)
        ? new TooManyRequests('You have too many requests in progress: wait for their responses, then try again', {
            retryAfter: RETRY.own,
            reason: 'own share',
          })
        : new Unavailable('The database is busy: try again shortly', { retryAfter: RETRY.others, reason: 'busy' }),
  })
