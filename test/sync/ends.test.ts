// A run that ends early closes its connection to the directory at once, and its row has the reason.
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { releaseAll } from '../../src/sync/run-executor.ts'
import { answering, peer } from '../connectors/fake-peers.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import type { Slapd } from '../harness/slapd.ts'
import { configOf, syncsOf } from './organisation.ts'

let app: TestApp
let syncs: ReturnType<typeof syncsOf>
beforeAll(async () => {
  app = await bootApp()
  syncs = syncsOf(app)
})
afterAll(() => app?.close())

const noGroups = { groupSearchBase: undefined, userGroupSearchFilter: undefined }

/** A sync of a directory that answers no search, ended by `end`; afterwards no connection is open. */
async function silent(iamid: string, end: (id: number, socket: Socket) => Promise<unknown>) {
  const searched: Socket[] = []
  const server = await peer(
    answering((_, socket) => {
      searched.push(socket)
      return Buffer.alloc(0)
    }),
  )
  try {
    await syncs.makeIam(iamid, configOf({ port: server.port } as Slapd, { options: noGroups }))
    const answer = syncs.sync(iamid)
    await expect.poll(() => searched.length).toBe(1)
    const [run] = await syncs.runs(iamid)
    await end(run.id, searched[0]!)
    await expect.poll(server.open, { timeout: 8_000 }).toBe(0)
    await answer
    return { run: await syncs.run(run.id) }
  } finally {
    await server.close()
  }
}

const holderOf = async (iamid: string) =>
  (await app.store.db.query<{ holder: string | null }>('SELECT holder FROM sync_runs WHERE iamid = $1', [iamid]))[0]!.holder

test('a process that stops leaves a silent directory at once, and the run to the next one', async () => {
  const { run } = await silent('stopped', () => releaseAll(app))
  expect(run).toMatchObject({ status: 'READING', reason: null })
  expect(await holderOf('stopped')).toBe(null)
})

// Each waits for a heartbeat.
test.concurrent('a run that is dropped leaves its directory within a heartbeat, and stays dropped', async () => {
  const { run } = await silent('cancelled', id => syncs.decide('cancelSync', id))
  expect(run).toMatchObject({ status: 'CANCELLED', reason: null, total: 0 })
}, 20_000)

test.concurrent('a run that another process continues is not written to', async () => {
  const { db } = app.store
  const { run } = await silent('taken', id => db.query("UPDATE sync_runs SET holder = 'other' WHERE id = $1", [id]))
  expect(run).toMatchObject({ status: 'READING', reason: null })
  expect(await holderOf('taken')).toBe('other')
}, 20_000)

test('a run whose identity source was removed fails for that, whatever else is missing by then', async () => {
  const { run } = await silent('removed', async (_, socket) => {
    await syncs.must('mutation { deleteIam(input: {iamid: "removed", users: KEEP}) { deletedId } }')
    socket.destroy()
  })
  expect(run).toMatchObject({ status: 'FAILED', reason: 'The IAM was removed' })
})
