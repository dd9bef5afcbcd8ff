import type { Call } from '../access/guard.ts'
import { Forbidden, Invalid, NotFound } from '../errors.ts'
import type { IamRecord } from '../iams/iam.ts'
import { requireIam } from '../iams/iams.store.ts'
import { type List, type Page, readPage } from '../store/page.ts'
import { Misspoken } from './faults.ts'

/** Most resources of one answer (RFC 7644 3.4.2.4), and how many when nobody says. */
export const MAX_RESULTS = 1000
export const DEFAULT_RESULTS = 100

/** The IAM whose client asks. All that a client names is looked for in it, and nowhere else. */
export async function iamOf({ db, actor }: Call): Promise<IamRecord> {
  if (actor.kind !== 'scim') throw new Forbidden('This is for the SCIM client of an IAM')
  return requireIam(db, actor.iamid)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Throws NotFound for what no resource has, without asking the store. */
export function checkScimId(id: string, what: 'User' | 'Group'): string {
  if (!UUID.test(id)) throw new NotFound(`No ${what} with this id`)
  return id.toLowerCase()
}

export const isScimId = (id: string): boolean => UUID.test(id)

/** Which resources are asked for. `cursor` (RFC 9865) goes without `startIndex`; an empty one asks for the first page. */
export interface Search {
  readonly filter?: string | undefined
  readonly sortBy?: string | undefined
  readonly descending?: boolean
  readonly startIndex?: number | undefined
  readonly count?: number | undefined
  readonly cursor?: string | undefined
}

export interface Found<Row> {
  readonly total: number
  readonly rows: readonly Row[]
  readonly startIndex: number
  readonly nextCursor: string | null
}

/** Two statements, whatever is asked. */
export async function search<Row extends object>(
  call: Call,
  list: List,
  { startIndex, count, cursor }: Search,
): Promise<Found<Row>> {
  // Below 1 is 1, below 0 is 0 (RFC 7644 3.4.2.4).
  const first = Math.min(Math.max(count ?? DEFAULT_RESULTS, 0), MAX_RESULTS)
  const start = Math.min(Math.max(startIndex ?? 1, 1), 2_147_483_647)
  const where = cursor === undefined ? { offset: start - 1 } : cursor === '' ? {} : { after: cursor }
  const page = await readPage<Row>(call.db, list, { first: Math.max(first, 1), ...where }).catch(notACursor)
  const rows = first === 0 ? [] : page.nodes
  const nextCursor = cursor !== undefined && rows.length > 0 && page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  return { total: await page.totalCount(), rows, startIndex: start, nextCursor }
}

function notACursor(error: unknown): Promise<Page<never>> {
  if (error instanceof Invalid && error.field === 'after')
    throw new Misspoken('invalidCursor', 'cursor', 'must come from a page of this very list')
  throw error
}
