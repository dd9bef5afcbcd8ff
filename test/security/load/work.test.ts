// S4 and S13: what a signed-in user asks for at a large store, within the limits, must not keep others waiting, nor hold the process.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { DELAY, longestPiece } from './delay.ts'

const USERS = 20_000
let app: TestApp
let attacker: Person
let other: Person
beforeAll(async () => {
  app = await bootApp({ env: { LOG_LEVEL: 'silent' } })
  ;[attacker, other] = [await app.as(['CREATE_PROJECT']), await app.as(['CREATE_PROJECT'])]
  await app.store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'bim', 'u' || i, 'u' || i, 'N' || i, 'n' || i
       FROM generate_series(1, $1::int) i`,
    [USERS],
  )
  for (const [of, value] of [
    ['user_permissions (user_id, permission)', "'GOVERNANCE'"],
    ['user_attributes (user_id, key, key_key, value)', "'k', 'k', 'v'"],
  ])
    await app.store.db.query(`INSERT INTO ${of} SELECT id, ${value} FROM users WHERE userid LIKE 'u%'`)
  await app.store.db.query('ANALYZE')
}, 120_000)
afterAll(() => app.close())

const aliased = (n: number, field: string) => `{ ${Array.from({ length: n }, (_, at) => `a${at}: ${field}`).join(' ')} }`
const graphql = (query: string) => async () => {
  const { status } = await app.graphql(query, undefined, attacker.token)
  return status
}
const rest = (path: string) => async () => {
  const response = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${attacker.token}` } })
  await response.text()
  return response.status
}

const attacks: [name: string, parallel: number, ask: () => Promise<number>][] = [
  ['100 pages behind 19,000 users', 1, graphql(aliased(100, 'users(first: 1, offset: 19000) { nodes { id } }'))],
  ['100 counts', 4, graphql(aliased(100, 'users(first: 1) { totalCount }'))],
  ['10 pages of 10,000', 2, graphql(aliased(10, 'users(first: 10000) { nodes { id } }'))],
  ['8 GETs behind 18,000 users', 8, rest('/bim/user?size=25&offset=18000')],
  ['4 GETs of 10,000 users', 4, rest('/bim/user?size=10000')],
]

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Milliseconds that reads of another user take, one after the other. */
async function reads(during: () => boolean): Promise<number[]> {
  const took: number[] = []
  while (during() || took.length < 5) {
    const began = performance.now()
    const { errors } = await app.graphql('{ viewer { user { id: databaseId profile { name } } } }', undefined, other.token)
    expect(errors).toBeUndefined()
    took.push(performance.now() - began)
    await sleep(20)
  }
  return took
}

describe.each(attacks)('%s', (_, parallel, ask) => {
  test('do not delay other requests', { timeout: 120_000 }, async () => {
    const alone = median(await reads(() => false))
    let isOver = false
    const { value, piece } = await longestPiece(async () => {
      const attack = Promise.all(Array.from({ length: parallel }, ask)).finally(() => {
        isOver = true
      })
      return { took: await reads(() => !isOver), statuses: await attack }
    })
    // Answered, refused for its cost, or rate-limited: never an error of the store.
    for (const status of value.statuses) expect([200, 400, 429]).toContain(status)
    expect(piece, 'the longest synchronous piece').toBeLessThan(DELAY)
    expect(median(value.took), `${alone} alone; ${value.took.map(Math.round).join(' ')}`).toBeLessThan(10 * alone + 250)
  })
})
