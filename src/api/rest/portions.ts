/** Long pages in portions: only one is held as objects. */
import { WrittenList } from '../../platform/http/json.ts'
import type { Paged } from './read-all-pages.ts'

export const PORTION = 50

export interface Portioned<Data> {
  readonly rows: (data: Data) => Paged<unknown>
  readonly key: string
}

interface PortionVariables {
  readonly first?: number | null
  readonly offset?: number | null
  readonly after?: string | null
  readonly counted?: boolean
}

interface Reading<Data> {
  readonly size: number
  readonly read: (variables: PortionVariables) => Promise<Data>
  readonly body: (data: Data) => Promise<object>
}

/** Cursors follow the first portion, so no row is shown twice. */
export async function inPortions<Data>({ rows, key }: Portioned<Data>, { size, read, body }: Reading<Data>): Promise<object> {
  const list = new WrittenList()
  const take = async (variables: PortionVariables) => {
    const data = await read(variables)
    const whole = (await body(data)) as Record<string, readonly unknown[]>
    await list.add(whole[key]!)
    return { ...rows(data).pageInfo, whole }
  }
  let last = await take({ first: PORTION })
  const first = last.whole
  for (let left = size - PORTION; left > 0 && last.hasNextPage; left -= PORTION)
    last = await take({ first: Math.min(left, PORTION), offset: undefined, after: last.endCursor, counted: false })
  return { ...first, [key]: list }
}
