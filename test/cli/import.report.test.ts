import { expect, test } from 'vitest'
import { addTo, emptyTally, type LineResult, mergedResults, reportLine, summaryOf } from '../../src/cli/import.report.ts'

const done = (line: number, outcome: LineResult['outcome']): LineResult => ({
  line,
  userid: `u${line}`,
  outcome,
  fields: ['userid'],
  faults: [],
})
const faults = [
  { field: 'line', message: 'too long' },
  { field: 'userid', message: 'userid is missing' },
]

test('answers and own faults stand in the order of the lines', () => {
  const rows = [2, 3, 4].map(line => ({ line, userid: `u${line}`, faults: [], row: { line, userid: `u${line}` } }))
  const batch = [rows[0]!, { line: 3, userid: '', faults, row: null }, rows[2]!]
  const results = mergedResults(batch, [done(2, 'CREATED'), done(4, 'UNCHANGED')])
  expect(results.map(({ line, outcome }) => [line, outcome])).toEqual([
    [2, 'CREATED'],
    [3, 'REFUSED'],
    [4, 'UNCHANGED'],
  ])
  const tally = emptyTally()
  addTo(tally, results)
  expect(tally).toEqual({ created: 1, changed: 0, unchanged: 1, refused: 1 })
  expect(summaryOf(tally, false)).toBe('1 created, 0 changed, 1 unchanged, 1 refused.\n')
  expect(summaryOf(tally, true)).toContain('Dry run, nothing was changed.')
})

test('a line of the report has all faults', () => {
  expect(reportLine({ line: 3, userid: '=a', outcome: 'REFUSED', fields: [], faults })).toBe(
    `3,'=a,REFUSED,,too long;userid is missing\r\n`,
  )
})
