// Tries every cell of matrix.txt over REST, with every credential that a column stands for and every alias of a row.
import { afterAll, describe, expect, test } from 'vitest'
import { send } from '../contract/client.ts'
import { world } from '../contract/world.ts'
import { bootApp } from '../harness/app.ts'
import type { Actor } from './matrix.actors.ts'
import { makeActor } from './matrix.actors.ts'
import type { Asked } from './matrix.requests.ts'
import { changesActor, requests } from './matrix.requests.ts'
import type { Column, Row } from './matrix.ts'
import { columns, readMatrix } from './matrix.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const w = world(app)

const matrix = readMatrix()
const actors = new Map<Column, Actor>()

async function actorFor(row: Row, column: Column): Promise<Actor> {
  if (changesActor.has(row.id)) return makeActor(app, w, column)
  if (!actors.has(column)) actors.set(column, await makeActor(app, w, column))
  return actors.get(column)!
}

/** The answer as a cell of the matrix. */
function cell(status: number, asked: Asked, body: unknown): string {
  if (asked.allowed !== undefined && status === asked.allowed) return '200'
  if (status !== 200 || !asked.shows) return String(status)
  const shown = asked.shows(body)
  if (shown === undefined) return `200 with half of it: ${JSON.stringify(body)}`
  return shown ? '200' : 'R'
}

/** The cell of the row; several joined when its requests differ. */
async function tryRow(row: Row, column: Column): Promise<string> {
  const got: string[] = []
  for (const ask of requests[row.id]!) {
    const actor = await actorFor(row, column)
    for (const at of actor.credentials.keys()) {
      // A row that changes the actor spends one for each credential.
      const asking = at > 0 && changesActor.has(row.id) ? await makeActor(app, w, column) : actor
      const credential = asking.credentials[at]
      const asked = await ask({ w, actor: asking, credential })
      const answer = await send(app.url, asked.method, asked.path, { token: credential, ...asked })
      got.push(cell(answer.status, asked, answer.body))
    }
  }
  return [...new Set(got)].join(' / ')
}

/** A cell that only points elsewhere expects that the call itself is answered. */
const expected = (row: Row) =>
  Object.fromEntries(
    columns.filter(column => row.cells[column] !== '-').map(column => [column, row.cells[column].replace('=', '200')]),
  )

test('Matrix: every row has a request, and every request a row', () => {
  expect(matrix).toHaveLength(39)
  expect(Object.keys(requests).toSorted()).toEqual(matrix.map(row => row.id).toSorted())
})

describe('Matrix, over REST', () => {
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
