/** Fair shares among actors, such as of connections: each actor holds at most half of the places. */

import { TooManyRequests, Unavailable } from '../errors.ts'
import { FairQueue } from '../fair-queue.ts'
import { isCaller } from './current-actor.ts'

export interface FairPoolOptions {
  readonly places: number
  /** Places that one actor holds at most (half of them when absent, and at least one). */
  readonly each?: number
  /** How many requests of one actor wait at most; those beyond are TooManyRequests at once. */
  readonly queue: number
  /** Milliseconds that a request waits: then it is TooManyRequests where its actor holds a whole share, else Unavailable. */
  readonly wait: number
}

/** Seconds after which to come again. */
const RETRY = { own: 1, others: 5 }

/** Its `run` and `acquire` throw TooManyRequests or Unavailable. */
export const createFairPool = ({ places, each, queue, wait }: FairPoolOptions): FairQueue =>
  new FairQueue({
    places,
    perActor: each ?? Math.max(1, Math.floor(places / 2)),
    maxWaiting: { perActor: queue },
    wait,
    refuse: (actor, isOwnShare) =>
      isOwnShare && isCaller(actor)
        ? new TooManyRequests('You have too many requests in progress: wait for their responses, then try again', {
            retryAfter: RETRY.own,
          })
        : new Unavailable('The database is busy: try again shortly', { retryAfter: RETRY.others }),
  })
