// No regular expression of src takes more than linear time, whatever it is given: S1 of the faults, as a property of the source.
import { createContext, Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { type Expression, expressions, type Shape, shapesOf, sources } from './expressions.ts'

const MOST = 100_000
/** Milliseconds below which a measurement says nothing. */
const FLOOR = 10
/** Milliseconds that one run over 100,000 characters may take. */
const PIECE = 50
const GROWTH = 3

const found = await expressions()

test('every file is read, and expressions made by `new RegExp` are among them', () => {
  expect(sources().length).toBeGreaterThan(200)
  expect(found.length).toBeGreaterThan(100)
  expect(found.map(({ place }) => place.split(':')[0])).toEqual(
    expect.arrayContaining(['platform/validation.ts', 'authorization/secret.ts']),
  )
})

describe('grows no more than threefold from N to 2N', () => {
  const files = Map.groupBy(found, ({ place }) => place.split(':')[0]!)
  test.each([...files])('%s', { timeout: 120_000 }, (_, patterns) => {
    expect(patterns.flatMap(faultsOf)).toEqual([])
  })
})

test('and the test itself finds what is more than linear', () => {
  const slow = [/ cannot represent (an? )?(non[^:]*): .*$/s, /\s+$/, /^(a+)+$/, /a.*b.*c$/, /^(?:\w+\s?)*$/, /(?<!\\)\s+$/]
  const fine = [/^\s+/, /[^\x21-\x7e]/, /\/$/, /^[A-Za-z][A-Za-z0-9_-]{0,63}$/, /\b(r[ktis]_)[A-Za-z0-9_-]+/g]
  for (const pattern of slow) expect(faultsOf({ place: 'here', pattern }), String(pattern)).not.toEqual([])
  for (const pattern of fine) expect(faultsOf({ place: 'here', pattern }), String(pattern)).toEqual([])
}, 120_000)

function faultsOf({ place, pattern }: Expression): string[] {
  for (const shape of shapesOf(pattern)) {
    const fault = faultOf(pattern, shape)
    if (fault) return [`${place} ${pattern} on ${JSON.stringify(shape)}: ${fault}`]
  }
  return []
}

/** Doubles the input up to 100,000 characters, until the time says something. */
function faultOf(pattern: RegExp, shape: Shape): string | null {
  if (neverEnds(pattern, shape)) return 'does not end on 32 repetitions'
  let before = 0
  for (let length = 100; length <= MOST; length = length === MOST ? MOST + 1 : Math.min(2 * length, MOST)) {
    let time = timeOf(pattern, inputOf(shape, length))
    if (time > FLOOR) {
      // Once more, the least of several: the first run compiles, and others use the machine too.
      time = least(pattern, inputOf(shape, length))
      before = least(pattern, inputOf(shape, Math.round(length / 2)))
      if (time > FLOOR && time > GROWTH * before)
        return `${length / 2}: ${before.toFixed(1)} ms, ${length}: ${time.toFixed(1)} ms`
      if (time > PIECE) return `${length}: ${time.toFixed(1)} ms`
    }
  }
  return null
}

const inputOf = ({ head, unit, tail }: Shape, length: number): string =>
  head + unit.repeat(Math.ceil(length / unit.length)).slice(0, length) + tail

function timeOf(pattern: RegExp, input: string): number {
  pattern.lastIndex = 0
  const began = performance.now()
  input.replace(pattern, '')
  return performance.now() - began
}

const least = (pattern: RegExp, input: string): number => Math.min(...Array.from({ length: 6 }, () => timeOf(pattern, input)))

const context = createContext({ input: '', pattern: /x/ })
const run = new Script('input.replace(pattern, "")')

/** Exponential time shows on a short input already, and only here is there a way out of it. */
function neverEnds(pattern: RegExp, { head, unit, tail }: Shape): boolean {
  Object.assign(context, { pattern, input: head + unit.repeat(32) + tail })
  try {
    run.runInContext(context, { timeout: 1_000 })
    return false
  } catch {
    return true
  }
}
