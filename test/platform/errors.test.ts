import { expect, test } from 'vitest'
import { assertUnchanged, ERROR_CODES, Invalid, MethodNotAllowed, TooManyRequests } from '../../src/platform/errors.ts'

test('every code has its status and phrase', () => {
  const codes = Object.entries(ERROR_CODES).map(([code, { status, phrase }]) => `${status} ${phrase}: ${code}`)
  expect(codes).toEqual([
    '400 Bad Request: BAD_USER_INPUT',
    '401 Unauthorized: UNAUTHENTICATED',
    '403 Forbidden: FORBIDDEN',
    '404 Not Found: NOT_FOUND',
    '405 Method Not Allowed: METHOD_NOT_ALLOWED',
    '406 Not Acceptable: NOT_ACCEPTABLE',
    '409 Conflict: CONFLICT',
    '412 Precondition Failed: STALE',
    '413 Payload Too Large: PAYLOAD_TOO_LARGE',
    '415 Unsupported Media Type: UNSUPPORTED_MEDIA_TYPE',
    '422 Unprocessable Entity: REFUSED',
    '429 Too Many Requests: TOO_MANY_REQUESTS',
    '500 Internal Server Error: INTERNAL_SERVER_ERROR',
    '503 Service Unavailable: UNAVAILABLE',
  ])
})

test('an error carries its code, field, rule and wait', () => {
  const faults = [{ field: 'a', rule: 'must be b' }]
  expect({ ...new Invalid('userid', 'must not be empty', faults) }).toEqual({
    name: 'Invalid',
    code: 'BAD_USER_INPUT',
    field: 'userid',
    rule: 'must not be empty',
    faults,
  })
  expect(new Invalid('userid', 'must not be empty').message).toBe('userid must not be empty')
  expect({ ...new TooManyRequests('later', { retryAfter: 7 }) }).toEqual({
    name: 'TooManyRequests',
    code: 'TOO_MANY_REQUESTS',
    retryAfter: 7,
  })
  expect(new MethodNotAllowed('PATCH', ['GET', 'PUT'])).toMatchObject({
    message: 'This path does not take PATCH: use GET or PUT',
    allowed: ['GET', 'PUT'],
  })
})

test('a record that changed since it was read is refused, by the millisecond', () => {
  const record = { updatedAt: new Date('2026-01-02T03:04:05.678Z') }
  for (const same of [null, undefined, new Date(record.updatedAt)])
    expect(() => assertUnchanged('The user', record, same)).not.toThrow()
  for (const other of [-1, 1])
    expect(() => assertUnchanged('The user', record, new Date(record.updatedAt.getTime() + other))).toThrow(
      expect.objectContaining({
        code: 'STALE',
        field: 'ifUpdatedAt',
        message: 'The user was changed at 2026-01-02T03:04:05.678Z, after you read it: read it again',
      }),
    )
})
