/**
 * Whose access changed, as the triggers of the migration access_changes send it: to the connection of the change
 * before its commit is answered, and to other processes by NOTIFY.
 */
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

  /** Resolves when the changes of other processes are received, or after a second. */
  async listen(): Promise<void> {
    await this.#listener?.start()
  }

  /** Whether every change that was committed up to a second ago is known. */
  areKnown(now: number): boolean {
    return this.#listener === null || this.#listener.isHeard(now)
  }

  /** Whether a row with this ORIGIN was read where the listener is. */
  areOf(origin: string): boolean {
    return this.#listener === null || this.#listener.isAt(origin)
  }

  /** Publishes at the end of each transaction, before its promise resolves. */
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
    // Whether a COMMIT without a response happened is not known.
    client.once('end', end)
  }

  #publish(users: ChangedUsers): void {
    for (const subscriber of this.#subscribers) subscriber(users)
  }
}

const usersOf = (payload: string): ChangedUsers => (payload === '*' ? null : payload.split(',').map(Number))
