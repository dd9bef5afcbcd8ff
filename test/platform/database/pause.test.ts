import { expect, test } from 'vitest'
import { createPause } from '../../../src/platform/database/pause.ts'

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const measured = async (pause: () => Promise<void>) => {
  const from = performance.now()
  await pause()
  return performance.now() - from
}

test('ends at once where nobody else wants the connection', async () => {
  const pause = createPause({ taken: 7, isFree: true })
  const turns: number[] = []
  for (let turn = 0; turn < 50; turn++) turns.push(await measured(pause))
  expect(Math.min(...turns)).toBeLessThan(3)
})

test('lets a request finish that sends one statement after the other', async () => {
  const pool = { taken: 1, isFree: false }
  let left = 5
  const request = (async () => {
    for (; left > 0; left--) {
      pool.isFree = false
      await wait(2)
      pool.isFree = true
      pool.taken++
    }
  })()
  await createPause(pool)()
  expect(left).toBe(0)
  await request
})

test('goes on after a while where others never stop', async () => {
  expect(await measured(createPause({ taken: 1, isFree: false }))).toBeGreaterThanOrEqual(49)
})
