/**
 * Shares of something scarce among actors, such as connections. Nobody holds more than half of it; what an actor asks for beyond that
 * waits in a queue of its own, and the queues are served in turn. No wait is without a deadline, and no queue without an end.
 */
import { TooMany, Unavailable } from '../errors.ts'
import { isCaller } from './current-actor.ts'

export interface Shares {
  /** Resolves, when it is this actor's turn, with the function that gives the place back. Throws TooMany or Unavailable. */
  enter(actor: string): Promise<() => void>
  /** Enters, works, gives the place back. */
  within<T>(actor: string, work: () => Promise<T>): Promise<T>
}

export interface SharesOptions {
  readonly places: number
  /** Places that one actor holds at most (half of them when absent, and at least one). */
  readonly each?: number
  /** How many requests of one actor wait at most; those beyond are TooMany at once. */
  readonly queue: number
  /** Milliseconds that a request waits: then it is TooMany where its actor holds a whole share, else Unavailable. */
  readonly wait: number
}

interface Waiting {
  readonly begin: () => void
  readonly timer: NodeJS.Timeout
}

/** Seconds after which to come again. */
const RETRY = { own: 1, others: 5 }

export function createShares({
  places,
  each = Math.max(1, Math.floor(places / 2)),
  queue: longest,
  wait,
}: SharesOptions): Shares {
  const holding = new Map<string, number>()
  // In the order of their turns: who was served goes to the end.
  const queues = new Map<string, Set<Waiting>>()
  let taken = 0
  const isFull = (actor: string) => (holding.get(actor) ?? 0) >= each

  const take = (actor: string): (() => void) => {
    taken++
    holding.set(actor, (holding.get(actor) ?? 0) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      taken--
      const held = holding.get(actor)! - 1
      if (held === 0) holding.delete(actor)
      else holding.set(actor, held)
      serve()
    }
  }

  const serve = (): void => {
    for (const [actor, queue] of [...queues]) {
      if (taken >= places) return
      if (isFull(actor)) continue
      const [next] = queue
      queue.delete(next!)
      queues.delete(actor)
      if (queue.size > 0) queues.set(actor, queue)
      clearTimeout(next!.timer)
      next!.begin()
    }
  }

  const enter = (actor: string): Promise<() => void> => {
    // A free place that somebody waits for is one that they may not take.
    if (taken < places && !isFull(actor)) return Promise.resolve(take(actor))
    const queue = queues.get(actor) ?? new Set()
    if (queue.size >= longest) return Promise.reject(tooMany(actor))
    queues.set(actor, queue)
    return new Promise((resolve, reject) => {
      const late = () => {
        queue.delete(waiting)
        if (queue.size === 0 && queues.get(actor) === queue) queues.delete(actor)
        reject(isFull(actor) ? tooMany(actor) : busy())
      }
      const waiting: Waiting = { begin: () => resolve(take(actor)), timer: setTimeout(late, wait) }
      queue.add(waiting)
    })
  }
  return {
    enter,
    async within(actor, work) {
      const leave = await enter(actor)
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}

const busy = () => new Unavailable('The store is busy at the moment; try again shortly', { retryAfter: RETRY.others })

const tooMany = (actor: string): TooMany | Unavailable =>
  isCaller(actor)
    ? new TooMany('Too many requests of yours are at work already: wait for their answers, then try again', {
        retryAfter: RETRY.own,
      })
    : busy()
