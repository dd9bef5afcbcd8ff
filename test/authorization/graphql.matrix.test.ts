// Tries every cell of matrix.txt through the GraphQL fields behind its rows, with every credential that a column stands for.
import { afterAll, describe, expect, test } from 'vitest'
import { type Code, ERROR_CODES } from '../../src/platform/errors.ts'
import { world } from '../contract/world.ts'
import { bootApp } from '../harness/app.ts'
import { type Asked, changesActor, elsewhere, requests } from './graphql.requests.ts'
import { type Actor, makeActor } from './matrix.actors.ts'
import { type Column, columns, type Row, readMatrix } from './matrix.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const w = world(app)

const matrix = readMatrix().filter(row => !elsewhere.includes(row.id))
const actors = new Map<Column, Actor>()

/** On this API the holder of a good key is somebody: the key of the matrix's anonymous column is one that may impersonate. */
async function newActor(column: Column): Promise<Actor> {
  const actor = await makeActor(app, w, column)
  if (column !== 'anonymous') return actor
  return { ...actor, apikey: await (await app.as(['IMPERSONATE_USER'])).key() }
}

async function actorFor(row: Row, column: Column): Promise<Actor> {
  if (changesActor.has(row.id)) return newActor(column)
  if (!actors.has(column)) actors.set(column, await newActor(column))
  return actors.get(column)!
}

/** The answer as a cell of the matrix. A refusal has null and no data. */
function cell(answer: Awaited<ReturnType<typeof app.graphql>>, asked: Asked): string {
  if (answer.status !== 200) return answer.data === undefined ? String(answer.status) : `${answer.status} with data`
  const value = Object.values(answer.data)[0] as never
  const code = answer.errors?.[0]?.extensions.code as Code | undefined
  if (code !== undefined) {
    if (value !== null) return `${code} with data`
    return code === asked.allowed ? '200' : String(ERROR_CODES[code].status)
  }
  if (!asked.hidden) return '200'
  const shown = asked.hidden(value).map(field => field !== null)
  if (!shown.includes(true)) return 'R'
  return shown.includes(false) ? `200 with half of it: ${JSON.stringify(value)}` : '200'
}

/** What the row's fields got; more than one word when they were not treated alike. */
async function tryRow(row: Row, column: Column): Promise<string> {
  const got: string[] = []
  for (const ask of requests[row.id]!) {
    const actor = await actorFor(row, column)
    for (const at of actor.credentials.keys()) {
      // A row that changes the actor spends one for each credential.
      const asking = at > 0 && changesActor.has(row.id) ? await newActor(column) : actor
      const credential = asking.credentials[at]
      const asked = await ask({ app, actor: asking, credential })
      const answer = await app.graphql(`${asked.kind} { ${asked.field} }`, {}, (asked.bare ? null : credential) ?? null)
      got.push(cell(answer, asked))
    }
  }
  return [...new Set(got)].join(' / ')
}

/** A cell that only points elsewhere expects that the call itself is answered. */
const expected = (row: Row) =>
  Object.fromEntries(
    columns.filter(column => row.cells[column] !== '-').map(column => [column, row.cells[column].replace('=', '200')]),
  )

test('every row has a field, and every field a row', () => {
  expect(Object.keys(requests).toSorted()).toEqual(matrix.map(row => row.id).toSorted())
})

describe('Matrix, over GraphQL', () => {
  test.each(matrix.map(row => [row.id, row.method, row.path, row] as const))(
    'Matrix row %s: %s %s',
    async (_id, _method, _path, row) => {
      const got: Record<string, string> = {}
      for (const column of columns.filter(column => row.cells[column] !== '-')) got[column] = await tryRow(row, column)
      expect(got).toEqual(expected(row))
    },
    120_000,
  )
})
