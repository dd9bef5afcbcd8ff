/**
 * A queue for scarce slots. Actors take turns, and within one its parts. Use `Semaphore` where arrival order
 * suffices.
 */
export interface Turn {
  readonly actor: string
  readonly part?: string
}

export interface FairQueueOptions {
  readonly places: number
  readonly perActor?: number
  readonly maxWaiting?: { readonly perActor?: number; readonly total?: number }
  /** Milliseconds; default: unlimited. */
  readonly wait?: number
  /** Milliseconds: while one of an actor waits longer, or a further one would, further ones are refused at once. */
  readonly patience?: number
  /** Creates the error. `isOwnShare`: caused by the same actor. */
  refuse(actor: string, isOwnShare: boolean): Error
}

interface Waiting {
  readonly since: number
  readonly begin: () => void
  readonly timer: NodeJS.Timeout | undefined
}

interface Line {
  waiting: number
  /** When the last one got its place. */
  served: number
  /** Mean milliseconds from one to the next. */
  interval: number
  readonly parts: Map<string, Set<Waiting>>
}

/** The weight of the last interval in the mean. */
const RECENT = 0.1

export class FairQueue {
  readonly #options: FairQueueOptions
  readonly #perActor: number
  readonly #holding = new Map<string, number>()
  readonly #lines = new Map<string, Line>()
  #taken = 0
  #waiting = 0

  constructor(options: FairQueueOptions) {
    this.#options = options
    this.#perActor = options.perActor ?? options.places
  }

  get running(): number {
    return this.#taken
  }

  get waiting(): number {
    return this.#waiting
  }

  async run<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    const release = this.tryAcquire(turn) ?? (await this.acquire(turn))
    try {
      return await work()
    } finally {
      release()
    }
  }

  /** The release function, or null where `acquire` would wait. */
  tryAcquire({ actor }: Turn): (() => void) | null {
    return this.#taken < this.#options.places && !this.#isFull(actor) ? this.#take(actor) : null
  }

  /** Resolves with the release function. Rejects with the error of `refuse`. */
  async acquire({ actor, part = '' }: Turn): Promise<() => void> {
    const { maxWaiting = {}, refuse, wait } = this.#options
    const free = this.tryAcquire({ actor })
    if (free) return free
    const line = this.#lines.get(actor) ?? {
      waiting: 0,
      served: performance.now(),
      interval: 0,
      parts: new Map<string, Set<Waiting>>(),
    }
    if (line.waiting >= (maxWaiting.perActor ?? Number.POSITIVE_INFINITY)) throw refuse(actor, true)
    if (this.#waiting >= (maxWaiting.total ?? Number.POSITIVE_INFINITY)) throw refuse(actor, false)
    this.check(actor)
    this.#lines.set(actor, line)
    const queue = line.parts.get(part) ?? new Set()
    line.parts.set(part, queue)
    this.#count(line, 1)
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        queue.delete(waiting)
        if (queue.size === 0) line.parts.delete(part)
        if (line.parts.size === 0) this.#lines.delete(actor)
        this.#count(line, -1)
        reject(refuse(actor, this.#isFull(actor)))
      }
      const timer = wait === undefined ? undefined : setTimeout(giveUp, wait)
      const waiting: Waiting = { since: performance.now(), begin: () => resolve(this.#take(actor)), timer }
      queue.add(waiting)
    })
  }

  /** Throws what `acquire` would reject with, where the actor has waited for long: before its request costs more. */
  check(actor: string): void {
    const { patience, refuse } = this.#options
    const line = patience === undefined ? undefined : this.#lines.get(actor)
    if (!line) return
    if (line.waiting * line.interval > patience!) throw refuse(actor, this.#isFull(actor))
    const latest = performance.now() - patience!
    for (const [oldest] of line.parts.values()) if (oldest && oldest.since < latest) throw refuse(actor, this.#isFull(actor))
  }

  #isFull(actor: string): boolean {
    return (this.#holding.get(actor) ?? 0) >= this.#perActor
  }

  #count(line: Line, change: 1 | -1): void {
    line.waiting += change
    this.#waiting += change
  }

  #take(actor: string): () => void {
    this.#taken++
    this.#holding.set(actor, (this.#holding.get(actor) ?? 0) + 1)
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#taken--
      const held = this.#holding.get(actor)! - 1
      if (held === 0) this.#holding.delete(actor)
      else this.#holding.set(actor, held)
      this.#serve()
    }
  }

  #serve(): void {
    for (const [actor, line] of this.#lines) {
      if (this.#taken >= this.#options.places) return
      if (this.#isFull(actor)) continue
      this.#lines.delete(actor)
      const next = this.#nextOf(line)
      if (line.waiting > 0) this.#lines.set(actor, line)
      clearTimeout(next.timer)
      next.begin()
    }
  }

  #nextOf(line: Line): Waiting {
    const now = performance.now()
    line.interval += (now - line.served - line.interval) * RECENT
    line.served = now
    const [part, queue] = line.parts.entries().next().value!
    const next = queue.values().next().value!
    queue.delete(next)
    line.parts.delete(part)
    if (queue.size > 0) line.parts.set(part, queue)
    this.#count(line, -1)
    return next
  }
}

/** One place for all parts of a request: the first one takes it. */
export class SharedPlace {
  readonly #acquire: () => Promise<() => void>
  #place: Promise<() => void> | undefined
  #isOver = false

  constructor(acquire: () => Promise<() => void>) {
    this.#acquire = acquire
  }

  /** Rejects as `acquire` does, and once the request is over. */
  async enter(): Promise<void> {
    if (this.#isOver) throw new Error('The request is over')
    this.#place ??= this.#acquire()
    await this.#place
  }

  leave(): void {
    this.#isOver = true
    this.#place?.then(
      release => release(),
      () => {},
    )
  }
}
