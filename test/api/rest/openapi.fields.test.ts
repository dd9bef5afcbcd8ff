import { expect, test } from 'vitest'
import { documentationOf } from '../../../src/api/rest/openapi.fields.ts'

test('a name means what it means in its operation, else the same everywhere', () => {
  expect(documentationOf('PUT /bim/group/:groupId', 'name').limits).toEqual({ minLength: 1, maxLength: 254 })
  expect(documentationOf('GET /bim/user', 'name').limits).toEqual({ maxLength: 1024 })
  expect(documentationOf('GET /bim/group', 'userid').example).toBe(5)
})

test.each(['nothing', 'toString', '__proto__'])('%s has no description', name => {
  expect(() => documentationOf('GET /bim/user', name)).toThrow(`${name} of GET /bim/user has no description`)
})
