// More than a page: the work goes on in the background, wherever a process lives that can do it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import { configOf, directoryAt, dnOf, groupLdif, groups, personLdif, startDirectory, syncsOf } from './organisation.ts'

sayWhenSkipped('LDAP sync in the background')

const PEOPLE = 1_500
const uids = Array.from({ length: PEOPLE }, (_, at) => `u${at}`)
const teams = Array.from({ length: 30 }, (_, team) => groupLdif(`team ${team}`, uids.slice(team * 40, team * 40 + 80).map(dnOf)))

describe.skipIf(slapdFolder === null)('in the background', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startDirectory([...uids.map(uid => personLdif(uid, 'title: Clerk\n')), ...teams])
  }, 60_000)
  afterAll(() => slapd?.close())

  describe('of one process', () => {
    let app: TestApp
    let syncs: ReturnType<typeof syncsOf>
    beforeAll(async () => {
      app = await bootApp({ background: true })
      syncs = syncsOf(app)
      await syncs.makeIam('corp', configOf(slapd, { ldapSync: { pageSize: 100, batchSize: 100 } }))
    }, 60_000)
    afterAll(() => app?.close())

    test('a dry run is watched to its end, and its plan read page by page', async () => {
      const { status, body } = await syncs.sync('corp', { dryRun: true })
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          totalCount: 0,
          count: 0,
          importedUsers: [],
          refreshedUsers: [],
          disabledUsers: [],
          enabledUsers: [],
          runningInBackground: true,
        },
      })
      await syncs.settled('corp')
      const [run] = await syncs.runs('corp')
      expect(run).toMatchObject({ status: 'FINISHED', dryRun: true, total: PEOPLE, planned: PEOPLE, applied: 0 })
      const found = new Set<string>()
      for (let after: string | null = null; ; ) {
        const { syncEntries } = await syncs.must(
          'query ($id: Int!, $after: String) { syncEntries(ref: { databaseId: $id }, first: 400, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { name } } }',
          { id: run.id, after },
        )
        for (const { name } of syncEntries.nodes) found.add(name)
        if (!syncEntries.pageInfo.hasNextPage) break
        after = syncEntries.pageInfo.endCursor
      }
      expect(found.size).toBe(PEOPLE)
      expect(await app.store.db.prisma.user.count({ where: { iamid: 'corp' } })).toBe(0)
    }, 60_000)

    test('another one cannot begin meanwhile, and one under way can be dropped', async () => {
      expect((await syncs.sync('corp')).body.runningInBackground).toBe(true)
      expect((await syncs.sync('corp')).status).toBe(409)
      const [run] = await syncs.runs('corp')
      expect((await syncs.decide('cancelSync', run.id)).data.cancelSync.run.status).toBe('CANCELLED')
      const before = await count()
      await new Promise(resolve => setTimeout(resolve, 500))
      expect(await count()).toBe(before)
      expect((await syncs.run(run.id)).status).toBe('CANCELLED')
    }, 60_000)
    const count = () => app.store.db.prisma.user.count({ where: { iamid: 'corp' } })

    test('imports everybody, and the next one finds nothing to do', async () => {
      await syncs.sync('corp')
      await syncs.settled('corp')
      expect((await syncs.runs('corp'))[0]).toMatchObject({ status: 'FINISHED', total: PEOPLE })
      expect(await count()).toBe(PEOPLE)
      expect((await syncs.user('u45')).memberships.nodes.map((node: { group: { name: string } }) => node.group.name)).toEqual([
        'team 0',
        'team 1',
      ])
      await syncs.sync('corp')
      await syncs.settled('corp')
      expect((await syncs.runs('corp'))[0]).toMatchObject({ unchanged: PEOPLE, planned: 0 })
    }, 60_000)

    test('incremental: only what changed is read, be it a person or a group', async () => {
      const directory = directoryAt(slapd)
      await app.store.db.query("UPDATE sync_runs SET started_at = now() + interval '10 minutes' WHERE status = 'finished'")
      await new Promise(resolve => setTimeout(resolve, 1_100))
      await directory.set(dnOf('u7'), 'title', ['Boss'])
      const query =
        'mutation { syncIam(input: {iamid: "corp", incremental: true}) { totalCount refreshedUsers disabledUsers run { mode } runningInBackground } }'
      const { syncIam } = await syncs.must(query)
      expect(syncIam).toEqual({
        totalCount: 1,
        refreshedUsers: [{ userId: 'u7', dn: dnOf('u7') }],
        disabledUsers: [],
        run: { mode: 'INCREMENTAL' },
        runningInBackground: false,
      })
      expect((await syncs.user('u7')).profile.position).toBe('Boss')
      await directory.join('team 3', [dnOf('u1400')])
      await syncs.must(query)
      await syncs.settled('corp')
      expect((await syncs.user('u1400')).memberships.nodes).toMatchObject([{ group: { name: 'team 3' } }])
      await directory.leave(dnOf('u9'))
      await syncs.must(query)
      await syncs.settled('corp')
      expect((await syncs.user('u9')).disabled).toBe(false)
      await directory.comeBack(dnOf('u9'))
      await directory.set(dnOf('u9'), 'title', ['Clerk'])
      expect(groups).toContain('ou=groups')
    }, 60_000)
  })

  // Each mostly waits.
  describe.concurrent.each([
    ['while it reads', 'READING', (run: { total: number }) => run.total > 100],
    ['while it writes', 'APPLYING', (run: { applied: number }) => run.applied > 0],
  ] as const)('kill -9 %s', (_, status, reached) => {
    test('it goes on where it stood, and nothing is done twice', async () => {
      const place = mkdtempSync(join(tmpdir(), 'roster-sync-'))
      const database = serverUrl ? await testDatabase({ migrated: true }) : null
      const port = await freePort()
      const env = {
        PORT: String(port),
        DATA_DIR: place,
        ADMIN_PASSWORD: 'kill test password',
        SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
        LOG_LEVEL: 'silent',
        ...(database && { DATABASE_URL: database.url }),
      }
      let child = await start(env)
      try {
        const url = `http://127.0.0.1:${port}`
        const ask = async (query: string, variables: object = {}, token?: string) => {
          const response = await fetch(`${url}/graphql`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
            body: JSON.stringify({ query, variables }),
          })
          const { data, errors } = (await response.json()) as { data: Record<string, any>; errors?: unknown[] }
          expect(errors, query).toBeUndefined()
          return data
        }
        const { token } = (await ask('mutation { logIn(input: {userid: "admin", password: "kill test password"}) { token } }'))
          .logIn
        await ask(
          'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }',
          {
            input: {
              iamid: 'corp',
              displayName: 'Corp',
              type: 'LDAP',
              config: configOf(slapd, { ldapSync: { pageSize: 50, batchSize: 10 } }),
            },
          },
          token,
        )
        const { id } = (await ask('mutation { syncIam(input: {iamid: "corp"}) { run { id: databaseId } } }', {}, token)).syncIam
          .run
        const look = async () =>
          (
            await ask(
              'query ($id: Int!) { syncRun(ref: { databaseId: $id }) { status reason total planned applied } }',
              { id },
              token,
            )
          ).syncRun
        await until(async () => {
          const run = await look()
          return run.status === status && reached(run)
        })
        child.kill('SIGKILL')
        await once(child, 'exit')
        child = await start(env)
        // On a server another process waits until the dead one has been silent for long enough.
        await until(async () => (await look()).status === 'FINISHED', 90_000)
        expect(await look()).toEqual({ status: 'FINISHED', reason: null, total: PEOPLE, planned: PEOPLE, applied: PEOPLE })
        const { users, auditEvents } = await ask(
          '{ users(first: 1, filter: {iamids: ["corp"]}) { totalCount } auditEvents(first: 1, filter: {events: [userCreated]}) { totalCount } }',
          {},
          token,
        )
        expect(users.totalCount).toBe(PEOPLE)
        expect(auditEvents.totalCount).toBe(PEOPLE + 1)
      } finally {
        child.kill('SIGKILL')
        rmSync(place, { recursive: true, force: true })
        await database?.drop()
      }
    }, 150_000)
  })
})

async function start(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [new URL('../../src/main.ts', import.meta.url).pathname], {
    env: { PATH: process.env.PATH, ...compiled, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout!) {
    output += chunk
    if (output.includes('is ready')) break
  }
  return child
}

async function until(holds: () => Promise<boolean>, patience = 60_000): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end; await new Promise(resolve => setTimeout(resolve, 20)))
    if (await holds()) return
  throw new Error('It did not come to that')
}
