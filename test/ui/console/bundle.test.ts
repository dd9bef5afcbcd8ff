// What the first page of the console loads, in gzip.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const BUILT = new URL('../../../dist/ui/', import.meta.url)
const LIMIT = 250_000
const read = (name: string) => readFileSync(new URL(name, BUILT), 'utf8')

/** Its scripts and styles, and what the scripts import before they run. */
function loadedBy(page: string): Set<string> {
  const found = new Set([...read(page).matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, name]) => name!))
  for (const name of found)
    for (const [, imported] of read(name).matchAll(/(?:^|[;}\s])import\s*(?:[^'"();]*?from\s*)?["']\.\/([^"']+\.js)["']/g))
      found.add(`assets/${imported}`)
  return found
}

test('the first page is less than 250 kB, and the other pages come by route', () => {
  const loaded = [...loadedBy('console.html')]
  expect(loaded.filter(name => name.endsWith('.js')).length).toBeGreaterThan(1)
  expect(loaded.filter(name => name.endsWith('.css'))).toHaveLength(1)
  expect(loaded.filter(name => /\/(users|person|account|start|audit)-/.test(name))).toEqual([])
  const bytes = loaded.reduce((sum, name) => sum + gzipSync(read(name)).length, 0)
  expect(bytes).toBeGreaterThan(50_000)
  expect(bytes).toBeLessThan(LIMIT)
})
