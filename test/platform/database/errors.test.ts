import { expect, it } from 'vitest'
import { toConflict, toUnavailable, uniqueViolation } from '../../../src/platform/database/errors.ts'
import { Conflict, Unavailable } from '../../../src/platform/errors.ts'

const of = (fields: object, message = 'x') => Object.assign(new Error(message), fields)

it.each([
  ['a refused connection', of({ code: 'ECONNREFUSED', syscall: 'connect' }), 5],
  ['a refused connection on every address', of({ code: '', errors: [of({ code: 'ECONNREFUSED', syscall: 'connect' })] }), 5],
  ['a Unix socket that is not there', of({ code: 'ENOENT', syscall: 'connect' }), 5],
  ['a reset', of({ code: 'ECONNRESET', syscall: 'read' }), 5],
  ['a connection that ended', of({}, 'Connection terminated unexpectedly'), 5],
  ['an exhausted pool', of({}, 'timeout exceeded when trying to connect'), 5],
  ['a pool that was ended', of({}, 'Cannot use a pool after calling end on the pool'), 5],
  ['a server that stops', of({ code: '57P01' }), 5],
  ['a server that starts', of({ code: '57P03' }), 5],
  ['too many connections', of({ code: '53300' }), 5],
  ['a full disk', of({ code: '53100' }), 5],
  ['a standby', of({ code: '25006' }), 5],
  ['Prisma that does not reach it', of({ code: 'P1001' }), 5],
  [
    'Prisma whose transaction cannot start',
    of({ code: 'P2028' }, 'Transaction API error: Unable to start a transaction in the given time.'),
    5,
  ],
  [
    "the adapter's error inside of Prisma's",
    of({ code: 'P2010', meta: { driverAdapterError: of({ cause: { kind: 'ConnectionClosed' } }) } }),
    5,
  ],
  ['a deadlock', of({ code: '40P01' }), 1],
  ["Prisma's write conflict", of({ code: 'P2034' }), 1],
])('takes %s for Unavailable', (_, error, retryAfter) => {
  const unavailable = toUnavailable(error)
  expect(unavailable).toBeInstanceOf(Unavailable)
  expect(unavailable).toMatchObject({ retryAfter, cause: error })
  expect(unavailable?.message).not.toContain('x')
})

it.each([
  ['an ordinary error', of({})],
  ['a rule that was broken', new Conflict('timeout exceeded when trying to connect')],
  ['a unique violation', of({ code: '23505' })],
  ['a syntax error', of({ code: '42601' })],
  ['a file that is not there', of({ code: 'ENOENT', syscall: 'open' })],
  ['something thrown that is no error', 'ECONNREFUSED'],
  ['nothing', null],
])('does not take %s for Unavailable', (_, error) => {
  expect(toUnavailable(error)).toBeNull()
})

it('gives back an Unavailable as it is, and does not follow a circle for ever', () => {
  const unavailable = new Unavailable('away')
  expect(toUnavailable(unavailable)).toBe(unavailable)
  const circle = of({})
  circle.cause = circle
  expect(toUnavailable(circle)).toBeNull()
  expect(uniqueViolation(circle)).toBeNull()
})

it.each([
  ['a row to change that is gone', of({ code: 'P2025' })],
  ['a row to name that is gone, by Prisma', of({ code: 'P2003' })],
  ['a row to name that is gone, by PostgreSQL', of({ code: '23503' })],
])('takes %s for a conflict', (_, error) => {
  expect(toConflict(error)).toBeInstanceOf(Conflict)
})

it.each([of({ code: '23505' }), of({}), new Conflict('x'), null])('takes nothing else for one (%s)', error => {
  expect(toConflict(error)).toBeNull()
})
