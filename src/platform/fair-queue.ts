/** A fair queue: whoever sends many waits for themselves. Turns go round the sources, and within one round its accounts. */
import { TooMany } from './errors.ts'

/** Whose work it is: where it comes from, and for which account. */
export interface Turn {
  readonly source: string
  readonly account: string
}

/** Half a minute of log-ins on two cores; whoever comes later is refused. */
const MAX_WAITING = 4000
const RETRY_AFTER = 30

/** Runs at most `width` at a time. Throws TooMany when thousands are waiting already. */
export function createTurns(width: number): <T>(turn: Turn, work: () => Promise<T>) => Promise<T> {
  let running = 0
  let waiting = 0
  const sources = new Map<string, Map<string, (() => void)[]>>()

  const wait = ({ source, account }: Turn) =>
    new Promise<void>(proceed => {
      const accounts = sources.get(source) ?? new Map<string, (() => void)[]>()
      sources.set(source, accounts)
      const queue = accounts.get(account)
      if (queue) queue.push(proceed)
      else accounts.set(account, [proceed])
      waiting++
    })
  /** The first of the account whose turn it is; its account and its source go to the end of their rounds. */
  const next = (): (() => void) | undefined => {
    for (const [source, accounts] of sources) {
      sources.delete(source)
      for (const [account, queue] of accounts) {
        const first = queue.shift()
        accounts.delete(account)
        if (queue.length > 0) accounts.set(account, queue)
        if (accounts.size > 0) sources.set(source, accounts)
        waiting--
        return first
      }
    }
    return undefined
  }
  return async (turn, work) => {
    if (waiting >= MAX_WAITING)
      throw new TooMany('Too many passwords are being checked, try again later', { retryAfter: RETRY_AFTER })
    // A place is handed on, never freed in between, or whoever comes just then could take it.
    if (running < width) running++
    else await wait(turn)
    try {
      return await work()
    } finally {
      const proceed = next()
      if (proceed) proceed()
      else running--
    }
  }
}
