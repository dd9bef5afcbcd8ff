import type { Prisma } from '../../generated/prisma/client.ts'
import type { AccessChanges } from './access-changes.ts'
import type { Counts } from './counts.memory.ts'
import type { Cursors } from './cursors.ts'
import type { CopyReport } from './embedded.copy.ts'

/** `prisma` for models and writes; `query` for one set-based statement. */
export interface Db {
  readonly prisma: Prisma.TransactionClient
  /** Rows per statement on the embedded database; Infinity on a server. */
  readonly rowsAtOnce: number
  /**
   * Prepared. Cast bigint (`count(*)::int`), which arrives as text. `fresh` plans for these values; long lists
   * do so anyway. `commits`: COMMIT is sent along, nothing may follow in the transaction.
   */
  query<Row>(text: string, values?: readonly unknown[], options?: { fresh?: boolean; commits?: boolean }): Promise<Row[]>
  readonly cursors: Cursors
  /** Where exact counts are remembered; never in a transaction. */
  readonly counts?: Counts | undefined
}

/** For a part of a transaction that is not its end. */
export const withoutCommit = (db: Db): Db => ({
  ...db,
  query: (text, values, options) => db.query(text, values, { ...options, commits: false }),
})

/** Where a request reads: at a replica that has what was written before the request, or at the primary. */
export interface Reads {
  readonly db: Db
  /** From now on at the primary. */
  wrote(): void
}

export const atPrimary = ({ db }: Pick<Store, 'db'>): Reads => ({ db, wrote() {} })

export const JOBS = 'jobs'

export interface Store {
  readonly kind: 'embedded' | 'server'
  readonly db: Db
  /** Of one request. */
  reads(): Reads
  /** READ COMMITTED, in the order of sending. Use only the given `db` inside. */
  transaction<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** Between two transactions of a long change: lets others have the connection. */
  pause(): Promise<void>
  /** For libraries with own statements; several texts return several results. */
  statement(text: string, values: readonly unknown[]): Promise<{ rows: unknown[] }>
  ping(): Promise<void>
  /** A consistent copy of the files, for a backup; null: there are none. */
  readonly copy: ((directory: string) => Promise<CopyReport>) | null
  /** Connections, and what waits for one. */
  load(): { readonly used: number; readonly idle: number; readonly waiting: number }
  readonly changes: Pick<AccessChanges, 'subscribe' | 'listen' | 'areKnown' | 'areOf'>
  /** `isJoined`: in the round trip of the one before. */
  onStatement(listener: (text: string, isJoined: boolean) => void): () => void
  close(): Promise<void>
}

export const isEmbedded = ({ store }: { readonly store: Pick<Store, 'kind'> }): boolean => store.kind === 'embedded'
