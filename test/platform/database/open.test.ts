import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { uniqueViolation } from '../../../src/platform/database/errors.ts'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { onBothStores } from './both.ts'

/** One of every type that the stores use: the SQL type, what is given, what must come back. */
const TYPES: [type: string, given: unknown, expected: unknown][] = [
  ['int4', 7, 7],
  ['int4', -2147483648, -2147483648],
  ['float8', 1.5, 1.5],
  ['text', `quote ' "double" \\ back {brace} 😀`, `quote ' "double" \\ back {brace} 😀`],
  ['text', '', ''],
  ['text', null, null],
  ['boolean', true, true],
  ['boolean', false, false],
  ['text[]', ['a', 'b,c', '"q"', '{}', 'NULL', '', 'back\\slash'], ['a', 'b,c', '"q"', '{}', 'NULL', '', 'back\\slash']],
  ['text[]', [], []],
  ['text[]', ['a', null], ['a', null]],
  ['int4[]', [1, 2, 3], [1, 2, 3]],
  ['jsonb', JSON.stringify({ a: [1, null, { b: 'ü' }], c: true }), { a: [1, null, { b: 'ü' }], c: true }],
  ['jsonb', JSON.stringify([1, 'x']), [1, 'x']],
  ['jsonb', JSON.stringify('text'), 'text'],
  ['jsonb', 'null', null],
  ['timestamptz', new Date('2026-03-29T01:30:00.123Z'), new Date('2026-03-29T01:30:00.123Z')],
  ['timestamptz', '2026-03-29T03:30:00+02:00', new Date('2026-03-29T01:30:00Z')],
  ['bytea', Buffer.from([0, 1, 254, 255]), Buffer.from([0, 1, 254, 255])],
  ['bytea', new Uint8Array([9, 8]), Buffer.from([9, 8])],
  ['uuid', '0b7f3a52-6f1e-4c8e-9d54-0f6f7a1f2c3d', '0b7f3a52-6f1e-4c8e-9d54-0f6f7a1f2c3d'],
]
const TYPED = `SELECT ${TYPES.map(([type], place) => `$${place + 1}::${type} AS c${place}`).join(', ')}, (SELECT count(*)::int FROM iams) AS n`
const GIVEN = TYPES.map(([, given]) => given)
const EXPECTED = { ...Object.fromEntries(TYPES.map(([, , expected], place) => [`c${place}`, expected])), n: 1 }

onBothStores('a full disk', open => {
  it('leaves a line in the log, one a minute, and is Unavailable to those who ask', async () => {
    const lines: string[] = []
    const note = (line: string) => void lines.push(line)
    const store = await open({ info: note, warn: note, error: note })
    const full = `DO $$ BEGIN RAISE 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$`
    const outcomes = await Promise.allSettled([
      store.db.query(full),
      store.transaction(db => db.query(full)),
      store.db.prisma.$executeRawUnsafe(full),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(outcomes[0]).toMatchObject({ reason: { code: 'UNAVAILABLE' } })
    expect(lines.filter(line => line.includes('disk'))).toEqual([
      'the disk of the database is full, nothing can be written: could not extend file "base/1/2": No space left on device',
    ])
    await store.close()
  })
})

onBothStores('the store', open => {
  let store: Store
  beforeAll(async () => {
    store = await open()
    await store.db.query('CREATE TABLE notes (id int CONSTRAINT notes_pkey PRIMARY KEY, at timestamptz)')
  })
  beforeEach(() => store.db.query('DELETE FROM notes'))
  afterAll(() => store?.close())

  const notes = async (db: Db = store.db) =>
    (await db.query<{ id: number }>('SELECT id FROM notes ORDER BY id')).map(({ id }) => id)
  const add = (db: Db, id: number) => db.query('INSERT INTO notes (id) VALUES ($1)', [id])

  it('gives every type the same inside and outside of a transaction, prepared or fresh', async () => {
    expect(await store.db.query(TYPED, GIVEN)).toStrictEqual([EXPECTED])
    expect(await store.db.query(TYPED, GIVEN)).toStrictEqual([EXPECTED])
    expect(await store.db.query(TYPED, GIVEN, { fresh: true })).toStrictEqual([EXPECTED])
    expect(await store.transaction(db => db.query(TYPED, GIVEN))).toStrictEqual([EXPECTED])
    expect(await store.transaction(db => db.query(TYPED, GIVEN, { fresh: true }))).toStrictEqual([EXPECTED])
  })

  it('agrees with Prisma about what a row holds', async () => {
    const at = new Date('2026-07-01T12:00:00.500Z')
    const made = await store.db.prisma.user.create({
      data: {
        iamid: 'bim',
        userid: 'ada',
        useridKey: 'ada',
        name: 'Ada',
        nameKey: 'ada',
        lastLogin: at,
        preferences: { dark: true },
      },
    })
    const text = 'SELECT id, last_login, created_at, preferences, global_user_id FROM users WHERE last_login = $1'
    const [row] = await store.db.query(text, [at])
    expect(row).toStrictEqual({
      id: made.id,
      last_login: at,
      created_at: made.createdAt,
      preferences: { dark: true },
      global_user_id: made.globalUserId,
    })
    const found = await store.db.prisma.user.findFirst({ where: { lastLogin: at }, select: { id: true, lastLogin: true } })
    expect(found).toStrictEqual({ id: made.id, lastLogin: at })
    await store.db.prisma.user.deleteMany()
  })

  it('keeps a transaction whose work succeeds, and gives its result', async () => {
    const result = await store.transaction(async db => {
      await add(db, 1)
      await add(db, 2)
      return notes(db)
    })
    expect(result).toEqual([1, 2])
    expect(await notes()).toEqual([1, 2])
  })

  it('undoes a transaction whose work throws, whichever road its statements took', async () => {
    const failure = new Error('no')
    const work = store.transaction(async db => {
      await add(db, 1)
      await db.prisma.project.create({ data: { name: 'P', nameKey: 'p', projectKey: 'p' } })
      throw failure
    })
    await expect(work).rejects.toBe(failure)
    expect(await notes()).toEqual([])
    expect(await store.db.prisma.project.count()).toBe(0)
  })

  it('undoes a transaction one of whose statements fails, and goes on', async () => {
    const work = store.transaction(async db => {
      await add(db, 1)
      await db.query('SELECT 1 / $1::int', [0])
    })
    await expect(work).rejects.toThrow('division by zero')
    expect(await notes()).toEqual([])
    await store.transaction(db => add(db, 2))
    expect(await notes()).toEqual([2])
  })

  it('does not pass a failed transaction for a commit when its work hides the error', async () => {
    const work = store.transaction(async db => {
      await add(db, 1)
      await add(db, 1).catch(() => {})
    })
    await expect(work).rejects.toThrow('rolled back')
    expect(await notes()).toEqual([])
  })

  it('refuses, at once, the outer db and a second transaction inside a transaction', async () => {
    await expect(store.transaction(() => store.db.query('SELECT 1'))).rejects.toThrow('only the db it was given')
    await expect(store.transaction(() => store.db.prisma.project.count())).rejects.toThrow('only the db it was given')
    await expect(store.transaction(() => store.transaction(db => db.query('SELECT 1')))).rejects.toThrow(
      'only the db it was given',
    )
    expect(await notes()).toEqual([])
  })

  it('refuses the db of a transaction that is over', async () => {
    const kept = await store.transaction(async db => db)
    await expect(kept.query('SELECT 1')).rejects.toThrow('over')
  })

  it('names the violated unique constraint on both roads, inside and outside', async () => {
    await add(store.db, 1)
    await store.db.prisma.project.create({ data: { name: 'P', nameKey: 'p', projectKey: 'p' } })
    const twice = (db: Db) => db.prisma.project.create({ data: { name: 'P', nameKey: 'p', projectKey: 'p' } })
    const violated = (work: Promise<unknown>) => work.then(() => 'nothing', uniqueViolation)
    expect(await violated(add(store.db, 1))).toBe('notes_pkey')
    expect(await violated(store.transaction(db => add(db, 1)))).toBe('notes_pkey')
    expect(await violated(twice(store.db))).toBe('projects_name_key_key')
    expect(await violated(store.transaction(twice))).toBe('projects_name_key_key')
    expect(await violated(store.db.query('SELECT * FROM nowhere'))).toBeNull()
    await store.db.prisma.project.deleteMany()
  })

  it('runs many at once without mixing their answers', async () => {
    const numbers = Array.from({ length: 60 }, (_, number) => number)
    const work = numbers.map(number => {
      if (number % 3 === 0)
        return store.transaction(async db => {
          await add(db, number)
          return (await notes(db)).includes(number)
        })
      if (number % 3 === 1)
        return store.db.query<{ n: number }>('SELECT $1::int AS n', [number]).then(([row]) => row?.n === number)
      return store.db.query('SELECT * FROM nowhere').then(
        () => false,
        () => true,
      )
    })
    expect(await Promise.all(work)).toEqual(numbers.map(() => true))
    expect(await notes()).toEqual(numbers.filter(number => number % 3 === 0))
  })

  it('shows every statement to a listener, until it stops', async () => {
    const seen: string[] = []
    const stop = store.onStatement(text => seen.push(text))
    await store.db.query('SELECT 1 AS one')
    await store.transaction(db => db.query('SELECT 2 AS two'))
    expect(seen).toEqual(['SELECT 1 AS one', 'BEGIN', 'SELECT 2 AS two', 'COMMIT'])
    await store.db.prisma.project.count()
    expect(seen).toHaveLength(5)
    stop()
    await store.db.query('SELECT 3 AS three')
    expect(seen).toHaveLength(5)
  })

  it('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined()
  })

  it('sends a statement of 2 MB and receives it back', async () => {
    const long = 'ä'.repeat(1_000_000)
    const [row] = await store.db.query<{ long: string }>('SELECT $1::text AS long', [long])
    expect(row?.long === long).toBe(true)
  })
})
