/** Statements of one request, counted at the connections of a second set of servers. */
import type { Database } from '../lib/database.ts'
import { answerOf, type Sent } from '../lib/load.ts'
import { type Counts, countStatements } from '../lib/proxy.ts'
import { step } from '../lib/run.ts'
import { deletion } from './deletion.ts'
import { type Server, startServers } from './servers.ts'
import type { Flavour, Workload } from './workloads.ts'

const WARM = 5
const COUNTED = 20

export async function statements(
  database: Database,
  workloads: readonly Workload[],
): Promise<ReadonlyMap<string, ReadonlyMap<Flavour, Counts>>> {
  const { url, take } = await countStatements(database.url)
  const servers = await startServers(url)
  const counts = new Map(workloads.map(({ name }) => [name, new Map<Flavour, Counts>()]))
  for (const workload of workloads) {
    const undo = await deletion(database, workload)
    for (const server of servers) {
      const list = workload.requests[server.flavour]?.slice(-WARM - COUNTED)
      if (!list) continue
      try {
        await each(server, list.slice(0, WARM))
        take()
        await each(server, list.slice(WARM))
        const { statements, trips } = take()
        const { length } = list.slice(WARM)
        counts.get(workload.name)!.set(server.flavour, { statements: statements / length, trips: trips / length })
      } catch (error) {
        step(`${workload.name}: ${server.flavour}: ${String(error).slice(0, 200)}`)
      }
      await undo()
    }
  }
  for (const server of servers) await server.stop()
  return counts
}

async function each(server: Server, requests: readonly Sent[]): Promise<void> {
  for (const request of requests) await answerOf(server, request)
}
