import type { Database } from '../lib/database.ts'
import { Requests, type Slice, slice } from '../lib/load.ts'
import { cpuOf, median, quantile, sum } from '../lib/measure.ts'
import { count, step } from '../lib/run.ts'
import { check } from './check.ts'
import { deletion } from './deletion.ts'
import type { Server } from './servers.ts'
import type { Flavour, Workload } from './workloads.ts'

const ROUNDS = count('ROUNDS', 5)
const WARM_ANSWERS = 2_000
const WARM_SLICES = 4

/** Of one server in one workload; times in milliseconds for each request. */
export interface Cell {
  readonly flavour: Flavour
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly cpu: number
  readonly backends: number
  readonly load: number
  /** Answers that were not 2xx, in all slices. */
  readonly refused: number
  /** How many times slower than raw, round by round. */
  readonly slower: { readonly median: number; readonly least: number; readonly most: number }
}
export interface Row {
  readonly workload: Workload
  readonly connections: number
  readonly cells: readonly Cell[]
  readonly faults: ReadonlyMap<Flavour, string>
}

type Measured = Slice & { readonly own: number; readonly backends: number }

export async function rates(database: Database, servers: readonly Server[], workload: Workload): Promise<Row[]> {
  const undo = await deletion(database, workload)
  const faults = await check(servers, workload, undo)
  const requests = new Map(servers.map(server => [server, new Requests(workload.requests[server.flavour] ?? [])]))
  const asked = servers.filter(({ flavour }) => workload.requests[flavour])
  const rows: Row[] = []
  for (const connections of workload.connections) {
    const measured = new Map<Server, Measured[]>(asked.map(server => [server, []]))
    for (const server of asked) await warm(server, requests.get(server)!, connections, undo)
    for (let round = 0; round < ROUNDS; round++)
      // Another begins each round.
      for (const server of [...asked.slice(round % asked.length), ...asked.slice(0, round % asked.length)]) {
        await database.settle()
        const [own, backends] = [cpuOf(server.pid), database.cpu()]
        const taken = await slice(server, requests.get(server)!, { connections, seconds: workload.seconds })
        await database.settle()
        measured.get(server)!.push({ ...taken, own: cpuOf(server.pid) - own, backends: database.cpu() - backends })
        await undo(taken.answered)
      }
    rows.push({ workload, connections, cells: cellsOf(measured), faults })
    step(`${workload.name} at ${connections}: ${rows.at(-1)!.cells.map(short).join(', ')}`)
  }
  return rows
}

/** For the compiler and the caches. */
async function warm(server: Server, requests: Requests, connections: number, undo: (answered: number) => Promise<void>) {
  for (let [n, answered] = [0, 0]; n < WARM_SLICES && answered < WARM_ANSWERS; n++) {
    const taken = await slice(server, requests, { connections, seconds: 2 })
    answered += taken.answered
    await undo(taken.answered)
  }
}

const short = ({ flavour, rate, slower, refused }: Cell) =>
  `${flavour} ${rate.toFixed(0)}/s (×${slower.median.toFixed(2)})${refused ? `, ${refused} REFUSED` : ''}`

function cellsOf(measured: ReadonlyMap<Server, readonly Measured[]>): Cell[] {
  const raw = [...measured].find(([{ flavour }]) => flavour === 'raw')![1]
  return [...measured].map(([{ flavour }, slices]) => {
    const slower = slices.map(({ rate }, round) => raw[round]!.rate / rate)
    const each = (pick: (one: Measured) => number) => sum(slices.map(pick)) / sum(slices.map(({ answered }) => answered))
    return {
      flavour,
      rate: median(slices.map(({ rate }) => rate)),
      p50: median(slices.map(({ p50 }) => p50)),
      p99: median(slices.map(({ p99 }) => p99)),
      cpu: each(({ own }) => own),
      backends: each(({ backends }) => backends),
      load: each(({ cpu }) => cpu),
      refused: sum(slices.map(({ refused }) => refused)),
      slower: { median: median(slower), least: quantile(slower, 0), most: quantile(slower, 1) },
    }
  })
}
