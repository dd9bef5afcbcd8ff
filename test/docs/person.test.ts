// The commands of docs/operations/person.md run as they stand; then what a credential may not see, and many pages.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { CORE, provider } from '../scim/provider.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
let folder: string
let app: TestApp
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-person-docs-'))
  app = await bootApp()
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
const exported = (token: string, ...args: string[]): Promise<Ended> =>
  new Promise(resolve => {
    const env = { ...compiled, XDG_CONFIG_HOME: folder, ROSTER_URL: app.url, ROSTER_TOKEN: token }
    execFile(process.execPath, [main, 'person', 'export', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })

test('what the commands of the page print', async () => {
  const all = await app.as(['USER_ADMIN', 'AUDIT', 'APPLICATION_ADMIN'])
  const places = (token: string) => ({
    'npm run --silent roster --': `ROSTER_URL='${app.url}' ROSTER_TOKEN='${token}' '${process.execPath}' '${main}'`,
  })
  const [first, second, erasing, ...rest] = blocks(readPage('docs/operations/person.md'), 'sh')
  expect(rest).toEqual([])
  await runBlocks(folder, [first!], places(all.token))
  expect(statSync(join(folder, 'admin.json')).mode & 0o777).toBe(0o600)
  const file = JSON.parse(readFileSync(join(folder, 'admin.json'), 'utf8'))
  expect(file).toMatchObject({ hidden: [], user: { iamid: 'bim', userid: 'admin' }, exchanges: [] })
  const [partial] = await runBlocks(folder, [second!], places((await app.as(['USER_ADMIN'])).token))
  expect(JSON.parse(partial!)).toMatchObject({ hidden: ['eventsAsActor', 'eventsAsTarget', 'exchanges'], memberships: [] })
  const ana = await app.as([], { userid: 'ana', name: 'Ana' })
  const [erased] = await runBlocks(folder, [erasing!], places(all.token))
  const counts = String.raw`(?:\w+\t\d+\n)*audit_events\t\d+\n(?:\w+\t\d+\n)*`
  expect(erased).toMatch(new RegExp(`^TABLE\tWOULD BE ERASED\n${counts}Nothing was changed\\.\nTABLE\tERASED\n${counts}`))
  expect(erased).toContain(`The person is erased-${ana.id} now.\n`)
  expect(Object.keys(JSON.parse(partial!))).toEqual([
    'exportedAt',
    'hidden',
    'user',
    'memberships',
    'domainPermissions',
    'apiKeys',
    'tokens',
  ])
}, 60_000)

test('has every membership over several pages, keys without secrets, events and exchanges', async () => {
  const all = await app.as(['USER_ADMIN', 'AUDIT', 'APPLICATION_ADMIN'])
  const ben = await app.as(['AUDIT'], { userid: 'ben', name: 'Ben' })
  const key = await ben.key()
  const names = Array.from({ length: 250 }, (_, at) => `Team ${at}`)
  const { db } = app.store
  await db.query(
    `WITH made AS (INSERT INTO groups (iamid, name, name_key, updated_at) SELECT 'bim', n, lower(n), now() FROM unnest($1::text[]) n RETURNING id)
     INSERT INTO memberships (user_id, group_id, sources, updated_at) SELECT $2::int, id, '{bim}', now() FROM made`,
    [names, ben.id],
  )
  const { code, stdout, stderr } = await exported(all.token, 'ben')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const file = JSON.parse(stdout)
  const groups = file.memberships.map((row: { group: { name: string } }) => row.group.name)
  expect([groups.length, new Set(groups)]).toEqual([250, new Set(names)])
  expect(file.user.permissionGrants).toContainEqual(expect.objectContaining({ permission: 'AUDIT', source: 'bim' }))
  expect(file.apiKeys).toHaveLength(1)
  expect(file.tokens).toHaveLength(1)
  for (const secret of [key, ben.token, 'password of ben']) expect(stdout).not.toContain(secret)
  expect(stdout).not.toContain('$argon2')
  expect(file.eventsAsActor.map((row: { event: string }) => row.event)).toContain('apiKeyCreated')
  expect(file.eventsAsTarget.map((row: { event: string }) => row.event)).toContain('userCreated')

  const idp = await provider(app, 'idp')
  await idp.send('POST', '/Users', { schemas: [CORE], userName: 'Eva', password: 'hunter2' })
  const eva = await exported(all.token, 'idp/eva')
  expect(JSON.parse(eva.stdout).exchanges).toMatchObject([{ operation: 'POST /Users', userid: 'Eva' }])
  expect(eva.stdout).not.toContain('hunter2')
}, 60_000)

test('erase: without a terminal it needs --yes, an unknown person is exit code 3, and JSON has the counts', async () => {
  const all = await app.as(['USER_ADMIN', 'AUDIT'])
  const { id } = await app.as([], { userid: 'otto', name: 'Otto' })
  const run = (...args: string[]): Promise<Ended> =>
    new Promise(resolve => {
      const env = { ...compiled, XDG_CONFIG_HOME: folder, ROSTER_URL: app.url, ROSTER_TOKEN: all.token }
      execFile(process.execPath, [main, 'person', 'erase', ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      )
    })
  expect(await run('otto')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes is needed') })
  expect(await run('nobody-here', '--yes')).toMatchObject({ code: 3, stdout: '' })
  expect(await app.store.db.prisma.user.count({ where: { id, disabled: false } })).toBe(1)
  const { code, stdout } = await run('otto', '--yes', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    pseudonym: `erased-${id}`,
    dryRun: false,
    tables: expect.arrayContaining([{ table: 'users', rows: 1 }]),
  })
  expect(await run('otto', '--yes')).toMatchObject({ code: 3 })
}, 60_000)

test('prints nothing to a credential that may not see all, or about nobody', async () => {
  const plain = await app.as([])
  const refused = await exported(plain.token, 'admin')
  expect(refused).toMatchObject({ code: 4, stdout: '' })
  const auditor = await exported((await app.as(['USER_ADMIN'])).token, 'admin')
  expect(auditor).toMatchObject({ code: 4, stdout: '' })
  expect(auditor.stderr).toContain('eventsAsTarget (AUDIT), exchanges (APPLICATION_ADMIN, and USER_ADMIN or AUDIT)')
  // AUDIT shows the grants of others, but neither their groups nor their keys.
  const reader = await app.as(['AUDIT', 'APPLICATION_ADMIN'])
  const hidden = await exported(reader.token, 'admin')
  expect(hidden).toMatchObject({ code: 4, stdout: '' })
  expect(hidden.stderr).toContain('memberships (USER_ADMIN)')
  const own = await exported(reader.token, reader.userid, '--partial')
  expect(own.stderr).toBe('')
  const rest = await exported(reader.token, 'admin', '--partial')
  expect({ code: rest.code, stderr: rest.stderr }).toEqual({ code: 0, stderr: '' })
  const shown = JSON.parse(rest.stdout)
  expect(shown.hidden).toContain('memberships')
  for (const part of shown.hidden) expect(shown).not.toHaveProperty(part)
  expect(shown.eventsAsActor).not.toEqual([])
  expect(await exported(app.admin.token, 'nobody')).toMatchObject({ code: 3, stdout: '' })
}, 60_000)
