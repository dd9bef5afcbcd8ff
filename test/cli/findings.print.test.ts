import { expect, test } from 'vitest'
import { findingsTable } from '../../src/cli/findings.print.ts'
import type { Finding } from '../../src/platform/finding.ts'

const findings: Finding[] = [
  { about: 'settings', status: 'ok', detail: 'have no fault' },
  { about: 'mail', status: 'fault', detail: 'no\u001b[2Janswer', fix: 'Start it.' },
  { about: 'backup', status: 'warning', detail: 'none is known', fix: 'Make one.' },
]

test('people get aligned lines, remedies below them, and how many there are', () => {
  expect(findingsTable(findings, true)).toBe(
    [
      'ok       settings  have no fault',
      'fault    mail      no\\u001b[2Janswer',
      '                   → Start it.',
      'warning  backup    none is known',
      '                   → Make one.',
      '',
      '1 fault, 1 warning.',
      '',
    ].join('\n'),
  )
  expect(findingsTable(findings.slice(0, 1), true)).toContain('\nNothing is wrong.\n')
})

test('programs get a table between tabs', () => {
  expect(findingsTable(findings, false).split('\n')).toEqual([
    'STATUS\tABOUT\tDETAIL\tFIX',
    'ok\tsettings\thave no fault\t',
    'fault\tmail\tno\\u001b[2Janswer\tStart it.',
    'warning\tbackup\tnone is known\tMake one.',
    '',
  ])
})
