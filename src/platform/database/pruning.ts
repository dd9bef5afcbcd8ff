import type { Db, Store } from './store.ts'

/** Rows of one transaction on a server: about 100 ms. */
const BATCH = 5_000
/** Of each kind of rows, each time: 14 million rows a day. */
export const BATCHES = 20

/** Of PostgreSQL's advisory locks. */
const LOCK = 7_467_837

/** Held until the transaction ends: one instance prunes at a time. */
export async function takePruning(db: Db): Promise<boolean> {
  const [row] = await db.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1::bigint) AS taken', [LOCK])
  return row!.taken
}

const NOTHING: Removed = { removed: 0, more: false }

export const batchOf = ({ rowsAtOnce }: Pick<Db, 'rowsAtOnce'>): number => Math.min(BATCH, rowsAtOnce)

export interface Removed {
  readonly removed: number
  readonly more: boolean
}

/** Returns how many rows are gone. `remove` gets the rows of a batch. */
export async function pruneInBatches(
  store: Pick<Store, 'transaction' | 'pause'>,
  remove: (db: Db, limit: number) => Promise<Removed>,
): Promise<number> {
  let removed = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const done = await store.transaction(async db => ((await takePruning(db)) ? remove(db, batchOf(db)) : NOTHING))
    removed += done.removed
    if (!done.more) break
    await store.pause()
  }
  return removed
}
