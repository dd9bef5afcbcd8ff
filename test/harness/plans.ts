// What statements cost the store: those that some work sends, with their values, and the plans that PostgreSQL makes for them.
import type { Store } from '../../src/platform/database/store.ts'

export interface Sent {
  text: string
  values: readonly unknown[]
}

/** The reading statements that `work` sends through `db.query`. */
export async function sentBy({ db }: Store, work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = []
  const { query } = db
  db.query = (text, values = [], options) => {
    if (/^\s*(SELECT|WITH)\b/.test(text)) sent.push({ text, values })
    return query(text, values, options)
  }
  try {
    await work()
  } finally {
    db.query = query
  }
  return sent
}

/** A node of a plan, as EXPLAIN (FORMAT JSON) shows it. */
export interface PlanNode {
  'Node Type': string
  'Parent Relationship'?: string
  'Subplan Name'?: string
  'Actual Loops'?: number
  'Actual Rows'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  'Relation Name'?: string
  'CTE Name'?: string
  Plans?: PlanNode[]
}

/** How often each sub-select of a statement that depends on the row around it runs. The statement runs once more for it. */
export async function loopsOfSubSelects({ db }: Store, { text, values }: Sent): Promise<{ name: string; loops: number }[]> {
  const [row] = await db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values, {
    fresh: true,
  })
  return nodesOf(row!['QUERY PLAN'][0]!.Plan)
    .filter(node => node['Parent Relationship'] === 'SubPlan')
    .map(node => ({ name: node['Subplan Name'] ?? node['Node Type'], loops: node['Actual Loops'] ?? 0 }))
}

export const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** The nodes of the plans of what `work` reads that pass over more rows than `few`: what they answer and what they throw away. */
export async function passedOver(store: Store, few: number, work: () => Promise<unknown>): Promise<string[]> {
  const sent = await sentBy(store, work)
  if (sent.length === 0) throw new Error('Nothing was read')
  const found: string[] = []
  for (const { text, values } of sent) {
    const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      values,
      { fresh: true },
    )
    for (const node of nodesOf(row!['QUERY PLAN'][0]!.Plan)) {
      const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)
      const rows = Math.round(each * (node['Actual Loops'] ?? 0))
      if (rows > few) found.push(`${node['Node Type']} on ${node['Relation Name'] ?? '?'}: ${rows} rows`)
    }
  }
  return found
}
