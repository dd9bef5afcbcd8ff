import { expect, test } from 'vitest'
import { EXIT, EXIT_HELP, exitCodeOf, Failure, usage } from '../../src/cli/exit.ts'
import { Conflict, Unavailable } from '../../src/platform/errors.ts'

test.each([
  [new Failure('x'), 1],
  [new Failure('x', EXIT.notFound), 3],
  [usage('x'), 2],
  [new Unavailable('x', { retryAfter: 5 }), 5],
  [new Conflict('x'), 1],
  [new Error('x'), 1],
  ['x', 1],
])('%s ends with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code)
})

test('the help has every exit code', () => {
  for (const code of Object.values(EXIT)) expect(EXIT_HELP).toMatch(new RegExp(`^ {2}${code} {2}`, 'm'))
})
