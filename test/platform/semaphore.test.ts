import { expect, test } from 'vitest'
import { Semaphore } from '../../src/platform/semaphore.ts'

test('as many run as there are places, in the order of their arrival, and one that fails gives its place on', async () => {
  const semaphore = new Semaphore(2)
  const began: number[] = []
  let inside = 0
  let most = 0
  const works = Array.from({ length: 6 }, (_, n) =>
    semaphore.run(async () => {
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
