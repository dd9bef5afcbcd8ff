import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Process, startProcess } from './authorization/process.ts'
import { send } from './contract/client.ts'
import { serverUrl } from './harness/database.ts'
import { needsServer } from './platform/database/both.ts'

// Another session's lock is what makes a statement hang; the embedded store has one session.
describe.skipIf(!needsServer())('SIGTERM while a statement hangs', () => {
  const password = 'first administrator 71c0de'
  let roster: Process
  let other: pg.Client
  beforeEach(async () => {
    roster = await startProcess({ ADMIN_PASSWORD: password })
    other = new pg.Client(roster.databaseUrl!)
    await other.connect()
  })
  afterEach(async () => {
    await other.end()
    await roster.clean()
  })

  const logIn = () => send(roster.url, 'POST', '/bim/iam/bim/user/authenticate', { json: { username: 'admin', password } })
  const rows = async (query: string) => (await other.query(query)).rowCount

  /** A log-in half way through its transaction: it waits for a table that `other` has locked until it commits. */
  async function hangingLogIn(): Promise<{ answer: Promise<number | 'cut off'> }> {
    await other.query('BEGIN')
    await other.query('LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE')
    const answer = logIn().then(
      ({ status }) => status,
      () => 'cut off' as const,
    )
    while (!(await rows("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'audit_events'::regclass"))) await pause(20)
    return { answer }
  }

  it('answers the request when the lock goes, and ends well', async () => {
    const { answer } = await hangingLogIn()
    roster.signal('SIGTERM')
    while (
      await fetch(roster.url).then(
        () => true,
        () => false,
      )
    )
      await pause(20)
    await other.query('COMMIT')
    expect(await answer).toBe(200)
    expect(await roster.ended).toBe(0)
    const written = await roster.stop()
    expect(written).toContain('stopping on SIGTERM')
    expect(written).not.toContain('did not stop')
    expect(await rows('SELECT 1 FROM tokens')).toBe(1)
  })

  // Slow by nature: a statement waits 10 s for a lock.
  it('answers 503 when the lock stays, ends, and leaves nothing half done', {
    timeout: 60_000,
  }, async () => {
    const { answer } = await hangingLogIn()
    const signalled = Date.now()
    roster.signal('SIGTERM')
    expect(await answer).toBe(503)
    expect(await roster.ended).toBe(0)
    expect(Date.now() - signalled).toBeLessThan(25_000)
    const written = await roster.stop()
    expect(written).toContain('stopping on SIGTERM')
    expect(written).not.toContain('did not stop')
    await other.query('COMMIT')
    while (await rows("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'roster'"))
      await pause(20)
    expect(await rows('SELECT 1 FROM tokens')).toBe(0)
  })
})

// Linux counts the most that a process held.
describe.skipIf(serverUrl || process.platform !== 'linux')('on the embedded store', () => {
  it('holds at most 550 MB until it has served a while', { timeout: 60_000 }, async () => {
    const roster = await startProcess({ ADMIN_PASSWORD: 'first administrator 71c0de' })
    try {
      const json = { username: 'admin', password: 'first administrator 71c0de' }
      for (let n = 0; n < 5; n++)
        expect((await send(roster.url, 'POST', '/bim/iam/bim/user/authenticate', { json })).status).toBe(200)
      // What is compiled beside the first requests takes its memory then.
      await pause(2_000)
      expect(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${roster.pid}/status`, 'utf8'))?.[1]) / 1024).toBeLessThan(550)
    } finally {
      await roster.clean()
    }
  })
})
