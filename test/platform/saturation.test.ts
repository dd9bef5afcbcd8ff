import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createSaturation } from '../../src/platform/saturation.ts'

const busy = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('an event loop that never waits is saturated, and no longer once it does', async () => {
  const isSaturated = createSaturation()
  expect(isSaturated()).toBe(false)
  busy(150)
  expect(isSaturated()).toBe(true)
  await sleep(150)
  expect(isSaturated()).toBe(false)
})

test('what is known of a window holds until the next one is over', () => {
  let [now, utilization] = [0, 1]
  const isSaturated = createSaturation({
    now: () => now,
    eventLoopUtilization: () => ({ idle: 0, active: 0, utilization }),
  })
  now = 99
  expect(isSaturated()).toBe(false)
  now = 100
  expect(isSaturated()).toBe(true)
  utilization = 0.9
  now = 150
  expect(isSaturated()).toBe(true)
  now = 200
  expect(isSaturated()).toBe(false)
})
