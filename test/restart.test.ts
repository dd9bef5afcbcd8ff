// Two instances on one database behind a proxy that follows readiness; docs/operations/restart.md has what is shown here.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type RequestOptions, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../scripts/demo/free-port.ts'
import { compiled } from './harness/compiled.ts'
import { testDatabase } from './harness/database.ts'
import { type ReadyProxy, readyProxy } from './harness/ready-proxy.ts'
import { needsServer } from './platform/database/both.ts'

const PASSWORD = 'first administrator 4fd1a2'
/** Twenty take two minutes on an idle machine. */
const RESTARTS = Number(process.env.ROSTER_TEST_RESTARTS ?? 6)
/** Requests a second; each tenth writes. */
const RATE = 100
const WRITES = 10
const AT_ONCE = 50

interface Failure {
  at: number
  status: number
  answer: string
}

/** Sends requests at RATE until it is stopped, over kept connections, and no more than AT_ONCE of them at one time. */
function load(url: string, { token, names }: { token: string; names: string }) {
  const failures: Failure[] = []
  const created: string[] = []
  const pending = new Set<Promise<void>>()
  const agent = new Agent({ keepAlive: true })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const began = performance.now()
  let sent = 0
  const send = async (number: number): Promise<void> => {
    const name = `${names} ${number}`
    const writes = number % WRITES === 0
    const body = writes
      ? { query: 'mutation ($name: String!) { createGroup(input: { name: $name }) { group { name } } }', variables: { name } }
      : { query: '{ viewer { user { userid } } }' }
    const expected = JSON.stringify({ data: writes ? { createGroup: { group: { name } } } : READ }).slice(0, -1)
    const { status, body: answer } = await post(`${url}/graphql`, { headers, agent, body: JSON.stringify(body) })
    if (!answer.startsWith(expected)) failures.push({ at: performance.now(), status, answer })
    else if (writes) created.push(name)
  }
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - began) / 1000) * RATE && pending.size < AT_ONCE; sent++) {
      const one: Promise<void> = send(sent).finally(() => pending.delete(one))
      pending.add(one)
    }
  }, 5)
  return {
    failures,
    created,
    sent: () => sent,
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
      agent.destroy()
    },
  }
}

/** Status 0 and the reason where no answer came. */
const post = (url: string, { body, ...options }: RequestOptions & { body: string }): Promise<{ status: number; body: string }> =>
  new Promise(resolve => {
    const fail = (error: Error) => resolve({ status: 0, body: String(error) })
    const sent = request(url, { method: 'POST', ...options }, answer =>
      text(answer).then(body => resolve({ status: answer.statusCode!, body }), fail),
    )
    sent.once('error', fail).end(body)
  })

const READ = { viewer: { user: { userid: 'admin' } } }

describe.skipIf(!needsServer())('two instances on one database', () => {
  const secret = randomBytes(32).toString('base64')
  const instances: { url: string; child: ChildProcess; written: string }[] = []
  let database: { url: string; drop(): Promise<void> }
  let proxy: ReadyProxy
  let token: string

  async function start(at: number, port: number): Promise<void> {
    const env = {
      PORT: String(port),
      DATABASE_URL: database.url,
      SECRET_KEY: secret,
      ADMIN_PASSWORD: PASSWORD,
      DRAIN_SECONDS: '2',
    }
    const main = new URL('../src/main.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [main], { env: { ...compiled, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    const instance = { url: `http://127.0.0.1:${port}`, child, written: '' }
    instances[at] = instance
    child.stdout.on('data', chunk => (instance.written += chunk))
    while (!instance.written.includes('Roster is ready')) {
      if (child.exitCode !== null) throw new Error(`Roster did not start: ${instance.written}`)
      await pause(20)
    }
  }
  const restart = async (at: number): Promise<void> => {
    await start(at, Number(new URL(instances[at]!.url).port))
    while (!proxy.isReady(instances[at]!.url)) await pause(20)
  }
  const ended = async ({ child }: { child: ChildProcess }) => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }
  const ask = async (query: string, bearer?: string) => {
    const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) }
    const answer = await fetch(`${proxy.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return ((await answer.json()) as { data: any }).data
  }

  beforeAll(async () => {
    database = await testDatabase({ migrated: true })
    for (const at of [0, 1]) await start(at, await freePort())
    proxy = await readyProxy(instances.map(({ url }) => url))
    while (!instances.every(({ url }) => proxy.isReady(url))) await pause(20)
    token = (await ask(`mutation { logIn(input: { userid: "admin", password: "${PASSWORD}" }) { token } }`)).logIn.token
  }, 60_000)
  afterAll(async () => {
    for (const { child } of instances) child.kill('SIGKILL')
    await Promise.all(instances.map(ended))
    await proxy?.close()
    await database?.drop()
  })

  test(`${RESTARTS} restarts in turn fail no request`, { timeout: 600_000 }, async () => {
    const requests = load(proxy.url, { token, names: 'restart' })
    for (let at = 0; at < RESTARTS; at++) {
      const instance = instances[at % 2]!
      instance.child.kill('SIGTERM')
      expect(await ended(instance)).toBe(0)
      expect(instance.written).toContain('"msg":"stopped"')
      await restart(at % 2)
    }
    await requests.stop()
    expect(requests.failures.slice(0, 3)).toEqual([])
    expect(requests.created.length).toBeGreaterThan(RESTARTS)
  })

  test('one that is killed fails what it had, for no longer than the proxy takes to see it', { timeout: 120_000 }, async () => {
    const requests = load(proxy.url, { token, names: 'kill' })
    await pause(1_000)
    const killed = performance.now()
    instances[1]!.child.kill('SIGKILL')
    await ended(instances[1]!)
    await pause(2_000)
    await restart(1)
    await requests.stop()
    console.log(`${requests.failures.length} of ${requests.sent()} requests failed`)
    expect(requests.failures.map(({ status }) => status)).toEqual(requests.failures.map(() => 502))
    expect(Math.max(0, ...requests.failures.map(({ at }) => at - killed))).toBeLessThan(1_500)
    const { groups } = await ask('{ groups(first: 1) { totalCount } }', token)
    expect(groups.totalCount).toBeGreaterThanOrEqual(requests.created.length)
  })
})
