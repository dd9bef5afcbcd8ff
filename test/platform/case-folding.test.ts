// Text is compared without case by one rule: in the application and in both stores, whatever a collation makes of letters.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareCodePoints, FOLDS, foldCase, foldCaseSql } from '../../src/platform/case-folding.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { testStore } from '../harness/database.ts'

const SRC = new URL('../../src/', import.meta.url).pathname
const MIGRATIONS = new URL('../../prisma/migrations/', import.meta.url).pathname
/** Every letter of the first two planes: no letter beyond them has a case. */
const letters = Array.from({ length: 0x1ffff }, (_, index) => index + 1)
  .filter(point => point < 0xd800 || point > 0xdfff)
  .map(point => String.fromCodePoint(point))

test.each([
  ['É', 'é'],
  ['Σ', 'σ'],
  ['ς', 'σ'],
  ['ẞ', 'ß'],
  ['ß', 'ß'],
  ['ſ', 's'],
  ['\u212a', 'k'],
  ['\u2126', 'ω'],
  ['ǅ', 'ǆ'],
  ['\u{10400}', '\u{10428}'],
  // Two letters, or another language's: neither is a difference of case alone.
  ['İ', 'İ'],
  ['ı', 'ı'],
  ['ŉ', 'ŉ'],
  ['e\u0301', 'e\u0301'],
])('%s is compared as %s', (letter, folded) => {
  expect(foldCase(letter)).toBe(folded)
  expect(foldCase(`A${letter}Z`)).toBe(`a${folded}z`)
})

test('it is simple case folding: what it makes of a letter differs by case alone, and is its own folding', () => {
  const wrong = letters.filter(letter => {
    const folded = foldCase(letter)
    if (folded === letter) return false
    return foldCase(folded) !== folded || !new RegExp(`^\\u{${letter.codePointAt(0)!.toString(16)}}$`, 'iu').test(folded)
  })
  expect(wrong).toEqual([])
})

test('no two letters that differ by case alone fold to different forms', () => {
  const single = (text: string) => ([...text].length === 1 ? [text] : [])
  const wrong = letters.filter(letter =>
    [...single(letter.toLowerCase()), ...single(letter.toUpperCase())].some(
      other =>
        foldCase(other) !== foldCase(letter) && new RegExp(`^\\u{${letter.codePointAt(0)!.toString(16)}}$`, 'iu').test(other),
    ),
  )
  expect(wrong).toEqual([])
})

test('texts are sorted by code point, as the store does', () => {
  expect(['\u{10400}', '\uffee', 'b', 'a'].toSorted(compareCodePoints)).toEqual(['a', 'b', '\uffee', '\u{10400}'])
})

describe('in the store', () => {
  let store: Store
  beforeAll(async () => {
    store = await testStore()
  })
  afterAll(() => store.close())

  test('fold_case is foldCase for every letter, alone and in a text, whatever the collation', async () => {
    const collations = await store.db.query<{ name: string }>(
      `SELECT collname AS name FROM pg_collation WHERE collname = ANY($1::text[]) AND (collencoding = -1 OR collencoding = pg_char_to_encoding('UTF8'))`,
      [['default', 'C', 'pg_c_utf8', 'en-x-icu', 'tr-x-icu', 'lt-x-icu', 'tr_TR', 'tr_TR.utf8']],
    )
    expect(collations.length).toBeGreaterThan(1)
    for (const { name } of collations)
      for (let from = 0; from < letters.length; from += 20_000) {
        const some = letters.slice(from, from + 20_000)
        const rows = await store.db.query<{ letter: string; folded: string }>(
          `SELECT letter, ${foldCaseSql(`letter COLLATE "${name}"`)} AS folded FROM unnest($1::text[]) letter`,
          [some],
        )
        expect(rows.filter(({ letter, folded }) => folded !== foldCase(letter))).toEqual([])
        const [whole] = await store.db.query<{ folded: string }>(`SELECT ${foldCaseSql('$1::text')} AS folded`, [some.join('')])
        expect(whole!.folded === foldCase(some.join(''))).toBe(true)
      }
  }, 60_000)

  test('a long text takes time that grows with its length alone', async () => {
    const timed = async (length: number) => {
      const begun = performance.now()
      await store.db.query(`SELECT length(${foldCaseSql('repeat($1::text, $2::int)')})`, ['ÀΣЖ', length])
      return performance.now() - begun
    }
    await timed(10_000)
    const [short, long] = [await timed(10_000), await timed(40_000)]
    expect(long).toBeLessThan(Math.max(short, 10) * 12)
  })

  test('no index and no function of the store compares by the collation of the database', async () => {
    const rows = await store.db.query<{ text: string }>(
      `SELECT pg_get_indexdef(i.indexrelid) AS text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
       UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
         AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`,
    )
    expect(rows.some(({ text }) => text.includes('fold_case'))).toBe(true)
    expect(rows.flatMap(({ text }) => byCollation(text))).toEqual([])
  })
})

test('no statement of src compares by the collation of the database', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && !path.startsWith('generated/'),
  )
  const found = files.flatMap(path => byCollation(readFileSync(join(SRC, path), 'utf8')).map(text => `${path}: ${text}`))
  expect(found).toEqual([])
})

test('the function of the store is made of the letters that the application folds', () => {
  const last = readdirSync(MIGRATIONS, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.sql'))
    .sort()
    .map(path => readFileSync(join(MIGRATIONS, path), 'utf8'))
    .findLast(text => text.includes('CREATE FUNCTION fold_case') || text.includes('CREATE OR REPLACE FUNCTION fold_case'))
  expect(last).toContain(FOLDS)
})

/** What of a text changes or ignores the case of letters as the database's collation has it. `COLLATE "C"` knows ASCII only, everywhere. */
function byCollation(text: string): string[] {
  const ascii = /lower\(\(?[\w.]+\)?(?:::text)? COLLATE "C"\)/g
  return [...text.replaceAll(ascii, '').matchAll(/(?<!\w)(?:lower|initcap|casefold)\(.*|\bilike\b|~\*|\bcitext\b/gi)].map(
    ([found]) => found,
  )
}

test('what compares by a collation is recognised', () => {
  expect(byCollation('SELECT lower(a COLLATE "C") FROM b')).toEqual([])
  for (const text of ['lower(a)', 'lower($1::text)', "k ILIKE 'urn:%'", "a ~* 'b'", 'lower(a COLLATE "C"), lower(b)'])
    expect(byCollation(`SELECT ${text}`)).toHaveLength(1)
})
