// `roster backup` of an embedded store while a server writes to it: one moment of the store, and requests go on.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { compiled } from '../harness/compiled.ts'
import { cli } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'roster-backup-running-'))
const dataDir = join(folder, 'data')
let env: Record<string, string>
let url: string
let server: ChildProcess
let token: string
let isOver = false

beforeAll(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  env = {
    DATA_DIR: dataDir,
    SECRET_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD: 'a long password',
    PORT: String(port),
    LOG_LEVEL: 'error',
    ...compiled,
  }
  server = spawn(process.execPath, [new URL('../../src/main.ts', import.meta.url).pathname], { env, stdio: 'ignore' })
  for (let look = 0; (await fetch(`${url}/health/ready`).catch(() => null))?.status !== 200; look++) {
    if (look > 300) throw new Error('the server does not start')
    await sleep(100)
  }
  const { data } = await ask('mutation { logIn(input: { userid: "admin", password: "a long password" }) { token } }')
  token = data.logIn.token
}, 60_000)
afterAll(async () => {
  isOver = true
  if (server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

async function ask(query: string, variables: object = {}): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  return response.json()
}
const backup = async (name: string) => {
  const file = join(folder, `${name}.gz`)
  const { stdout, stderr, exitCode } = await cli(['backup', file], env)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return { stdout, file }
}
const linesOf = (file: string) => gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
const copies = () => readdirSync(dataDir).filter(name => name.startsWith('backup-'))

test('under writes each backup is one moment: every user has the event of the same transaction, and no request fails', async () => {
  const acknowledged = new Set<string>()
  const failures: unknown[] = []
  let slowest = 0
  const CREATE = `mutation ($n: String!) { createUser(input: { userid: $n, profile: { name: $n }, permissions: ["AAA", "BBB"] }) { user { id } } }`
  const writer = async (who: number) => {
    for (let at = 0; !isOver; at++) {
      const began = performance.now()
      const { errors } = await ask(CREATE, { n: `w-${who}-${at}` })
      slowest = Math.max(slowest, performance.now() - began)
      if (errors) failures.push(errors)
      else acknowledged.add(`w-${who}-${at}`)
    }
  }
  const writers = [1, 2, 3, 4].map(writer)
  await sleep(500)
  expect(failures).toEqual([])
  for (const name of ['first', 'second', 'third']) {
    const before = [...acknowledged]
    const { stdout, file } = await backup(name)
    const after = acknowledged.size
    expect(stdout).toMatch(/^Wrote \d+ rows to .*\. Requests waited \d+ ms for the copy of the running store\. /)
    expect(after).toBeGreaterThan(before.length + 10)
    const lines = linesOf(file)
    const having = (table: string) =>
      lines.filter(line => line.startsWith(`"${table}":`)).map(line => JSON.parse(line.slice(table.length + 3)))
    const users = having('users').filter(({ userid }) => userid.startsWith('w-'))
    const events = having('audit_events').filter(
      ({ event, target_name: target }) => event === 'userCreated' && target.startsWith('bim/w-'),
    )
    expect(new Set(events.map(({ target_name: target }) => target.slice(4)))).toEqual(new Set(users.map(({ userid }) => userid)))
    const names = new Set(users.map(({ userid }) => userid))
    expect(before.filter(userid => !names.has(userid))).toEqual([])
    const ids = new Set(users.map(({ id }) => id))
    const granted = having('user_permissions').filter(({ user_id: id }) => ids.has(id))
    expect(granted.filter(({ permission }) => permission === 'AAA')).toHaveLength(users.length)
    expect(copies()).toEqual([])
  }
  isOver = true
  await Promise.all(writers)
  expect(failures).toEqual([])
  expect(slowest).toBeLessThan(10_000)
  const target = { ...env, DATA_DIR: join(folder, 'restored') }
  expect(await cli(['restore', join(folder, 'third.gz')], target)).toMatchObject({ exitCode: 0 })
  expect((await cli(['backup', join(folder, 'again.gz')], target)).exitCode).toBe(0)
  expect(linesOf(join(folder, 'again.gz'))).toEqual(linesOf(join(folder, 'third.gz')))
}, 180_000)

test('an old copy of an interrupted backup goes, a young one stays, and a store that is stopped gives the same lines', async () => {
  for (const [name, hours] of [
    ['backup-old', 2],
    ['backup-young', 0],
  ] as const) {
    mkdirSync(join(dataDir, name, 'postgres'), { recursive: true })
    const at = new Date(Date.now() - hours * 3_600_000)
    utimesSync(join(dataDir, name), at, at)
  }
  const running = await backup('running')
  expect(copies()).toEqual(['backup-young'])
  server.kill('SIGTERM')
  await once(server, 'exit')
  const stopped = await backup('stopped')
  expect(stopped.stdout).not.toContain('waited')
  expect(linesOf(stopped.file)).toEqual(linesOf(running.file))
}, 120_000)
