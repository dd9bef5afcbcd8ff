import { expect, test } from 'vitest'
import { References } from '../../src/sync/referrals.ts'

const noteOf = (...references: string[]) => {
  const found = new References()
  found.add(references)
  return found.notes()
}
const names = (count: number) => Array.from({ length: count }, (_, at) => `ldap://s${at}/`)

test('one note names up to five, each by 150 characters, and says when there are others', () => {
  expect(noteOf()).toEqual([])
  expect(noteOf(...names(5))).toEqual([expect.stringContaining(`(${names(5).join(', ')})`)])
  expect(noteOf(...names(6))).toEqual([expect.stringContaining(`(${names(5).join(', ')} and others)`)])
  expect(noteOf('x'.repeat(151))).toEqual([expect.stringContaining(`(${'x'.repeat(150)})`)])
})

test('it begins again once cleared', () => {
  const found = new References()
  found.add(names(6))
  found.clear()
  expect(found.notes()).toEqual([])
})
