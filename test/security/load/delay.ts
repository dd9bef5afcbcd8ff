// How long one synchronous piece of this process takes, so that a busy machine does not count: the delay of the event loop, and the
// processor time that the main thread used between two of its turns.
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Milliseconds that a server may take in one piece while it is attacked. */
export const DELAY = 250

/** Does the work; answers what it answered and the longest synchronous piece meanwhile, in milliseconds. */
export async function longestPiece<T>(work: () => Promise<T>): Promise<{ value: T; piece: number }> {
  const loop = monitorEventLoopDelay({ resolution: 5 })
  let longest = 0
  let before = processorTime()
  const turn = () => {
    const now = processorTime()
    longest = Math.max(longest, now - before)
    before = now
  }
  // Whatever was due before the work does not count.
  await new Promise(resolve => setTimeout(resolve, 20))
  loop.enable()
  before = processorTime()
  const timer = setInterval(turn, 5)
  try {
    const value = await work()
    await new Promise(resolve => setTimeout(resolve, 20))
    turn()
    return { value, piece: Math.round(Math.min(longest, loop.max / 1e6)) }
  } finally {
    clearInterval(timer)
    loop.disable()
  }
}

/** Milliseconds of processor time that the work takes: the least of several times, since the first compiles. */
export function leastTime(work: () => unknown, enough: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < 6 && least > enough / 2; n++) {
    const [processor, clock] = [processorTime(), performance.now()]
    work()
    least = Math.min(least, processorTime() - processor, performance.now() - clock)
  }
  return least
}

function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
