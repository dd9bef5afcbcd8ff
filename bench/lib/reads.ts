/** Reads of single users at a steady rate: how long each takes while something else goes on. */
import { answerOf, type Sent, type Target } from './load.ts'
import { quantile } from './measure.ts'
import { pause } from './run.ts'

export interface Latencies {
  readonly count: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly most: number
}
export const latencies = (times: readonly number[]): Latencies => ({
  count: times.length,
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
  most: quantile(times, 1),
})

const EVERY_MS = 25

/** Sends a request each 25 ms, whether or not those before are answered, until the work ends. */
export async function readsWhile<Result>(
  target: Target,
  requests: readonly Sent[],
  work: () => Promise<Result>,
): Promise<{ result: Result; times: number[] }> {
  const times: number[] = []
  const under: Promise<void>[] = []
  let isOver = false
  const read = async (request: Sent) => {
    const began = performance.now()
    await answerOf(target, request)
    times.push(performance.now() - began)
  }
  const reading = (async () => {
    for (let n = 0; !isOver; n++) {
      under.push(read(requests[n % requests.length]!))
      await pause(EVERY_MS)
    }
  })()
  try {
    return { result: await work(), times }
  } finally {
    isOver = true
    await reading
    await Promise.all(under)
  }
}
