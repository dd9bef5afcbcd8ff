import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportedReference, referenceOf, resolve } from '../../src/cli/declared.references.ts'

test.each([
  [`\${env:CORP_PASSWORD}`, { kind: 'env', name: 'CORP_PASSWORD' }],
  [`\${file:/run/secrets/corp}`, { kind: 'file', name: '/run/secrets/corp' }],
  [`\${file:corp}`, null],
  [`\${env:A B}`, null],
  [`a\${env:A}`, null],
  ['secret', null],
  [5, null],
])('%j', (text, reference) => {
  expect(referenceOf(text)).toEqual(reference)
})

test('what a reference leads to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-reference-'))
  try {
    const file = (text: string) => {
      writeFileSync(join(folder, 'secret'), text)
      return resolve({ kind: 'file', name: join(folder, 'secret') }, {})
    }
    expect(file('one\n')).toEqual({ secret: 'one' })
    expect(file('\n')).toEqual({ fault: `the file ${join(folder, 'secret')} is empty` })
    expect(file('a'.repeat(65_537))).toEqual({ fault: `the file ${join(folder, 'secret')} is longer than 65536 bytes` })
    expect(resolve({ kind: 'file', name: join(folder, 'none') }, {})).toEqual({
      fault: `the file ${join(folder, 'none')} cannot be read: ENOENT`,
    })
    expect(resolve({ kind: 'env', name: 'A' }, { A: 'x' })).toEqual({ secret: 'x' })
    expect(resolve({ kind: 'env', name: 'A' }, { A: '' })).toEqual({ fault: 'the environment variable A is not set' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('an export names a variable by its place', () => {
  expect(exportedReference('corp-1', 'credentials.bind_pw')).toBe(`\${env:CORP_1_CREDENTIALS_BIND_PW}`)
})
