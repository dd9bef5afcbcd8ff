import { describe, expect, test } from 'vitest'
import { addVary, Cors } from '../../../src/platform/http/cors.ts'

const cors = new Cors({ origins: ['https://people.example'], apis: ['/bim'] })
const marked = (path: string, origin?: string, response = {}) => {
  cors.mark(response, path, { ...(origin && { origin }) })
  return response
}

describe('a response', () => {
  test('of an API names the listed origin, and varies by it', () => {
    expect(marked('/bim/user', 'https://people.example', { vary: 'Accept' })).toEqual({
      vary: 'Accept, Origin',
      'access-control-allow-origin': 'https://people.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Allow, ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id',
    })
  })

  test.each([undefined, 'https://people.example.evil', 'null', ''])('to %j only varies', origin => {
    expect(marked('/bim', origin)).toEqual({ vary: 'Origin' })
  })

  test('elsewhere, and without any listed origin, is as it was', () => {
    expect(marked('/bimbo', 'https://people.example')).toEqual({})
    const response = {}
    new Cors({ origins: [], apis: ['/bim'] }).mark(response, '/bim', { origin: 'https://people.example' })
    expect(response).toEqual({})
  })
})

describe('a preflight', () => {
  const headers = { origin: 'https://people.example', 'access-control-request-method': 'GET' }

  test.each([
    ['another method', 'POST', '/bim', headers],
    ['another path', 'OPTIONS', '/login', headers],
    ['another origin', 'OPTIONS', '/bim', { ...headers, origin: 'https://other.example' }],
    ['no method to ask for', 'OPTIONS', '/bim', { origin: headers.origin }],
    ['no origin', 'OPTIONS', '/bim', { 'access-control-request-method': 'GET' }],
  ])('is none with %s', (_, method, path, sent) => {
    expect(cors.preflight(method, path, sent)).toBeNull()
  })

  test.each([
    ['authorization', 'authorization'],
    ['authorization , x-trace.id,traceparent', 'authorization , x-trace.id,traceparent'],
    ['', undefined],
    ['a b', undefined],
    ['a\r\nb: c', undefined],
    [',a', undefined],
  ])('for the headers %j allows %j', (names, allowed) => {
    const answer = cors.preflight('OPTIONS', '/bim', { ...headers, 'access-control-request-headers': names })
    expect(answer?.headers?.['access-control-allow-headers']).toBe(allowed)
  })
})

test('Vary keeps what it has', () => {
  const headers = {}
  addVary(headers, 'Accept')
  addVary(headers, 'Origin')
  expect(headers).toEqual({ vary: 'Accept, Origin' })
})
