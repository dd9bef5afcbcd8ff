import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { FairQueue, type FairQueueOptions, SharedPlace } from '../../src/platform/fair-queue.ts'

test('turns go round the sources, and within one round its accounts', async () => {
  const queue = new FairQueue({ places: 1, refuse: () => new Error('refused') })
  const done: string[] = []
  const work = (source: string, account: string) =>
    queue.run({ actor: source, part: account }, async () => {
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
  const queue = new FairQueue({ places: 2, refuse: () => new Error('refused') })
  let finished = 0
  const flood = Array.from({ length: 400 }, (_, index) =>
    queue.run({ actor: 'flood', part: String(index) }, async () => {
      await sleep(1)
      finished++
    }),
  )
  const before = await queue.run({ actor: 'person', part: 'x' }, async () => finished)
  expect(before).toBeLessThanOrEqual(2)
  await Promise.all(flood)
  expect(finished).toBe(400)
})

test('never more at once than there are places, and what fails gives its place on', async () => {
  const queue = new FairQueue({ places: 3, refuse: () => new Error('refused') })
  let [now, most] = [0, 0]
  const answers = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      queue.run({ actor: String(index % 4), part: String(index % 7) }, async () => {
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

describe('bounds', () => {
  const refuse = (actor: string, isOwnShare: boolean) => new Error(`${actor} ${isOwnShare ? 'own' : 'others'}`)
  /** The message of each rejection; `waits` for what still waits. */
  const outcome = (acquired: Promise<unknown>) =>
    Promise.race([
      acquired.then(
        () => 'acquired',
        (error: Error) => error.message,
      ),
      sleep(5).then(() => 'waits'),
    ])

  test.each<[string, Omit<FairQueueOptions, 'refuse'>, string[]]>([
    ['of one actor', { places: 1, maxWaiting: { perActor: 2 } }, ['acquired', 'waits', 'waits', 'a own', 'waits']],
    ['altogether', { places: 1, maxWaiting: { total: 2 } }, ['acquired', 'waits', 'waits', 'a others', 'b others']],
    ['of the places of one actor', { places: 3, perActor: 2 }, ['acquired', 'acquired', 'waits', 'waits', 'acquired']],
  ])('%s', async (_, options, expected) => {
    const queue = new FairQueue({ ...options, refuse })
    const asked = ['a', 'a', 'a', 'a', 'b'].map((actor, part) => outcome(queue.acquire({ actor, part: String(part) })))
    expect(await Promise.all(asked)).toEqual(expected)
  })

  test('one that waited too long is refused and counts no longer', async () => {
    const queue = new FairQueue({ places: 2, perActor: 1, wait: 20, maxWaiting: { total: 2 }, refuse })
    const release = await queue.acquire({ actor: 'a' })
    await queue.acquire({ actor: 'b' })
    const late = ['a', 'c'].map(actor => queue.acquire({ actor, part: 'x' }).catch((error: Error) => error.message))
    expect(await outcome(queue.acquire({ actor: 'd' }))).toBe('d others')
    expect(await Promise.all(late)).toEqual(['a own', 'c others'])
    const next = queue.acquire({ actor: 'c', part: 'x' })
    release()
    release()
    await next
    expect(await outcome(queue.acquire({ actor: 'e' }))).toBe('waits')
  })
})

test('where one of an actor has waited for long, further ones are refused at once; others are not', async () => {
  const refuse = (actor: string, isOwnShare: boolean) => new Error(`${actor} ${isOwnShare ? 'own' : 'others'}`)
  const queue = new FairQueue({ places: 2, perActor: 1, patience: 20, refuse })
  const leave = await queue.acquire({ actor: 'busy' })
  const leaveOther = await queue.acquire({ actor: 'other' })
  const waiting = queue.acquire({ actor: 'busy' })
  const early = queue.acquire({ actor: 'busy', part: 'two' })
  queue.check('busy')
  await sleep(30)
  expect(() => queue.check('busy')).toThrow('busy own')
  await expect(queue.acquire({ actor: 'busy' })).rejects.toThrow('busy own')
  queue.check('other')
  leave()
  ;(await waiting)()
  ;(await early)()
  queue.check('busy')
  ;(await queue.acquire({ actor: 'busy' }))()
  leaveOther()
})

test('where those of an actor would wait for long, further ones are refused before anybody has', async () => {
  const refuse = (actor: string) => new Error(`${actor} refused`)
  const queue = new FairQueue({ places: 1, patience: 200, refuse })
  const work = () => sleep(20)
  const outcomes = async (count: number) => {
    const settled = await Promise.allSettled(Array.from({ length: count }, () => queue.run({ actor: 'busy' }, work)))
    return settled.filter(({ status }) => status === 'rejected').length
  }
  // One after the other takes 20 ms: at first nothing is known of it.
  const first = outcomes(30)
  await sleep(150)
  expect(() => queue.check('busy')).toThrow('busy refused')
  queue.check('other')
  expect(await first).toBe(0)
  queue.check('busy')
})

test('the parts of a request share one place, which they give back together', async () => {
  const queue = new FairQueue({ places: 1, maxWaiting: { total: 1 }, refuse: () => new Error('refused') })
  const acquire = () => queue.acquire({ actor: 'a' })
  const [first, second, third] = [1, 2, 3].map(() => new SharedPlace(acquire))
  await Promise.all([first!.enter(), first!.enter(), first!.enter()])
  expect([queue.running, queue.waiting]).toEqual([1, 0])
  const waiting = [second!.enter(), second!.enter()]
  expect([queue.running, queue.waiting]).toEqual([1, 1])
  await expect(Promise.all([third!.enter(), third!.enter()])).rejects.toThrow('refused')
  third!.leave()
  first!.leave()
  first!.leave()
  await Promise.all(waiting)
  await expect(first!.enter()).rejects.toThrow('The request is over')
  second!.leave()
  await expect.poll(() => queue.running).toBe(0)
})

test('a request that ends while it waits gives its place back', async () => {
  const queue = new FairQueue({ places: 1, refuse: () => new Error('refused') })
  const release = await queue.acquire({ actor: 'a' })
  const place = new SharedPlace(() => queue.acquire({ actor: 'b' }))
  const entered = place.enter()
  place.leave()
  release()
  await entered
  await expect.poll(() => queue.running).toBe(0)
})
