import { expect, test } from 'vitest'
import { apiOf, statusClass } from '../../src/observability/api-of.ts'

test.each([
  ['/graphql', 'graphql'],
  ['/graphiql/*', 'web'],
  ['/bim/user', 'rest'],
  ['/openapi.json', 'rest'],
  ['/scim/v2/:iamid/Users', 'scim'],
  ['/health/ready', 'health'],
  ['/login/:iamid', 'web'],
  ['/', 'web'],
  ['-', 'none'],
])('%s is of %s', (route, api) => expect(apiOf(route)).toBe(api))

test('a status is counted by its class', () =>
  expect([200, 302, 499, 503].map(statusClass)).toEqual(['2xx', '3xx', '4xx', '5xx']))
