import { expect, test } from 'vitest'
import { MAX_RECORD, readCsv } from '../../src/cli/import.csv.ts'

const options = { mapping: new Map<string, string[]>(), delimiter: ',', raw: false }
async function* pieces(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}
const read = async (text: string, more: Partial<typeof options> = {}, size = 5) => {
  const found: (readonly [number, string, unknown])[] = []
  for await (const { line, userid, row, faults } of readCsv(pieces(text, size), { ...options, ...more }))
    found.push([line, userid, row?.profile?.name ?? faults[0]?.message ?? null])
  return found
}

test('quoted values, both line ends, empty lines; lines are those on which records begin', async () => {
  const text = 'userid,name\r\na,"A, ""the"" one"\r\n\r\nb,"two\r\nlines"\r\nc,C\r\n\r\n\r\nd,D'
  const expected = [
    [2, 'a', 'A, "the" one'],
    [4, 'b', 'two\r\nlines'],
    [6, 'c', 'C'],
    [9, 'd', 'D'],
  ]
  expect(await read(text)).toEqual(expected)
  expect(await read(text.replaceAll('\r\n', '\n'))).toEqual(
    expected.map(row => row.map(cell => (cell === 'two\r\nlines' ? 'two\nlines' : cell))),
  )
})

test('a line with too few or too many values is a fault of its own', async () => {
  expect(await read('userid,name\na\nb,B\nc,C,x\n')).toEqual([
    [2, '', 'The line has 1 values and the header 2: quote values that have the delimiter'],
    [3, 'b', 'B'],
    [4, '', 'The line has 3 values and the header 2: quote values that have the delimiter'],
  ])
})

test('the apostrophe of an export is taken away, unless raw', async () => {
  expect(await read(`userid,name\na,'=A\nb,'tis\n`)).toEqual([
    [2, 'a', '=A'],
    [3, 'b', `'tis`],
  ])
  expect(await read(`userid,name\na,'=A\n`, { raw: true })).toEqual([[2, 'a', `'=A`]])
})

test('another delimiter is taken, and proposed', async () => {
  expect(await read('userid;name\na;A\n', { delimiter: ';' })).toEqual([[2, 'a', 'A']])
  await expect(read('userid;name\na;A\n')).rejects.toThrow('pass --delimiter ";"')
  await expect(read('userid\tname\n')).rejects.toThrow('pass --delimiter tab')
})

test('what cannot be read as CSV says where', async () => {
  await expect(read('userid,name\na,A\nb,"open\n')).rejects.toThrow(
    'The record that begins in line 3 has a quotation mark that is not closed',
  )
  await expect(read('userid,name\na,A"B"\n')).rejects.toThrow('The record that begins in line 2 is not valid CSV')
  await expect(read(`userid,name\na,"${'x'.repeat(MAX_RECORD + 1)}"\n`, {}, 65_536)).rejects.toThrow(
    `has more than ${MAX_RECORD} characters`,
  )
  await expect(read('')).rejects.toThrow('The file is empty')
})
