import { afterAll, beforeAll, expect, test } from 'vitest'
import { examples } from '../../src/ui/playground/examples.ts'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

test.each(examples)('$title runs as it stands', async ({ query }) => {
  const { data, errors } = await app.graphql(query)
  expect(errors).toBeUndefined()
  expect(Object.values(data)).toEqual([expect.any(Object)])
})

test('every tab has a name of its own', () => {
  const names = examples.map(({ query }) => /^(?:query|mutation) (\w+)/m.exec(query)?.[1])
  expect(names).not.toContain(undefined)
  expect(new Set(names).size).toBe(examples.length)
})
