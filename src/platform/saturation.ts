import { performance } from 'node:perf_hooks'

/** Milliseconds. */
const WINDOW = 100
const SATURATED = 0.9

type Utilization = Pick<typeof performance, 'now' | 'eventLoopUtilization'>

/** Whether the event loop was busy for nine tenths of the last window: requests wait before they are read. */
export function createSaturation(clock: Utilization = performance): () => boolean {
  let since = clock.now()
  let mark = clock.eventLoopUtilization()
  let isHigh = false
  return () => {
    const now = clock.now()
    if (now - since < WINDOW) return isHigh
    isHigh = clock.eventLoopUtilization(mark).utilization > SATURATED
    since = now
    mark = clock.eventLoopUtilization()
    return isHigh
  }
}

/** Of this process. */
export const isSaturated = createSaturation()
