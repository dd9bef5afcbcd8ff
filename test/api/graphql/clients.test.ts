// Apollo Client, urql and graphql-request with a running Roster: the programs of docs/clients, and what each client gets besides.
// The libraries are installed on demand; where that fails the tests are skipped with the reason.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { fillDemo } from '../../../src/demo/demo.ts'
import { readPage, stepsOf } from '../../docs/shell.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { bin, CLIENTS, failure, INSTALL_MS, installTypeScript, run } from '../../harness/clients.ts'
import { testContext } from '../../harness/context.ts'

const NAMES = ['apollo', 'urql', 'graphql-request'] as const
const PAGES = join(CLIENTS, 'pages')
const END = '=== the end of a block ==='

const stepsOfPage = (name: string) => stepsOf(readPage(`docs/clients/${name}.md`), 'ts')
const TOUR_URL = 'http://127.0.0.1:4000'
const programOf = (name: string, url: string) =>
  stepsOfPage(name)
    .map(({ command }) => `${command.replaceAll(TOUR_URL, url)}console.log('${END}')\n`)
    .join('\n')

let reason: string | null
beforeAll(async () => {
  reason = await failure(installTypeScript())
  if (reason !== null) console.warn(`GraphQL clients are skipped: they cannot be installed: ${reason}`)
}, INSTALL_MS)

describe('the pages of docs/clients', () => {
  let app: TestApp | undefined
  beforeAll(async () => {
    await mkdir(PAGES, { recursive: true })
    for (const name of NAMES) await writeFile(join(PAGES, `${name}.ts`), programOf(name, TOUR_URL))
  })
  afterEach(() => app?.close())

  test('type-check', { timeout: 120_000 }, async ({ skip }) => {
    if (reason !== null) skip(reason)
    const { stdout } = await run(bin('tsc'), ['-p', join(CLIENTS, 'tsconfig.pages.json')]).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  })

  test.for(NAMES)('%s.md shows the real answers', { timeout: 60_000 }, async (name, { skip }) => {
    if (reason !== null) skip(reason)
    app = await bootApp({ env: { ADMIN_PASSWORD: 'tour password' } })
    await fillDemo(testContext({ actor: operator, store: app.store }))
    await writeFile(join(PAGES, `${name}.ts`), programOf(name, app.url))
    const options = ['--import', join(CLIENTS, 'print.mjs'), join(PAGES, `${name}.ts`)]
    const { stdout, stderr } = await run(process.execPath, options, { timeout: 30_000 })
    const printed = stdout.split(`"${END}"\n`).slice(0, -1)
    const shown = stepsOfPage(name).map(step => step.shown)
    expect(shown.filter(json => json !== null).length).toBeGreaterThan(2)
    for (const [index, json] of shown.entries())
      if (json === null) expect(printed[index]).toBe('')
      else expect(JSON.parse(printed[index]!)).toEqual(JSON.parse(json))
    expect(stderr).toBe('')
  })
})

describe('a client gets values and codes', () => {
  let app: TestApp
  let person: Person
  let groupId: string
  beforeAll(async () => {
    app = await bootApp()
    person = await app.as([], { userid: 'anna' })
    const ids: string[] = []
    for (const name of ['Alpha', 'Beta', 'Gamma']) {
      const created = await app.graphql('mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }', {
        input: { name },
      })
      const { id } = created.data.createGroup.group
      ids.push(id)
      await app.graphql('mutation($input: AddGroupMemberInput!) { addGroupMember(input: $input) { membership { id } } }', {
        input: { group: { id }, user: { databaseId: app.admin.id } },
      })
    }
    groupId = ids[0]!
  }, 60_000)
  afterAll(() => app?.close())

  const seen = async (name: string) => {
    const { userid } = await app.as([], { userid: `leaving.${name}` })
    const given = [app.url, app.admin.token, person.token, app.admin.password, groupId, userid]
    const options = [join(CLIENTS, name, 'seen.ts'), ...given]
    const { stdout, stderr } = await run(process.execPath, options, { timeout: 30_000 })
    return { ...JSON.parse(stdout), stderr }
  }

  test('Apollo Client', { timeout: 60_000 }, async ({ skip }) => {
    if (reason !== null) skip(reason)
    expect(await seen('apollo')).toEqual({
      // Without a type policy. The mutation updates the list; a query for other fields of a user adds to it.
      normalised: {
        disabled: [false, true],
        requests: 2,
        types: ['Group', 'Iam', 'Profile', 'User'],
        distinct: true,
        evicted: [true, true, 0],
        merged: ['__typename', 'groups', 'id', 'userid'],
        sameGroups: true,
      },
      paged: { names: ['Alpha', 'Beta', 'Gamma'], more: false },
      refused: {
        codes: [
          [null, 'UNAUTHENTICATED'],
          ['auditEvents', 'FORBIDDEN'],
          [null, 'GRAPHQL_VALIDATION_FAILED'],
        ],
        kept: 'LOGIN',
        missing: null,
      },
      // Roster stores no documents: the link sends one hash, then documents. Without a credential too.
      persisted: {
        userid: 'admin',
        logIn: ['hash', 'document'],
        queries: ['hash', 'document', 'document'],
        methods: ['GET', 'POST'],
      },
      stderr: '',
    })
  })

  test('urql', { timeout: 60_000 }, async ({ skip }) => {
    if (reason !== null) skip(reason)
    expect(await seen('urql')).toEqual({
      // The second query is answered by the cache, the third request follows the mutation.
      cached: { before: ['GET'], all: ['GET', 'POST', 'GET'], states: [false, true] },
      long: { method: ['POST'], users: 1, groups: 1 },
      refused: {
        anonymous: ['UNAUTHENTICATED'],
        expired: ['UNAUTHENTICATED'],
        partial: ['LOGIN', ['FORBIDDEN']],
        unknown: ['GRAPHQL_VALIDATION_FAILED'],
      },
      stderr: '',
    })
  })

  test('graphql-request', { timeout: 60_000 }, async ({ skip }) => {
    if (reason !== null) skip(reason)
    expect(await seen('graphql-request')).toEqual({
      user: ['admin', 'admin'],
      hidden: {
        data: { groups: { nodes: [{ name: 'Alpha', permissions: null }] } },
        extensions: { cost: expect.any(Number), hidden: ['groups.nodes.permissions'] },
      },
      failures: {
        expired: { status: 401, errors: [{ code: 'UNAUTHENTICATED' }] },
        refused: { status: 200, errors: [{ code: 'FORBIDDEN' }] },
        field: { status: 200, errors: [{ code: 'BAD_USER_INPUT', field: 'first' }] },
        reference: { status: 400, errors: [{ code: 'BAD_USER_INPUT', field: 'ref' }] },
        missing: { status: 200, errors: [{ code: 'NOT_FOUND' }] },
        // One operation a request: a batch is refused with a code.
        batch: { status: 400, errors: [{ code: 'BAD_REQUEST' }] },
      },
      partial: [{ viewer: { credential: 'LOGIN' }, auditEvents: null }, ['FORBIDDEN']],
      get: ['GET', 'admin'],
      stderr: '',
    })
  })
})
