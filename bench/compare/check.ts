/** Every server answers with the data of the raw one, also when several ask at once: wrk sees only the status. */
import { isDeepStrictEqual } from 'node:util'
import { answerOf } from '../lib/load.ts'
import { step } from '../lib/run.ts'
import type { Server } from './servers.ts'
import type { Flavour, Workload } from './workloads.ts'

const SAMPLES = 5

/** What is wrong, for each server that answers something else or refuses. */
export async function check(
  servers: readonly Server[],
  workload: Workload,
  undo: () => Promise<void>,
): Promise<Map<Flavour, string>> {
  const faults = new Map<Flavour, string>()
  let limit: unknown[] | undefined
  for (const server of servers) {
    const requests = workload.requests[server.flavour]
    if (!requests) continue
    try {
      const answers: unknown[] = []
      for (const request of requests.slice(0, SAMPLES)) answers.push(inOneForm(workload.data(await answerOf(server, request))))
      limit ??= answers
      const other = answers.findIndex((answer, n) => !isDeepStrictEqual(answer, limit![n]))
      if (other !== -1) throw new Error(`${start(answers[other])} instead of ${start(limit[other])}`)
      const together = requests.slice(SAMPLES, SAMPLES + Math.max(...workload.connections))
      await Promise.all(together.map(request => answerOf(server, request)))
    } catch (error) {
      faults.set(server.flavour, String(error))
      step(`${workload.name}: ${server.flavour}: ${error}`)
    }
    await undo()
  }
  return faults
}

const start = (value: unknown) => JSON.stringify(value).slice(0, 1000)

/** Lists sorted, connections as lists, a profile's fields beside the others, an attribute's values one by one, times as ISO 8601. */
function inOneForm(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap(valuesOf).map(inOneForm).toSorted(byText)
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value).toISOString() : value
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).flatMap(([key, field]) =>
    key === 'profile' && field && typeof field === 'object'
      ? Object.entries(field).map(([name, of]) => [`profile_${name}`, of] as const)
      : [[key, field] as const],
  )
  if (entries.length === 1 && ['nodes', 'permission'].includes(entries[0]![0])) return inOneForm(entries[0]![1])
  return Object.fromEntries(entries.map(([key, field]) => [key, inOneForm(field)]))
}

const valuesOf = (item: { key?: string; values?: string[] } | null): unknown[] =>
  item?.key && item.values ? item.values.map(value => ({ key: item.key, value })) : [item]

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
