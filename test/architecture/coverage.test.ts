import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FLOORS, WITHOUT_FLOOR } from '../harness/coverage.ts'

const folders = readdirSync(new URL('../../src/', import.meta.url), { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

test('each folder of src has a floor of coverage, or a reason for none', () => {
  expect([...Object.keys(FLOORS), ...Object.keys(WITHOUT_FLOOR)].toSorted()).toEqual(folders.toSorted())
})
