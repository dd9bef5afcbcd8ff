import { expect, test } from 'vitest'
import { linesOf, MAX_LINE } from '../../src/cli/import.lines.ts'

async function* texts(parts: readonly string[]) {
  yield* parts
}
const read = async (...parts: string[]) => {
  const found: [number, string | null][] = []
  for await (const { line, text } of linesOf(texts(parts))) found.push([line, text])
  return found
}

test('lines end with LF or CRLF, wherever the pieces do', async () => {
  expect(await read('a\r', '\nb', 'c\n\nd')).toEqual([
    [1, 'a'],
    [2, 'bc'],
    [3, ''],
    [4, 'd'],
  ])
  expect(await read()).toEqual([])
  expect(await read('a\n')).toEqual([[1, 'a']])
})

test('a line that is too long is null, and the next one is whole', async () => {
  const half = 'x'.repeat(MAX_LINE / 2 + 1)
  expect(await read('a\n', half, half, half, '\nb\n')).toEqual([
    [1, 'a'],
    [2, null],
    [3, 'b'],
  ])
  expect(await read(`${half}${half}`)).toEqual([[1, null]])
  expect(await read(`${half}${half}\nb`)).toEqual([
    [1, null],
    [2, 'b'],
  ])
})
