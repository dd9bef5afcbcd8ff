import { expect, test } from 'vitest'
import {
  Invalid,
  MethodNotAllowed,
  NotFound,
  TooManyRequests,
  Unauthenticated,
  Unavailable,
} from '../../../src/platform/errors.ts'
import { Fault, restError } from '../../../src/platform/http/errors.ts'

const body = (statusCode: number, error: string, message: string) => ({ statusCode, error, message })

test.each([
  [new Invalid('userid', 'must not be empty'), { status: 400, body: body(400, 'Bad Request', 'userid must not be empty') }],
  [
    new Unauthenticated('who?'),
    { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: body(401, 'Unauthorized', 'who?') },
  ],
  [new NotFound('where?'), { status: 404, body: body(404, 'Not Found', 'where?') }],
  [
    new MethodNotAllowed('PUT', ['GET', 'HEAD']),
    {
      status: 405,
      headers: { allow: 'GET, HEAD' },
      body: body(405, 'Method Not Allowed', 'This path does not take PUT: use GET or HEAD'),
    },
  ],
  [new TooManyRequests('wait'), { status: 429, headers: { 'retry-after': '1' }, body: body(429, 'Too Many Requests', 'wait') }],
  [new Unavailable('away'), { status: 503, headers: { 'retry-after': '5' }, body: body(503, 'Service Unavailable', 'away') }],
])('%s', (error, response) => {
  expect(restError(error)).toEqual(response)
})

test.each([
  [0, '1'],
  [0.2, '1'],
  [1, '1'],
  [1.01, '2'],
  [300, '300'],
])('a wait of %d seconds is %s whole ones', (retryAfter, header) => {
  for (const error of [new TooManyRequests('x', { retryAfter }), new Unavailable('x', { retryAfter })])
    expect(restError(error).headers).toEqual({ 'retry-after': header })
})

test('what nobody foresaw gives its request id and nothing else', () => {
  expect(restError(new Fault('req-1'))).toEqual({
    status: 500,
    body: body(500, 'Internal Server Error', 'Something went wrong on our side; the log has it under request id req-1'),
  })
})
