import DataLoader from 'dataloader'
import { inChunks } from '../../platform/database/chunks.ts'
import { type Page, type PageArgs, pageOf, windowOf } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import type { AuditEventRecord } from './audit.record.ts'
import {
  type Asked,
  type AuditRole,
  countsOfUsers,
  type EventRow,
  eventsOfUsers,
  manyEventsOfUser,
  ORDER,
} from './audit.user.store.ts'

const ROWS_OF_WINDOW = 4

/** A nested list would sort all rows of an actor. */
export class AuditEventsOfUsers {
  readonly #db: Db
  readonly #pages: DataLoader<Asked, Page<AuditEventRecord>, string>
  readonly #counts: DataLoader<{ userId: number; role: AuditRole }, number, string>

  constructor(db: Db) {
    this.#db = db
    this.#pages = new DataLoader(asked => this.#read(asked), { cacheKeyFn: JSON.stringify })
    this.#counts = new DataLoader(
      asked =>
        inGroups(
          asked,
          ({ role }) => role,
          some =>
            countsOfUsers(
              db,
              some[0]!.role,
              some.map(({ userId }) => userId),
            ),
        ),
      { cacheKeyFn: JSON.stringify },
    )
  }

  async of(userId: number, { role, ...page }: PageArgs & { role?: AuditRole | null }): Promise<Page<AuditEventRecord>> {
    return this.#pages.load({ userId, role: role ?? 'ANY', window: windowOf(this.#db.cursors, page, ORDER) })
  }

  #read(asked: readonly Asked[]): Promise<Page<AuditEventRecord>[]> {
    const kindOf = ({ role, window }: Asked) => `${role} ${window.backwards} ${window.cursor !== null}`
    return inGroups(asked, kindOf, async some => {
      const rows = await this.#rowsOf(some)
      return some.map((one, place) => this.#pageOf(one, rows.get(place) ?? []))
    })
  }

  async #rowsOf(asked: readonly Asked[]): Promise<Map<number, EventRow[]>> {
    const db = this.#db
    const places = asked.map((one, place) => ({ ...one, place }))
    const isWide = ({ window }: Asked) => window.size >= db.rowsAtOnce
    const narrow = places.filter(one => !isWide(one))
    const found = await inChunks(narrow, Math.ceil(db.rowsAtOnce / ROWS_OF_WINDOW), async piece =>
      (await eventsOfUsers(db, piece)).map(row => ({ ...row, place: piece[row.place]!.place })),
    )
    const wide = await inChunks(places.filter(isWide), 1, async ([one]) =>
      (await manyEventsOfUser(db, one!)).map(row => ({ ...row, place: one!.place })),
    )
    return Map.groupBy([...found, ...wide].flat(), row => row.place)
  }

  #pageOf({ userId, role, window }: Asked, rows: readonly EventRow[]): Page<AuditEventRecord> {
    return pageOf<AuditEventRecord>(rows, { window, order: ORDER, totalCount: () => this.#counts.load({ userId, role }) })
  }
}

/** In the order of `asked`; one call of `read` for each group. */
async function inGroups<Item, Found>(
  asked: readonly Item[],
  keyOf: (item: Item) => string,
  read: (some: readonly Item[]) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found = new Map<Item, Found>()
  await Promise.all(
    [...Map.groupBy(asked, keyOf).values()].map(async some => {
      const values = await read(some)
      for (const [at, item] of some.entries()) found.set(item, values[at]!)
    }),
  )
  return asked.map(item => found.get(item)!)
}

export const auditLoaders = (db: Db) => ({ auditEventsOfUser: new AuditEventsOfUsers(db) })
