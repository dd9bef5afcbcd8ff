import { expect, test } from 'vitest'
import { fromGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { byId, deleted } from '../../../src/api/graphql/payloads.ts'

test('services get the id that a reference names, beside the rest of the input', () => {
  expect(byId({ ref: 7, graceSeconds: 60 })).toEqual({ id: 7, graceSeconds: 60 })
})

test('a deletion answers with the global id of its object, beside what it counts', () => {
  const { deletedId, revokedTokens } = deleted('ApiKey', { deletedId: 7, revokedTokens: 2 })
  expect([fromGlobalId(deletedId), revokedTokens]).toEqual([{ type: 'ApiKey', key: 7 }, 2])
})
