// Loaded into a server by --import: answers a message with the event-loop delay since the one before, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION = 5
const loop = monitorEventLoopDelay({ resolution: RESOLUTION })
loop.enable()
process.on('message', () => {
  const [longest, p99] = [loop.max, loop.percentile(99)].map(nanoseconds => Math.max(0, nanoseconds / 1e6 - RESOLUTION))
  process.send?.({ longest, p99 })
  loop.reset()
})
process.channel?.unref()
