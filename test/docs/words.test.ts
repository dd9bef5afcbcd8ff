// The documents use the terms of the field: no metaphor for a part of the code, and no hearsay for data (docs/architecture.md).
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readPage } from './shell.ts'

const root = new URL('../../', import.meta.url).pathname
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const WORDS =
  /\b(houses?|doors?|rooms?|halls?|porch|streets?|walks?|told|tells|heard|hears?|said|spoken|spoke|by hand|anew|afresh|whoever|of whom|newcomers?|minted|sealed)\b/gi

/** Prose only: code, and the names of tests in SECURITY.md, are not the documents' words. */
const proseOf = (path: string) =>
  readPage(path)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`: .*?(?=<br>| \|)/g, '')
    .replace(/`[^`\n]*`/g, '')

test.each(pages)('%s', path => {
  const found = proseOf(path)
    .split('\n')
    .flatMap(line => [...line.matchAll(WORDS)].map(([word]) => `${word}: ${line.trim()}`))
  expect(found).toEqual([])
})
