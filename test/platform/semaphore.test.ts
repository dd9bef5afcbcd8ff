import { expect, test } from 'vitest'
import { createTurnstile } from '../../src/platform/semaphore.ts'

test('few are inside at a time, in the order they came, and a failure leaves too', async () => {
  const turnstile = createTurnstile(2)
  const began: number[] = []
  let inside = 0
  let most = 0
  const works = Array.from({ length: 6 }, (_, n) =>
    turnstile.pass(async () => {
      began.push(n)
      most = Math.max(most, ++inside)
      await new Promise(resolve => setImmediate(resolve))
      inside--
      if (n === 1) throw new Error('fails')
      return n
    }),
  )
  const ended = await Promise.allSettled(works)
  expect(began).toEqual([0, 1, 2, 3, 4, 5])
  expect(most).toBe(2)
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'])
})

test('leaving twice frees one place', async () => {
  const turnstile = createTurnstile(1)
  const leave = await turnstile.enter()
  leave()
  leave()
  const second = await turnstile.enter()
  let third = false
  void turnstile.enter().then(() => {
    third = true
  })
  await new Promise(resolve => setImmediate(resolve))
  expect(third).toBe(false)
  second()
  await new Promise(resolve => setImmediate(resolve))
  expect(third).toBe(true)
})
