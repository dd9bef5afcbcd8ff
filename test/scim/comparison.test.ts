// A filter of a list, which the store answers, and a value path of a PATCH, which the application answers, agree on every letter.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foldCase } from '../../src/platform/case-folding.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { parseFilter } from '../../src/scim/protocol/filter.parser.ts'
import { matches, OPERATORS } from '../../src/scim/protocol/filter.ts'
import { userType } from '../../src/scim/protocol/schema.ts'
import { condition } from '../../src/scim/resources/filter-sql.ts'
import type { TestApp } from '../harness/app.ts'
import { testStore } from '../harness/database.ts'
import { boot, type Provider, provider } from './provider.ts'

const migration = (name: string) =>
  readFileSync(new URL(`../../prisma/migrations/${name}/migration.sql`, import.meta.url), 'utf8')

describe('every letter', () => {
  let store: Store
  beforeAll(async () => {
    store = await testStore()
  })
  afterAll(() => store.close())
  const type = userType({})
  const all = Array.from({ length: 0x1ffff }, (_, index) => index + 1)
    .filter(point => point < 0xd800 || point > 0xdfff)
    .map(point => String.fromCodePoint(point))
  /** Of the letters with a case, their forms and what stands near them in an order. */
  const cased = all.filter(letter => letter !== letter.toLowerCase() || letter !== letter.toUpperCase())
  const formsOf = (letter: string) => [letter, letter.toLowerCase(), letter.toUpperCase(), foldCase(letter), 'k', '\uffee']

  /** How many pairs the store and the application judge differently. */
  async function disagreements(attribute: 'emails' | 'photos', op: (typeof OPERATORS)[number], pairs: [string, string][]) {
    const described = type.core.attributes.find(({ name }) => name === attribute)!
    const { caseExact } = described.subAttributes!.find(({ name }) => name === 'value')!
    const values: unknown[] = ['idp']
    const document = `jsonb_build_object('${attribute}', jsonb_build_array(jsonb_build_object('value', p.held)))`
    const places = { type, document, from: '', rowid: '', where: '', indexed: {}, columns: {} }
    const sql = condition(places, parseFilter(`${attribute}[value ${op} "x"]`), { values })
    expect(values).toEqual(['idp', 'x'])
    const wrong: string[] = []
    for (let from = 0; from < pairs.length; from += 20_000) {
      const some = pairs.slice(from, from + 20_000)
      const rows = await store.db.query<{ found: boolean }>(
        `SELECT ${sql.replaceAll('$2', 'p.wanted')} AS found
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY p(held, wanted, place) ORDER BY place`,
        [some.map(([held]) => held), some.map(([, wanted]) => (caseExact ? wanted : foldCase(wanted)))],
      )
      for (const [at, [held, wanted]] of some.entries())
        if (rows[at]!.found !== matches({ op, attrPath: 'value', compValue: wanted }, { value: held }, described))
          wrong.push(`${held} ${op} ${wanted}`)
    }
    return wrong
  }

  test('of two planes equals itself, and its other forms or not, on both sides alike', async () => {
    const pairs = all.map((letter): [string, string] => [`a${letter}`, `A${letter.toUpperCase()}`])
    expect(await disagreements('emails', 'eq', pairs)).toEqual([])
  }, 60_000)

  test.each(OPERATORS)(
    'with a case: %s',
    async op => {
      const pairs = cased.flatMap(letter => formsOf(letter).map((form): [string, string] => [letter, form]))
      expect(await disagreements('emails', op, pairs)).toEqual([])
      expect(await disagreements('photos', op, pairs)).toEqual([])
    },
    60_000,
  )
})

describe('by HTTP', () => {
  let app: TestApp
  let idp: Provider
  beforeAll(async () => {
    app = await boot()
    idp = await provider(app, 'idp')
  })
  afterAll(() => app.close())

  test.each([
    ['ÉVA@X.ORG', 'éva@x.org', true],
    ['σίσυφος@x.org', 'ΣΊΣΥΦΟΣ@x.org', true],
    ['\u212aim@x.org', 'kim@x.org', true],
    ['straẞe@x.org', 'STRAßE@x.org', true],
    ['ıki@x.org', 'iki@x.org', false],
    ['İki@x.org', 'iki@x.org', false],
    ['cafe\u0301@x.org', 'caf\u00e9@x.org', false],
  ])('the list and a PATCH look for %s as %s alike', async (held, wanted, isSame) => {
    const user = await idp.user(held, { emails: [{ value: held, type: 'work' }], nickName: held })
    const found = async (filter: string) => {
      const { body } = await idp.get(`/Users?filter=${encodeURIComponent(filter)}`)
      return body.Resources.map(({ id }: { id: string }) => id).includes(user.id)
    }
    expect(await found(`emails[value eq "${wanted}"]`)).toBe(isSame)
    expect(await found(`emails.value eq "${wanted}"`)).toBe(isSame)
    expect(await found(`nickName eq "${wanted}"`)).toBe(isSame)
    const { body } = await idp.patch(`/Users/${user.id}?attributes=emails`, {
      op: 'remove',
      path: `emails[value eq "${wanted}"]`,
    })
    expect(body.emails === undefined).toBe(isSame)
  })

  test('the case of a reference and of a certificate means something to a PATCH, too', async () => {
    const photos = [{ value: 'https://x.org/A.png', type: 'photo' }]
    const { id } = await idp.user('pat', { photos })
    const { body } = await idp.patch(`/Users/${id}?attributes=photos`, {
      op: 'remove',
      path: 'photos[value eq "https://x.org/a.png"]',
    })
    expect(body.photos).toEqual(photos)
  })
})

test('a store of before finds by the new rule what it holds', async () => {
  const store = await testStore()
  try {
    await store.statement('DROP INDEX users_scim_emails; DROP FUNCTION scim_emails; DROP FUNCTION fold_case CASCADE', [])
    await store.statement(migration('20261122232300_scim_emails'), [])
    await store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key, email, scim)
       VALUES ('idp', 'a', 'a', 'a', 'a', NULL, '{"emails": [{"value": "\u212aIM@x.org"}]}'), ('idp', 'b', 'b', 'b', 'b', '\u212aim@x.org', NULL)`,
    )
    await store.statement(migration('20261130101500_fold_case'), [])
    const rows = await store.db.query(
      `SELECT userid FROM users u WHERE scim_emails(u.scim, u.email) @> ARRAY['kim@x.org'] ORDER BY userid`,
    )
    expect(rows).toEqual([{ userid: 'a' }, { userid: 'b' }])
    // As a restore from a dump makes it.
    await store.statement('BEGIN; SET LOCAL search_path = pg_catalog; REINDEX INDEX public.users_scim_emails; COMMIT', [])
  } finally {
    await store.close()
  }
})
