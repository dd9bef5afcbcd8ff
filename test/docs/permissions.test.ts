// The administrator's guide has the meaning of each known permission as `permissions` answers it.
import { expect, test } from 'vitest'
import { KNOWN_PERMISSIONS } from '../../src/authorization/permissions.ts'
import { readPage } from './shell.ts'

test('the table of permissions has every known one with its meaning', () => {
  const rows = [...readPage('docs/guides/administrator.md').matchAll(/^\| `([A-Z0-9_]+)` \| (.+) \|$/gm)]
  const documented = rows.filter(([, name]) => Object.hasOwn(KNOWN_PERMISSIONS, name!))
  expect(Object.fromEntries(documented.map(([, name, meaning]) => [name, meaning]))).toEqual(KNOWN_PERMISSIONS)
})
