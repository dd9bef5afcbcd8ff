// Two instances through PgBouncer in transaction mode, with half as many connections as they would open.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/platform/config/config.ts'
import { checkDatabase } from '../../../src/platform/database/check.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { hasPostgres, type OwnPostgres, startPostgres } from '../../harness/own.postgres.ts'
import { type Bouncer, hasPgBouncer, startPgBouncer } from '../../harness/pgbouncer.ts'

/** As the page has them. */
const SETTINGS = {
  statement_timeout: '30s',
  idle_in_transaction_session_timeout: '60s',
  lock_timeout: '10s',
  default_transaction_isolation: 'read committed',
  jit: 'off',
  timezone: 'UTC',
}
const QUIET = ['log_min_messages=fatal']

describe.skipIf(!hasPostgres() || !hasPgBouncer())('PgBouncer in transaction mode', () => {
  let postgres: OwnPostgres
  let direct: string
  let bouncer: Bouncer
  let one: TestApp
  let other: Awaited<ReturnType<typeof startApp>>

  const sql = async (text: string, url = postgres.url) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  beforeAll(async () => {
    postgres = await startPostgres({ settings: QUIET })
    await sql('CREATE ROLE roster LOGIN')
    await sql(`CREATE DATABASE roster OWNER roster ENCODING 'UTF8' TEMPLATE template0`)
    await sql('CREATE EXTENSION pg_trgm', Object.assign(new URL(postgres.url), { pathname: '/roster' }).href)
    for (const [name, value] of Object.entries(SETTINGS)) await sql(`ALTER ROLE roster SET ${name} = '${value}'`)
    direct = Object.assign(new URL(postgres.url), { pathname: '/roster', username: 'roster' }).href
    bouncer = await startPgBouncer(direct, { connections: 6 })
    const opens = () => openStore({ databaseUrl: bouncer.url, directUrl: direct, dataDir: 'unused' })
    one = await bootApp({ opens })
    other = await startApp(loadConfig({ PORT: '0', LOG_LEVEL: 'silent' }), { store: await opens(), background: false })
  }, 120_000)
  afterAll(async () => {
    await other?.stop()
    await one?.close()
    await bouncer?.end()
    await postgres?.end()
  })

  const asked = async (url: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${one.admin.token}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, { headers, ...init })
    return { status: response.status, body: (await response.json()) as any }
  }
  const graphql = (url: string, query: string) => asked(url, '/graphql', { method: 'POST', body: JSON.stringify({ query }) })
  const urls = () => [one.url, `http://127.0.0.1:${other.port}`] as const

  test('migrations ran past it: no lock and no setting of theirs is left on a connection', async () => {
    expect(await sql(`SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'`)).toEqual([{ n: 0 }])
    const shown = Object.keys(SETTINGS).map(name => `current_setting('${name}') AS ${name}`)
    for (let n = 0; n < 20; n++)
      expect(await sql(`SELECT ${shown.join(', ')}`, bouncer.url)).toMatchObject([
        { statement_timeout: '30s', lock_timeout: '10s' },
      ])
  })

  test('the check of the settings has no fault', async () => {
    const findings = await checkDatabase({ databaseUrl: bouncer.url, directUrl: direct, readUrl: null, dataDir: 'unused' })
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(findings).toContainEqual({
      about: 'pooler',
      status: 'ok',
      detail: 'in transaction mode, and it keeps prepared statements',
    })
  })

  test('300 requests, 50 at once, reads and writes, by two instances: all are answered, nothing is lost', async () => {
    const group = (await graphql(one.url, 'mutation { createGroup(input: { name: "crowd" }) { group { databaseId } } }')).body
      .data.createGroup.group.databaseId
    const people = (
      await graphql(
        one.url,
        `mutation { ${Array.from({ length: 100 }, (_, n) => `p${n}: createUser(input: { userid: "p${n}" }) { user { databaseId } }`).join(' ')} }`,
      )
    ).body.data
    const request = (n: number) => {
      const url = urls()[n % 2]!
      if (n % 3 === 0)
        return graphql(
          url,
          `mutation { addGroupMember(input: { group: { databaseId: ${group} }, user: { databaseId: ${people[`p${n / 3}`].user.databaseId} } }) { __typename } }`,
        )
      if (n % 3 === 1)
        return graphql(url, '{ users(first: 20) { nodes { userid permissions groups(first: 3) { nodes { name } } } } }')
      return asked(url, `/bim/group/${group}`)
    }
    const answers = []
    // Of one caller only so many run at one time.
    for (let n = 0; n < 300; n += 50) answers.push(...(await Promise.all(Array.from({ length: 50 }, (_, at) => request(n + at)))))
    expect(answers.filter(({ status, body }) => status !== 200 || body.errors).slice(0, 3)).toEqual([])
    const { body } = await graphql(one.url, `{ group(ref: { databaseId: ${group} }) { members(first: 1) { totalCount } } }`)
    expect(body.data.group.members.totalCount).toBe(100)
  }, 60_000)

  test('a revocation counts at the other instance within a second', async () => {
    const person = await one.as(['USER_ADMIN'])
    const mine = { headers: { authorization: `Bearer ${person.token}` } }
    for (const url of urls()) expect((await asked(url, '/bim/rpc/user/current', mine)).status).toBe(200)
    await graphql(
      one.url,
      `mutation { setUserDisabled(input: { ref: { databaseId: ${person.id} }, disabled: true }) { user { disabled } } }`,
    )
    await expect
      .poll(async () => (await asked(urls()[1], '/bim/rpc/user/current', mine)).status, { timeout: 1_000, interval: 20 })
      .toBe(401)
  })

  test('when it is killed, requests are answered again once it is back', async () => {
    await bouncer.restart()
    for (const url of urls())
      await expect.poll(async () => (await asked(url, '/bim/user?size=1')).status, { timeout: 10_000, interval: 50 }).toBe(200)
  })
})
