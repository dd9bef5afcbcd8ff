// Accents are folded by one rule: in the application, for what is searched for, and in both stores, for what is found.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCENTS, foldAccents, LETTERS, PLAIN } from '../../src/platform/accent-folding.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { canonical } from '../../src/platform/validation.ts'
import { testStore } from '../harness/database.ts'

test.each([
  ['Inês', 'ines'],
  ['Nyström', 'nystrom'],
  ['Bjørn', 'bjorn'],
  ['Straße', 'strasse'],
  ['Łukasz', 'lukasz'],
  ['Ægir', 'aegir'],
  ['Þór', 'thor'],
  ['Ðorđe', 'dorde'],
  ['İstanbul', 'istanbul'],
  ['ısı', 'isi'],
  ['O’Hara', "o'hara"],
  ['Ёлка', 'елка'],
  ['Άννα', 'αννα'],
  ['김철수', '김철수'],
  ['ガス', 'ガス'],
])('%s is found as %s', (text, folded) => {
  expect(foldAccents(canonical(text))).toBe(folded)
})

test('what is folded stays as it is', () => {
  for (const letter of letters) expect(foldAccents(foldAccents(letter)) === foldAccents(letter), letter).toBe(true)
})

const migration = readFileSync(
  new URL('../../prisma/migrations/20261130172000_finding_users/migration.sql', import.meta.url),
  'utf8',
)

/** Every assigned letter of the first two planes. */
const letters = Array.from({ length: 0x1ffff }, (_, index) => index + 1)
  .filter(point => point < 0xd800 || point > 0xdfff)
  .map(point => String.fromCodePoint(point))
  .filter(letter => /\P{Cn}/u.test(letter))

describe('in the store', () => {
  let store: Store
  beforeAll(async () => {
    store = await testStore()
  })
  afterAll(() => store.close())

  test('fold_accents is foldAccents for the canonical form of every letter, alone and in a text', async () => {
    for (let from = 0; from < letters.length; from += 20_000) {
      const some = letters.slice(from, from + 20_000).map(canonical)
      const rows = await store.db.query<{ letter: string; folded: string }>(
        'SELECT letter, fold_accents(letter) AS folded FROM unnest($1::text[]) letter',
        [some],
      )
      expect(rows.filter(({ letter, folded }) => folded !== foldAccents(letter))).toEqual([])
    }
    const text = letters.slice(0, 2_000).map(canonical).join(' ')
    const [whole] = await store.db.query<{ folded: string }>('SELECT fold_accents($1::text) AS folded', [text])
    expect(whole!.folded === foldAccents(text)).toBe(true)
  }, 60_000)

  test('the function of the store is made of the letters that the application folds', () => {
    for (const part of [ACCENTS, LETTERS, PLAIN.replaceAll("'", "''")]) expect(migration).toContain(part)
  })

  test('a store of before is folded by the migration, and once more by a restore', async () => {
    const { db, statement } = store
    await statement(
      'ALTER TABLE users DROP COLUMN search_text, DROP COLUMN search_ids; ALTER TABLE groups DROP COLUMN search_text',
      [],
    )
    await statement(
      'DROP FUNCTION external_ids, fold_accents; DROP INDEX users_disabled_by_source, users_disabled_by_administrator',
      [],
    )
    await statement('DROP INDEX user_permissions_source, user_attributes_source, memberships_sources', [])
    await db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key, scim, external_user_ids, openid_id)
       VALUES ('bim', 'Ø', 'ø', 'Inês', 'inês', '{"externalId": "Ünï-1"}', '{"a": "D\\\\u", "b": null, "c": {"id": "x y", "type": "z"}}', 'i#s'), ('bim', 'b', 'b', 'b', 'b', NULL, '{}', NULL)`,
    )
    await statement(migration, [])
    const texts = () => db.query(`SELECT search_text AS texts, search_ids AS ids FROM users ORDER BY userid_key`)
    const folded = [
      { texts: ' b b ', ids: null },
      { texts: ' ines o ', ids: ' i#s uni-1[ d\\u ,  x y ,  z ]' },
    ]
    expect(await texts()).toEqual(folded)
    await statement(
      `BEGIN; SET LOCAL search_path = pg_catalog; UPDATE public.users SET name_key = name_key; REINDEX TABLE public.users; COMMIT`,
      [],
    )
    expect(await texts()).toEqual(folded)
  })

  test('a long text takes time that grows with its length alone', async () => {
    const timed = async (length: number) => {
      const begun = performance.now()
      await store.db.query('SELECT length(fold_accents(repeat($1::text, $2::int)))', ['Àßж', length])
      return performance.now() - begun
    }
    await timed(10_000)
    const [short, long] = [await timed(10_000), await timed(40_000)]
    expect(long).toBeLessThan(Math.max(short, 30) * 12)
  })
})
