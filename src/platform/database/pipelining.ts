/** BEGIN joins the first statement, COMMIT one that `commits`. */
import type pg from 'pg'

export type Statement = string | { readonly text?: string; readonly commits?: boolean }
export const textOf = (sent: Statement): string => (typeof sent === 'string' ? sent : sent.text) ?? ''

type Send = (sent: Statement, rest: readonly unknown[]) => unknown

const OVER = 'The transaction is over: its COMMIT was sent with the statement before'

const done = (command: string) => Promise.resolve({ command, rows: [], rowCount: null, fields: [] })

/** Of one connection in pipeline mode. */
export class Pipelining {
  readonly #send: Send
  readonly #stream: { cork(): void; uncork(): void }
  #state: 'none' | 'beginning' | 'committed' = 'none'

  constructor(client: pg.PoolClient, send: Send) {
    this.#send = send
    this.#stream = (client as unknown as { connection: { stream: { cork(): void; uncork(): void } } }).connection.stream
  }

  query(sent: Statement, rest: readonly unknown[]): unknown {
    const text = textOf(sent)
    const isEnd = text === 'COMMIT' || text === 'ROLLBACK'
    if (this.#state === 'committed' && !isEnd) return Promise.reject(new Error(OVER))
    if (this.#state === 'none' && text === 'BEGIN') {
      this.#state = 'beginning'
      return done(text)
    }
    const before = this.#state
    this.#state = 'none'
    if (before !== 'none' && isEnd) return done(text)
    if (typeof sent === 'object' && sent.commits) return this.#committing(sent, rest, before === 'beginning')
    return before === 'beginning' ? this.#together(() => this.#beginning(sent, rest)) : this.#send(sent, rest)
  }

  /** The connection goes back to the pool. */
  reset(): void {
    this.#state = 'none'
  }

  #beginning(sent: Statement, rest: readonly unknown[]): unknown {
    const begun = this.#send('BEGIN', []) as Promise<unknown>
    // Fails as the statement does.
    begun.catch(() => {})
    return this.#send(sent, rest)
  }

  async #committing(sent: Statement, rest: readonly unknown[], begins: boolean): Promise<unknown> {
    this.#state = 'committed'
    const [answer, committed] = this.#together(() => [
      begins ? this.#beginning(sent, rest) : this.#send(sent, rest),
      this.#send('COMMIT', []) as Promise<unknown>,
    ])
    // Fails as the statement did.
    committed.catch(() => {})
    const result = await answer
    await committed
    return result
  }

  /** One packet. */
  #together<T>(send: () => T): T {
    this.#stream.cork()
    try {
      return send()
    } finally {
      this.#stream.uncork()
    }
  }
}

/** Those after a late statement wait. */
export function createOrder() {
  let before: Promise<unknown> | null = null
  return <T>(send: () => Promise<T>, isLate: boolean): Promise<T> => {
    const work = before ? before.then(send) : send()
    if (isLate || before) before = work.catch(() => {})
    return work
  }
}
