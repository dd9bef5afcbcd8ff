import type { ServiceContext } from '../../authorization/service.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { requireIam } from '../../domain/iams/iams.store.ts'
import { exactCount } from '../../platform/database/counts.ts'
import { type ListQuery, type Page, type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { Forbidden, Invalid, NotFound } from '../../platform/errors.ts'
import { ScimError } from '../protocol/errors.ts'

export const MAX_RESULTS = 1000
export const DEFAULT_RESULTS = 100

export async function iamOf({ db, actor }: ServiceContext): Promise<IamRecord> {
  if (actor.kind !== 'scim') throw new Forbidden('This requires the SCIM client of an IAM')
  return requireIam(db, actor.iamid)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function checkScimId(id: string, what: 'User' | 'Group'): string {
  if (!UUID.test(id)) throw new NotFound(`No ${what} with this id`)
  return id.toLowerCase()
}

export const isScimId = (id: string): boolean => UUID.test(id)

/** `cursor` (RFC 9865) excludes `startIndex`; empty: the first page. */
export interface SearchRequest {
  readonly filter?: string | undefined
  readonly sortBy?: string | undefined
  readonly descending?: boolean
  readonly startIndex?: number | undefined
  readonly count?: number | undefined
  readonly cursor?: string | undefined
}

export interface SearchResult<Row> {
  readonly total: number
  readonly rows: readonly Row[]
  readonly startIndex: number
  readonly nextCursor: string | null
  readonly previousCursor: string | null
}

export interface RowRef {
  readonly id: number
}

/** Possibly fewer; `taken` counts consumed rows, deleted ones included. */
export type LoadResources<Row, At extends RowRef = RowRef> = (
  places: readonly At[],
  fromEnd: boolean,
) => Promise<{ rows: readonly Row[]; taken: number }>

/** From this offset, reads from the nearer end. */
const OFFSET_FROM_END = 1000
const BACKWARD = '.'

/** Two statements, plus those of `hydrate`. Skipped rows are only counted. */
export async function search<Row, At extends RowRef = RowRef>(
  call: ServiceContext,
  { list, asked, hydrate }: { list: ListQuery<At>; asked: SearchRequest; hydrate: LoadResources<Row, At> },
): Promise<SearchResult<Row>> {
  const size = Math.min(Math.max(asked.count ?? DEFAULT_RESULTS, 0), MAX_RESULTS)
  const startIndex = Math.min(Math.max(asked.startIndex ?? 1, 1), 2_147_483_647)
  const total = await exactCount(call.db, list)
  const { cursor } = asked
  const fromEnd = cursor?.startsWith(BACKWARD) ?? false
  const args = windowOf(cursor, { size: Math.max(size, 1), start: startIndex - 1, total })
  const page = args && (await readPage(call.db, list, args).catch(notACursor))
  if (page === null || size === 0) return { total, rows: [], startIndex, nextCursor: null, previousCursor: null }
  const { rows, taken } = await hydrate(page.nodes, fromEnd)
  const kept = fromEnd ? page.edges.slice(page.edges.length - taken) : page.edges.slice(0, taken)
  const isShort = taken < page.edges.length
  const isNext = page.pageInfo.hasNextPage || (isShort && !fromEnd)
  const isPrevious = page.pageInfo.hasPreviousPage || (isShort && fromEnd)
  const [first, last] = [kept[0]?.cursor, kept.at(-1)?.cursor]
  return {
    total,
    rows,
    startIndex,
    nextCursor: isNext && last !== undefined ? last : null,
    previousCursor: isPrevious && first !== undefined ? BACKWARD + first : null,
  }
}

function windowOf(
  cursor: string | undefined,
  { size, start, total }: { size: number; start: number; total: number },
): PageArgs | null {
  if (cursor === '') return { first: size }
  if (cursor?.startsWith(BACKWARD)) return { last: size, before: cursor.slice(BACKWARD.length) }
  if (cursor !== undefined) return { first: size, after: cursor }
  if (start >= total) return null
  if (start <= OFFSET_FROM_END || start < total / 2) return { first: size, offset: start }
  const behind = total - start - size
  return behind >= 0 ? { last: size, offset: behind } : { last: total - start, offset: 0 }
}

export const loadResources =
  <Row extends RowRef>(read: (ids: readonly number[]) => Promise<readonly Row[]>): LoadResources<Row> =>
  async places => {
    const found = new Map((await read(places.map(({ id }) => id))).map(row => [row.id, row]))
    return { rows: places.flatMap(({ id }) => found.get(id) ?? []), taken: places.length }
  }

function notACursor(error: unknown): Promise<Page<never>> {
  if (error instanceof Invalid && (error.field === 'after' || error.field === 'before'))
    throw new ScimError('invalidCursor', 'cursor', 'must come from a page of the same list')
  throw error
}
