import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readSecretFile } from '../../src/platform/secret-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'roster-secret-'))
const path = join(folder, 'secret')
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  ['whole', { secret: 'whole' }],
  ['line\n', { secret: 'line' }],
  ['line\r\n', { secret: 'line' }],
  ['two\n\n', { secret: 'two\n' }],
  ['Ünal', { secret: 'Ünal' }],
  ['ten bytes.', { secret: 'ten bytes.' }],
  ['eleven byte', { fault: 'long' }],
  ['', { fault: 'empty' }],
  ['\n', { fault: 'empty' }],
])('%j', (text, found) => {
  writeFileSync(path, text)
  expect(readSecretFile(path, 10)).toEqual(found)
})

test('what cannot be read has its code', () => {
  expect(readSecretFile(join(folder, 'none'), 10)).toEqual({ fault: 'unreadable', code: 'ENOENT' })
  expect(readSecretFile(folder, 10)).toEqual({ fault: 'unreadable', code: 'EISDIR' })
})

test.runIf(existsSync('/dev/zero'))('a file without an end is too long', () => {
  expect(readSecretFile('/dev/zero', 10)).toEqual({ fault: 'long' })
})
