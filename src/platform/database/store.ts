import type { Prisma } from '../../generated/prisma/client.ts'
import type { Cursors } from './cursors.ts'

/**
 * What a store function is given: the pool outside a transaction, the transaction inside one.
 * `prisma` is for models and writes; `query` is one set-based SQL statement (prepared, on the pool Prisma's adapter uses).
 */
export interface Db {
  readonly prisma: Prisma.TransactionClient
  /**
   * How many rows one statement reads or writes at most: the embedded store runs in the thread that answers everybody. A server takes
   * any number at once (Infinity).
   */
  readonly rowsAtOnce: number
  /**
   * Rows of one statement, prepared under a name. Cast bigint results (`count(*)::int`), which come as strings. `fresh` plans it anew for
   * these very values: for searches, whose best plan depends on what is looked for. A long list among the values does so by itself.
   */
  query<Row>(text: string, values?: readonly unknown[], options?: { fresh?: boolean }): Promise<Row[]>
  /** Of the pages that are read here. */
  readonly cursors: Cursors
}

/** The schema that belongs to the library of background jobs. */
export const JOBS = 'jobs'

/** The open store of this process. */
export interface Store {
  readonly kind: 'embedded' | 'server'
  readonly db: Db
  /** Runs `work` in one READ COMMITTED transaction. Inside, use only the `db` it is given: the embedded store has one connection. */
  transaction<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** Statements as they are, on the pool: for a library that brings its own. Several texts answer several results. */
  statement(text: string, values: readonly unknown[]): Promise<{ rows: unknown[] }>
  /** Throws Unavailable when the database does not answer. */
  ping(): Promise<void>
  /** Calls `listener` with every statement of ours (tests count them), not with those of the jobs' library; returns the way to stop. */
  onStatement(listener: (text: string) => void): () => void
  close(): Promise<void>
}

/** Whether all requests share one connection. */
export const isEmbedded = ({ store }: { readonly store: Pick<Store, 'kind'> }): boolean => store.kind === 'embedded'
