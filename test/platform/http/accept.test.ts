// RFC 9110 12.5.1: which of the offered media types an Accept header prefers.
import { expect, test } from 'vitest'
import { preferredType } from '../../../src/platform/http/accept.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const HTML = 'text/html'
const offered = [JSON_TYPE, HTML] as const

test.each([
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['Application/JSON ; Charset="UTF-8"', JSON_TYPE],
  ['text/html', HTML],
  ['text/*', HTML],
  // What browsers send.
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', HTML],
  // The weight first, then the more specific, then the order.
  ['application/json;q=0.5, text/html;q=0.4', JSON_TYPE],
  ['application/json;q=0.4, text/html;q=0.5', HTML],
  ['*/*, text/html', HTML],
  ['text/html, application/json', HTML],
  ['application/json, text/html', JSON_TYPE],
  // 0 excludes, although a wider range allows.
  ['application/json;q=0, */*', HTML],
  ['*/*, text/html;q=0, application/json;q=0.001', JSON_TYPE],
  ['*/*;q=0', null],
  ['text/html;q=0', null],
  // Neither is offered.
  ['application/xml', null],
  ['application/json; charset=iso-8859-1', null],
  ['text/html; level=1', null],
  // Weights that are none.
  ['application/json;q=2, text/html;q=0.1', HTML],
  ['application/json;q=x', null],
  [';;;,,,=,q=1', null],
] as const)('%s is %s', (accept, type) => {
  expect(preferredType(accept, offered)).toBe(type)
})

test('a header of 16 KB is read in a moment', () => {
  const started = performance.now()
  for (let n = 0; n < 20; n++) preferredType('a/b;'.repeat(4_000), offered)
  for (let n = 0; n < 20; n++) preferredType('*/*;q=0.1,'.repeat(1_600), offered)
  expect(performance.now() - started).toBeLessThan(1_000)
})
