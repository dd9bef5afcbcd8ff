import { expect, test } from 'vitest'
import { createScimRate } from '../../../src/scim/http/rate-limit.ts'

const wait = (retryAfter: number) => expect.objectContaining({ code: 'TOO_MANY_REQUESTS', retryAfter })

test('as many at once as in a minute, and then as fast as the bucket fills', () => {
  const rate = createScimRate()
  for (let at = 0; at < 60; at++) rate.take('corp', 60, 0)
  expect(() => rate.take('corp', 60, 0)).toThrow(wait(1))
  expect(() => rate.take('corp', 60, 999)).toThrow(wait(1))
  rate.take('corp', 60, 1_000)
  expect(() => rate.take('corp', 60, 1_000)).toThrow(wait(1))
})

test('a refused request is not counted, and the wait is rounded up', () => {
  const rate = createScimRate()
  rate.take('corp', 1, 0)
  for (const [now, seconds] of [
    [0, 60],
    [1, 60],
    [58_999, 2],
    [59_001, 1],
    [59_999, 1],
  ] as const)
    expect(() => rate.take('corp', 1, now)).toThrow(wait(seconds))
  rate.take('corp', 1, 60_000)
})

test('it never holds more than a minute of requests, and each IAM has its own', () => {
  const rate = createScimRate()
  rate.take('corp', 2, 0)
  for (let at = 0; at < 2; at++) rate.take('corp', 2, 3_600_000)
  expect(() => rate.take('corp', 2, 3_600_000)).toThrow(wait(30))
  rate.take('other', 2, 3_600_000)
})

test('without a limit nothing is counted, and a new limit begins full', () => {
  const rate = createScimRate()
  rate.take('corp', 1, 0)
  for (let at = 0; at < 10; at++) rate.take('corp', undefined, 0)
  rate.take('corp', 1, 0)
  expect(() => rate.take('corp', 1, 0)).toThrow(wait(60))
})
