import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurns } from '../../src/platform/fair-queue.ts'

test('turns go round the sources, and within one round its accounts', async () => {
  const inTurn = createTurns(1)
  const done: string[] = []
  const work = (source: string, account: string) =>
    inTurn({ source, account }, async () => {
      await sleep(0)
      done.push(`${source}${account}`)
    })
  await Promise.all([
    ...['a1', 'a1', 'a1', 'a2', 'a3', 'a3'].map(([source, account]) => work(source!, account!)),
    work('b', '1'),
    work('c', '1'),
    work('b', '1'),
  ])
  // The first ran at once.
  expect(done).toEqual(['a1', 'a1', 'b1', 'c1', 'a2', 'b1', 'a3', 'a1', 'a3'])
})

test('in a flood of one source another waits for one turn, whatever the number of accounts', async () => {
  const inTurn = createTurns(2)
  let finished = 0
  const flood = Array.from({ length: 400 }, (_, index) =>
    inTurn({ source: 'flood', account: String(index) }, async () => {
      await sleep(1)
      finished++
    }),
  )
  const before = await inTurn({ source: 'person', account: 'x' }, async () => finished)
  expect(before).toBeLessThanOrEqual(2)
  await Promise.all(flood)
  expect(finished).toBe(400)
})

test('never more at once than the width, and what fails gives its place on', async () => {
  const inTurn = createTurns(3)
  let [now, most] = [0, 0]
  const answers = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      inTurn({ source: String(index % 4), account: String(index % 7) }, async () => {
        most = Math.max(most, ++now)
        await sleep(0)
        now--
        if (index % 3 === 0) throw new Error('failed')
      }),
    ),
  )
  expect(most).toBe(3)
  expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(20)
})
