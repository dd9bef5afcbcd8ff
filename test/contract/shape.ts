// Compares an answer with a documented one: the same keys, the same types, and the same values wherever the documented
// value is a plain one. What differs at every run (ids, times, secrets) is documented by a marker instead.

const tag = Symbol('marker')

interface Marker {
  [tag]: true
  name: string
  /** Says what is wrong with the value; nothing when it fits. */
  check: (value: unknown, at: string) => string[]
  absentIsFine: boolean
}

function marker(name: string, check: Marker['check'], absentIsFine = false): Marker {
  return { [tag]: true, name, check, absentIsFine }
}

function one(name: string, fits: (value: unknown) => boolean): Marker {
  return marker(name, (value, at) => (fits(value) ? [] : [`${at}: expected ${name}, got ${JSON.stringify(value)}`]))
}

export function matches(name: string, pattern: RegExp): Marker {
  return one(name, value => typeof value === 'string' && pattern.test(value))
}

export const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export const ID = one('an id (a positive JSON integer)', value => Number.isSafeInteger(value) && Number(value) > 0)
export const NUMBER = one('a JSON integer', value => Number.isSafeInteger(value))
export const DIGITS = matches('a number as a string', /^\d+$/)
export const TIME = matches('a time (ISO 8601, UTC, milliseconds)', iso)
export const UUID = matches('a UUID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
export const SECRET = matches('a secret', /^\S{20,}$/)
export const TEXT = one('a string', value => typeof value === 'string')
export const FLAG = one('a boolean', value => typeof value === 'boolean')
export const ANYTHING = one('anything', () => true)

/** A key that may also be missing; when it is there it has this value. */
export function optional(documented: unknown): Marker {
  return marker('optional', (value, at) => differences(value, documented, at), true)
}

/** Exactly these values in any order. */
export function inAnyOrder(...documented: string[]): Marker {
  const sorted = JSON.stringify([...documented].sort())
  return one(`${sorted} in any order`, value => Array.isArray(value) && JSON.stringify([...value].sort()) === sorted)
}

/** An object whose keys vary (ids of domains), each with a value like this. Never empty. */
export function mapOf(documented: unknown): Marker {
  return marker('a map', (value, at) => {
    if (!isObject(value) || Object.keys(value).length === 0)
      return [`${at}: expected an object with keys, got ${JSON.stringify(value)}`]
    return Object.entries(value).flatMap(([key, entry]) => differences(entry, documented, `${at}.${key}`))
  })
}

function isMarker(value: unknown): value is Marker {
  return typeof value === 'object' && value !== null && tag in value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every difference as one readable line; an empty list means that the answer is as documented. */
export function differences(actual: unknown, documented: unknown, at = 'body'): string[] {
  if (isMarker(documented)) return documented.check(actual, at)
  if (Array.isArray(documented)) return listDifferences(actual, documented, at)
  if (!isObject(documented)) {
    return Object.is(actual, documented) ? [] : [`${at}: expected ${JSON.stringify(documented)}, got ${JSON.stringify(actual)}`]
  }
  if (!isObject(actual)) return [`${at}: expected an object, got ${JSON.stringify(actual)}`]
  const missing = Object.keys(documented)
    .filter(key => !(key in actual))
    .filter(key => !(isMarker(documented[key]) && documented[key].absentIsFine))
    .map(key => `${at}.${key}: documented, but missing`)
  const added = Object.keys(actual)
    .filter(key => !(key in documented))
    .map(key => `${at}.${key}: not documented, got ${JSON.stringify(actual[key])}`)
  const shared = Object.keys(documented).filter(key => key in actual)
  return [...missing, ...added, ...shared.flatMap(key => differences(actual[key], documented[key], `${at}.${key}`))]
}

function listDifferences(actual: unknown, documented: unknown[], at: string): string[] {
  if (!Array.isArray(actual)) return [`${at}: expected a list, got ${JSON.stringify(actual)}`]
  if (actual.length !== documented.length) {
    return [`${at}: expected ${documented.length} entries, got ${actual.length}: ${JSON.stringify(actual)}`]
  }
  return documented.flatMap((entry, index) => differences(actual[index], entry, `${at}[${index}]`))
}
