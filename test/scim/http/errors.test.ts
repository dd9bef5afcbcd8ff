import { expect, test } from 'vitest'
import { Conflict, Invalid, NotFound, PreconditionFailed, TooManyRequests } from '../../../src/platform/errors.ts'
import { notAllowed, notImplemented, scimError, unauthorized } from '../../../src/scim/http/errors.ts'
import { ScimError } from '../../../src/scim/protocol/errors.ts'

const schemas = ['urn:ietf:params:scim:api:messages:2.0:Error']

test.each([
  [new ScimError('noTarget', 'path', 'matches nothing'), 400, { scimType: 'noTarget', detail: 'path matches nothing' }],
  [new Invalid('body', 'must be JSON'), 400, { scimType: 'invalidSyntax', detail: 'body must be JSON' }],
  [new Invalid('count', 'must be an integer'), 400, { scimType: 'invalidValue', detail: 'count must be an integer' }],
  [new NotFound('not here'), 404, { detail: 'not here' }],
  [new Conflict('there is one'), 409, { detail: 'there is one' }],
  [new PreconditionFailed('changed'), 412, { detail: 'changed' }],
  [new TooManyRequests('wait', { retryAfter: 7 }), 429, { detail: 'wait' }],
])('%s', (error, status, rest) => {
  const answer = scimError(error)
  expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/scim+json' } })
  expect(answer.body).toEqual({ schemas, status: String(status), ...rest })
  expect(answer.headers?.['retry-after']).toBe(status === 429 ? '7' : undefined)
})

test('answers without an error have the same form', () => {
  for (const [answer, status] of [
    [unauthorized(), 401],
    [notAllowed('PUT', ['GET', 'POST']), 405],
    [notImplemented('no'), 501],
  ] as const) {
    expect(answer.status).toBe(status)
    expect(answer.body).toEqual({ schemas, status: String(status), detail: expect.any(String) })
  }
  expect(unauthorized().headers).toMatchObject({ 'www-authenticate': 'Bearer' })
  expect(notAllowed('PUT', ['GET', 'POST']).headers).toMatchObject({ allow: 'GET, POST' })
})
