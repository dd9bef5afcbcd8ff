// Loaded into Roster by bench/main.ts (--import): answers with the longest synchronous piece since it was last asked, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION = 5
const loop = monitorEventLoopDelay({ resolution: RESOLUTION })
loop.enable()
process.on('message', () => {
  process.send?.(Math.max(0, loop.max / 1e6 - RESOLUTION))
  loop.reset()
})
process.channel?.unref()
