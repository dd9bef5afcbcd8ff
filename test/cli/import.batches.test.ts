import { expect, test } from 'vitest'
import { batchesOf, repeats } from '../../src/cli/import.batches.ts'
import type { Entry } from '../../src/cli/import.fields.ts'

const entry = (line: number, more = ''): Entry => ({
  line,
  userid: `u${line}`,
  faults: [],
  row: { line, userid: `u${line}${more}` },
})
async function* listed(entries: readonly Entry[]) {
  yield* entries
}
const linesOf = async (entries: readonly Entry[], limits: { rows: number; bytes: number }) => {
  const lines: number[][] = []
  for await (const batch of batchesOf(listed(entries), limits)) lines.push(batch.map(({ line }) => line))
  return lines
}

test('a batch ends by its rows or by its bytes', async () => {
  const entries = [1, 2, 3, 4, 5].map(line => entry(line))
  expect(await linesOf(entries, { rows: 2, bytes: 1_000 })).toEqual([[1, 2], [3, 4], [5]])
  expect(await linesOf(entries, { rows: 9, bytes: 60 })).toEqual([[1, 2], [3, 4], [5]])
  expect(await linesOf([], { rows: 2, bytes: 60 })).toEqual([])
})

test('a row that fits in no batch is a fault', async () => {
  const found: Entry[] = []
  for await (const batch of batchesOf(listed([entry(1, 'x'.repeat(100))]), { rows: 2, bytes: 60 })) found.push(...batch)
  expect(found).toMatchObject([{ line: 1, row: null, faults: [{ field: 'line', message: expect.stringContaining('60 bytes') }] }])
})

test('a value that the server would refuse with the whole batch is a fault', async () => {
  const rows = [
    { note: '\ud800' },
    JSON.parse('{"__proto__": 1}'),
    { note: 'a\0b' },
    JSON.parse(`${'['.repeat(61)}${']'.repeat(61)}`),
  ]
  const entries = rows.map((attributes, line) => ({ line, userid: 'a', faults: [], row: { line, userid: 'a', attributes } }))
  const found: Entry[] = []
  for await (const batch of batchesOf(listed(entries))) found.push(...batch)
  expect(found.map(({ row }) => row)).toEqual([null, null, null, null])
  expect(found.flatMap(({ faults }) => faults.map(({ message }) => message))).toEqual([
    'attributes.note must not contain a lone surrogate',
    'attributes.__proto__ is not allowed as a key',
    'attributes.note must not contain a NUL character',
    'body must not nest deeper than 64 levels',
  ])
})

test('the second line of a userid is a fault that names the first', () => {
  const check = repeats()
  expect(check(entry(2), 'ana').row).not.toBeNull()
  expect(check(entry(3), 'ben').row).not.toBeNull()
  expect(check(entry(9), 'ana')).toMatchObject({
    row: null,
    faults: [{ message: 'userid repeats line 2: keep one of the two lines' }],
  })
})
