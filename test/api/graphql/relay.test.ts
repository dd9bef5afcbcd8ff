// Relay with a running Roster: its compiler reads the schema, its runtime runs the files of docs/clients/relay.md, and both some more
// documents. Installed on demand; where that fails the tests are skipped with the reason.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../../contract/client.ts'
import { readPage } from '../../docs/shell.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { failure, installRelay, RELAY, run } from '../../harness/clients.ts'

const tool = (name: string, ...args: string[]) =>
  run(join(RELAY, 'node_modules/.bin', name), args, { cwd: RELAY, timeout: 60_000 })
/** What a command that failed prints is the finding. */
const printed = (work: Promise<{ stdout: string; stderr: string }>) =>
  work.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout: string; stderr: string; message: string }) => error.stdout + error.stderr || error.message,
  )

let app: TestApp
let reason: string | null
beforeAll(async () => {
  reason = await failure(installRelay())
  if (reason !== null) return console.warn(`Relay is skipped: it cannot be installed: ${reason}`)
  app = await bootApp()
  for (const [, path, text] of readPage('docs/clients/relay.md').matchAll(/`([\w./]+)`:\n\n```\w+\n([\s\S]*?)```/g)) {
    await mkdir(dirname(join(RELAY, path!)), { recursive: true })
    await writeFile(join(RELAY, path!), text!)
  }
  await rm(join(RELAY, 'src/__generated__'), { recursive: true, force: true })
  await writeFile(join(RELAY, 'schema.graphql'), (await send(app.url, 'GET', '/schema.graphql', { token: app.admin.token })).text)
}, 240_000)
afterAll(() => app?.close())

/** The global ids of the new groups, each with the administrator and, in the first, others. */
async function groupsWithMembers(names: readonly string[], others: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const name of names) {
    const { data } = await app.graphql('mutation ($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }', {
      input: { name },
    })
    const group = { id: data.createGroup.group.id }
    const add = ids.length === 0 ? ['admin', ...others] : ['admin']
    const { errors } = await app.graphql(
      'mutation ($input: ChangeGroupMembersInput!) { changeGroupMembers(input: $input) { group { id } } }',
      { input: { group, add: add.map(userid => ({ name: { userid } })) } },
    )
    expect(errors).toBeUndefined()
    ids.push(group.id)
  }
  return ids
}

test('the schema keeps the rules of Relay’s pages', { timeout: 60_000 }, async ({ skip }) => {
  if (reason !== null) skip(reason)
  const rules = ['relay-page-info-spec', 'relay-connection-types-spec', 'relay-connection-arguments-spec']
  const found = await run(join(RELAY, 'node_modules/.bin/graphql-schema-linter'), [
    '--format',
    'json',
    '--rules',
    rules.join(),
    join(RELAY, 'schema.graphql'),
  ]).catch((error: { stdout: string }) => error)
  expect(JSON.parse(found.stdout)).toEqual({ errors: [] })
})

test('documents compile, type-check and run', { timeout: 240_000 }, async ({ skip }) => {
  if (reason !== null) skip(reason)
  expect(await printed(tool('relay-compiler', 'relay.config.json'))).not.toMatch(/error|warn/i)
  expect(await readdir(join(RELAY, 'src/__generated__'))).toEqual(
    expect.arrayContaining(['PeoplePersonPageQuery.graphql.ts', 'SeenMembersPageQuery.graphql.ts']),
  )
  expect(await printed(tool('tsc', '-p', 'tsconfig.json'))).toBe('')
  expect(await printed(run(process.execPath, ['build.mjs'], { cwd: RELAY, timeout: 60_000 }))).not.toMatch(/error|warn/i)

  const others = [await app.as([], { userid: 'berta', name: 'Berta' }), await app.as([], { userid: 'carl', name: 'Carl' })]
  await app.as([], { userid: 'dora', name: 'Dora' })
  const groups = await groupsWithMembers(
    ['Alpha', 'Beta', 'Gamma'],
    others.map(({ userid }) => userid),
  )
  const user = Buffer.from(`User:${others[0]!.id}`).toString('base64url')
  const args = [join(RELAY, 'out/Seen.js'), app.url, app.admin.token, 'Alpha', groups[0]!, user]
  const { stdout, stderr } = await run(process.execPath, args, { timeout: 60_000 })
  // Relay warns of ids that it cannot store, and of fields that a payload lacks.
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    page: {
      userids: ['admin', 'berta', 'carl', 'dora'],
      first: ['Alpha', 'Beta'],
      both: ['Alpha', 'Beta', 'Gamma'],
      left: ['Beta', 'Gamma'],
      deleted: 'Alpha',
    },
    nodes: [
      { __typename: 'Group', id: groups[0], name: 'Alpha' },
      { __typename: 'User', id: user, userid: 'berta' },
    ],
    members: {
      one: ['Administrator'],
      two: ['Administrator', 'Berta'],
      hasNextPage: true,
      left: ['Administrator'],
      deleted: true,
    },
    groups: { loaded: ['Gamma'], shown: ['Gamma', 'Zulu'], local: ['Alpha', 'Gamma'] },
    missing: [{ extensions: { code: 'NOT_FOUND', requestId: expect.any(String) } }],
  })
})
