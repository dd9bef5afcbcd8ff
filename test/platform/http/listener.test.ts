import { expect, test } from 'vitest'
import { HEADER_LIMIT, listenerOptions, refusalOf } from '../../../src/platform/http/listener.ts'
import { TIMING } from '../../../src/platform/http/timing.ts'

test('limits of headers hold with a certificate and without', () => {
  const certificate = { cert: Buffer.from('cert'), key: Buffer.from('key'), until: new Date(0) }
  const limits = { maxHeaderSize: HEADER_LIMIT, headersTimeout: TIMING.headers, connectionsCheckingInterval: TIMING.checks }
  expect(listenerOptions(TIMING, null)).toEqual({ http: expect.objectContaining(limits) })
  const { cert, key } = certificate
  expect(listenerOptions(TIMING, certificate)).toEqual({ https: expect.objectContaining({ ...limits, cert, key }) })
})

test.each([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_INVALID_METHOD', 400],
  [undefined, 400],
  ['ECONNRESET', undefined],
  ['ERR_SSL_HTTP_REQUEST', undefined],
  ['ERR_TLS_CERT_ALTNAME_INVALID', undefined],
])('a connection that fails with %s is answered %s', (code, status) => {
  expect(refusalOf(code)?.[0]).toBe(status)
})
