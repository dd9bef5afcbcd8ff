import { expect, test } from 'vitest'
import type { IamPlan } from '../../src/cli/declared.difference.ts'
import { printPlan, reported } from '../../src/cli/declared.print.ts'

const rest = { input: {}, secrets: new Map(), kept: [], changes: [] }
const plans: IamPlan[] = [
  {
    ...rest,
    iamid: 'corp',
    action: 'update',
    changes: [
      { field: 'displayName', action: 'change', before: 'A', after: 'B\u001b[31m' },
      { field: 'config.options.port', action: 'add', after: 1 },
      { field: 'config.options.host', action: 'remove', before: 'h' },
      { field: 'config.credentials.bind_pw', action: 'secret' },
    ],
    kept: [{ field: 'defaultPermissions', value: ['X'] }],
  },
  { ...rest, iamid: 'old', action: 'none', kept: [{ field: '', value: 'Old' }] },
  { ...rest, iamid: 'bim', action: 'none' },
]

test('for people', () => {
  expect(printPlan(plans)).toBe(`~ corp  update
  ~ displayName: "A" → "B\\u001b[31m"
  + config.options.port: 1
  - config.options.host: "h"
  ~ config.credentials.bind_pw: a secret is sent
    defaultPermissions ["X"] is not in the file, and stays
  old is not in the file, and stays
0 to create, 1 to change, 0 to remove.
`)
  expect(printPlan([plans[2]!])).toBe('No changes.\n')
})

test('for programs', () => {
  expect(reported(plans)).toMatchObject([
    { iamid: 'corp', action: 'update', notInFile: [{ field: 'defaultPermissions', value: ['X'] }] },
    { iamid: 'old', action: 'none', notInFile: [{ field: null, value: 'Old' }] },
  ])
})
