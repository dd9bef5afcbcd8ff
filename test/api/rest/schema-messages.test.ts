import { expect, test } from 'vitest'
import { flag, id, json, list, nonEmptyText, nullable, oneOf, text } from '../../../src/api/rest/request.schemas.ts'
import { ruleOf, type Shape } from '../../../src/api/rest/schema-messages.ts'

test.each([
  [text, 'a string'],
  [nonEmptyText, 'a string that is not empty'],
  [flag, 'true or false'],
  [id, 'an integer from 1 to 2147483647'],
  [json, 'an object'],
  [oneOf('asc', 'desc'), 'one of asc, desc'],
  [nullable(text), 'a string, or null'],
  [list(id), 'a list of at most 1,000 entries, each an integer from 1 to 2147483647'],
  [list(text, 1), 'a list of 1 to 1,000 entries, each a string'],
  [{ type: 'object', required: ['key', 'value'] }, 'an object with key and value'],
  [
    { type: 'object', additionalProperties: list(text) },
    'an object whose values are each a list of at most 1,000 entries, each a string',
  ],
] as [Shape, string][])('%#: %j', (schema, rule) => {
  expect(ruleOf(schema)).toBe(rule)
})
