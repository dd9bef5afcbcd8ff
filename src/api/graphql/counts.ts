/** Counts of all connections: exact up to a bound, about right beyond. */
import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Page } from '../../platform/database/pagination.ts'

/** Rows: counting them takes some 20 ms. */
export const MAX_COUNT = 100_000

export interface WithCounts {
  /** REST answers exact counts. */
  readonly exactCounts?: true
}

type Counted = Pick<Page<unknown>, 'totalCount' | 'estimate'>

const bounded = new WeakMap<Counted, Promise<number>>()

function countOf(page: Counted): Promise<number> {
  const found = bounded.get(page) ?? page.totalCount(MAX_COUNT)
  bounded.set(page, found)
  return found
}

async function totalCount(page: Counted, _: unknown, { exactCounts }: WithCounts): Promise<number | null> {
  if (exactCounts) return page.totalCount()
  const count = await countOf(page)
  return count > MAX_COUNT ? null : count
}

async function totalCountEstimate(page: Counted): Promise<number> {
  const count = await countOf(page)
  return count <= MAX_COUNT || page.estimate === null ? count : Math.max(count, await page.estimate())
}

export function withCounts(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || !type.name.endsWith('Connection')) continue
    const fields = type.getFields()
    fields.totalCount!.resolve = totalCount
    fields.totalCountEstimate!.resolve = totalCountEstimate
  }
  return schema
}
