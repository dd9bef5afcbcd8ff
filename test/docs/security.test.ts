// SECURITY.md names the tests that hold its promises: each of them is there.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('SECURITY.md', root), 'utf8')
const promises = text.split('\n').filter(line => line.startsWith('| **'))
const held = promises.flatMap(line => [...line.matchAll(/`(test\/[\w/.-]+\.test\.ts)`: (.*?)(?=<br>| \|$)/g)])

describe('SECURITY.md', () => {
  test('every promise names a test', () => {
    expect(promises.length).toBeGreaterThan(10)
    for (const promise of promises) expect(promise).toMatch(/`test\/[\w/.-]+\.test\.ts`: /)
  })

  test.each(held.map(([, file, name]) => [file!, name!]))('%s: %s', (file, name) => {
    expect(existsSync(new URL(file, root))).toBe(true)
    expect(readFileSync(new URL(file, root), 'utf8')).toContain(name)
  })
})
