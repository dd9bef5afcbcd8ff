import { expect, test } from 'vitest'
import { described, formOf, limited } from '../../../src/api/rest/openapi.schemas.ts'

const text = { type: 'string' }
const limits = { maxLength: 3 }

test('limits go to the text, in a list and beside null', () => {
  expect(limited(text, limits)).toEqual({ type: 'string', maxLength: 3 })
  expect(limited({ type: 'array', items: text }, limits)).toEqual({ type: 'array', items: { type: 'string', maxLength: 3 } })
  expect(limited({ anyOf: [text, { type: 'null' }] }, limits)).toEqual({
    anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }],
  })
  expect(limited({ type: 'string', enum: ['a'] }, limits)).toEqual({ type: 'string', enum: ['a'] })
  expect(limited({ type: 'integer' }, limits)).toEqual({ type: 'integer' })
})

test('every property within is described', () => {
  const schema = { type: 'array', items: { type: 'object', properties: { key: text } } } as const
  expect(described('POST /bim/user/search', schema)).toEqual({
    type: 'array',
    items: {
      type: 'object',
      properties: { key: { ...text, minLength: 1, maxLength: 254, description: expect.any(String), examples: ['department'] } },
    },
  })
})

test('a form has neither nested fields nor null', () => {
  const list = { type: 'array', items: text }
  const properties = {
    a: text,
    b: { anyOf: [text, { type: 'null' }], description: 'B.' },
    c: { anyOf: [{ type: 'object' }, { type: 'null' }] },
    d: list,
    e: { type: 'array', items: { type: 'object' } },
  }
  expect(formOf({ type: 'object', required: ['a'], properties })).toEqual({
    type: 'object',
    required: ['a'],
    properties: { a: text, b: { ...text, description: 'B.' }, d: list },
  })
})
