/** Whose access changed: sent by the triggers of the migration access_changes. */
import type { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { ChangeListener } from './change-listener.ts'

/** Ids; null: everybody. */
export type ChangedUsers = readonly number[] | null

const INFO = 'RA001'
/** Of one transaction; more are everybody. */
const MAX_PENDING = 1_000

export class AccessChanges {
  readonly #subscribers = new Set<(users: ChangedUsers) => void>()
  readonly #listener: ChangeListener | null

  /** `listener`: null where no other process writes. */
  constructor(listener: ChangeListener | null) {
    this.#listener = listener
    listener?.onPayload(payload => this.#publish(usersOf(payload)))
  }

  subscribe(subscriber: (users: ChangedUsers) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Of other processes; waits a second at most. */
  async listen(): Promise<void> {
    await this.#listener?.start()
  }

  /** Whether all are known up to a second ago. */
  areKnown(now: number): boolean {
    return this.#listener === null || this.#listener.isCurrent(now)
  }

  /** Whether a row is from the listener's server. */
  areOf(origin: string): boolean {
    return this.#listener === null || this.#listener.isAt(origin)
  }

  /** Publishes before a transaction's promise resolves. */
  watch(client: pg.ClientBase): void {
    let pending: string[] = []
    let command = ''
    const { connection } = client as unknown as { connection: EventEmitter }
    const end = () => {
      const payloads = pending
      pending = []
      if (payloads.length > MAX_PENDING) this.#publish(null)
      else for (const payload of payloads) this.#publish(usersOf(payload))
    }
    client.on('notice', ({ code, message = '*' }) => {
      if (code === INFO && pending.length <= MAX_PENDING) pending.push(message)
    })
    connection.on('commandComplete', ({ text }: { text: string }) => {
      command = text
    })
    connection.prependListener('readyForQuery', ({ status }: { status: string }) => {
      if (pending.length === 0 || status !== 'I') return
      if (command === 'ROLLBACK') pending = []
      else end()
    })
    // A COMMIT without a response may have happened.
    client.once('end', end)
  }

  #publish(users: ChangedUsers): void {
    for (const subscriber of this.#subscribers) subscriber(users)
  }
}

const usersOf = (payload: string): ChangedUsers => (payload === '*' ? null : payload.split(',').map(Number))
