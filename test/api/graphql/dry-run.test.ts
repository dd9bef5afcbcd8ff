// Every mutation that takes `dryRun` says what it would write and leaves everything as it is; what it says is what it then does.

import { type GraphQLObjectType, getNamedType, isInputObjectType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { make } from './make.ts'
import { operations, prepared, type Stage } from './operations.ts'
import { stockUp } from './stock.ts'

const N = 3
let app: TestApp
let on: Stage
beforeAll(async () => {
  app = await bootApp({ smtp: true })
  on = { app, stock: await stockUp(app.store, N), n: N }
}, 60_000)
afterAll(() => app?.close())

const fields = (createSchema().getMutationType() as GraphQLObjectType).getFields()
const takesDryRun = (name: string) => {
  const input = getNamedType(fields[name]!.args.find(arg => arg.name === 'input')?.type)
  return isInputObjectType(input) && 'dryRun' in input.getFields()
}
const answersChanges = (name: string) => {
  const payload = getNamedType(fields[name]!.type)
  return isObjectType(payload) && 'changes' in payload.getFields()
}

/** Whose `dryRun` has a report of its own. */
const OWN = ['eraseUser', 'relinkUsers', 'syncIam']

test('all bulk and destructive mutations take it', () => {
  expect(Object.keys(fields).filter(takesDryRun).toSorted()).toEqual(
    [
      ...OWN,
      'changeDataSourceOwners',
      'changeGroupMembers',
      'changeProjectMembers',
      'cloneUser',
      'deleteApiKey',
      'deleteDataSource',
      'deleteDomain',
      'deleteGroup',
      'deleteIam',
      'deleteProject',
      'deleteUser',
      'editAttributes',
      'grantUserPermissions',
      'importUsers',
      'relinkUser',
      'removeAttribute',
      'removeAttributeEverywhere',
      'removeGroupMember',
      'replaceAttributes',
      'replaceUser',
      'revokeApiKey',
      'revokeDomainPermission',
      'revokeTokens',
      'revokeUserPermission',
      'setUserDisabled',
      'setUserPermissions',
      'signOutEverywhere',
      'undoSync',
    ].toSorted(),
  )
})

test('and answer with changes', () => {
  expect(Object.keys(fields).filter(name => takesDryRun(name) && !OWN.includes(name) && !answersChanges(name))).toEqual([])
})

/** A digest of every table. Uses of credentials and exchanges are recorded beside requests. */
async function state(): Promise<Record<string, string>> {
  const { db } = app.store
  const tables = await db.query<{ name: string }>(
    `SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  )
  const digests: Record<string, string> = {}
  for (const { name } of tables.filter(table => table.name !== 'exchanges')) {
    const row = `to_jsonb(t) - 'last_used' - 'expires_at'${name === 'tokens' ? " - 'updated_at'" : ''}`
    const [found] = await db.query<{ digest: string }>(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg((${row})::text, ',' ORDER BY (${row})::text), '')) AS digest FROM "${name}" t`,
    )
    digests[name] = found!.digest
  }
  return digests
}

const CHANGES = 'changes { event targetType targetId targetName before after }'
interface Change {
  after?: unknown
  event: string
  targetType: string
  targetId: string | null
}
const eventsAfter = (id: string) =>
  app.store.db.query<Change>(
    `SELECT event, target_type AS "targetType", target_id AS "targetId", target_name AS "targetName", before, after
       FROM audit_events WHERE id > $1::bigint ORDER BY id`,
    [id],
  )
const lastEvent = async () =>
  (await app.store.db.query<{ id: string }>('SELECT coalesce(max(id), 0)::text AS id FROM audit_events'))[0]!.id
/** What does not exist yet has another id in the end. */
const MADE = ['userCloned', 'userCreated', 'groupCreated', 'groupUserAdded']
/** Without ids that differ on each run. */
const comparable = (changes: Change[]) =>
  changes.map(({ after, ...change }) => {
    const { globalUserId: _, ...rest } = (after ?? {}) as Record<string, unknown>
    const members = (rest.members as { name: string }[] | undefined)?.map(({ name }) => name).toSorted()
    const kept = { ...rest, ...(members && { members }) }
    return { ...change, after: after && kept, ...(MADE.includes(change.event) && { targetId: null }) }
  })

const table = operations.filter(({ label, name, kind }) => kind === 'mutation' && label === name && takesDryRun(name))

describe.each(table.filter(({ name }) => !OWN.includes(name)))('$name', entry => {
  test('says what it then does, and changes nothing before', async () => {
    const { query, variables } = await prepared(entry, on)
    const asked = query.replace(/\{ (?=[^{]*\})|(?<=\$input\) )\{ /, `{ ${CHANGES} `)
    const sent = async (dryRun: boolean) => {
      const { data, errors } = await app.graphql(asked, { input: { ...(variables.input as object), dryRun } })
      expect(errors, asked).toBeUndefined()
      return data[entry.name] as { changes: Change[] | null }
    }
    const [before, mails] = [await state(), app.mails.length]
    const dry = await sent(true)
    expect(dry.changes).not.toEqual([])
    expect(await state(), 'the dry run changes nothing').toEqual(before)
    expect(app.mails.length, 'nothing is mailed').toBe(mails)

    const last = await lastEvent()
    const done = await sent(false)
    expect(done.changes, 'a real run has no list of changes').toBeNull()
    expect(comparable(dry.changes!)).toEqual(comparable(await eventsAfter(last)))
    expect(await state()).not.toEqual(before)
  })
})

const dryRun = async (name: string, input: object, selection: string) => {
  const type = fields[name]!.args[0]!.type
  const { data, errors } = await app.graphql(`mutation ($input: ${type}) { ${name}(input: $input) { ${selection} } }`, {
    input: { ...input, dryRun: true },
  })
  return { data: data?.[name], errors }
}

test('the checks are the same: a refused change is refused in a dry run too', async () => {
  const { errors } = await dryRun('deleteUser', { ref: { databaseId: app.admin.id } }, 'deletedId')
  expect(errors?.[0]).toMatchObject({
    message: 'You cannot delete yourself: ask another administrator',
    extensions: { code: 'CONFLICT' },
  })
  const missing = await dryRun('deleteGroup', { ref: { databaseId: 2_000_000_000 } }, 'deletedId')
  expect(missing.errors?.[0]).toMatchObject({ extensions: { code: 'NOT_FOUND' } })
})

test('what would change nothing has no changes', async () => {
  const { id } = await make.user(on)
  const { data } = await dryRun('setUserDisabled', { ref: { databaseId: id }, disabled: false }, 'changes { event }')
  expect(data).toEqual({ changes: [] })
})

test('objects in the answer are as stored', async () => {
  const { id } = await make.user(on)
  const user = 'user { id: databaseId disabled permissions updatedAt }'
  const stored = (await app.graphql(`{ user(ref: { databaseId: ${id} }) { id: databaseId disabled permissions updatedAt } }`))
    .data.user
  expect((await dryRun('setUserDisabled', { ref: { databaseId: id }, disabled: true }, user)).data).toEqual({ user: stored })
  expect((await dryRun('setUserPermissions', { ref: { databaseId: id }, permissions: ['LEDGER'] }, user)).data).toEqual({
    user: stored,
  })
  const owner = { user: { databaseId: id } }
  const edits = [{ owner, operation: 'ADD', key: 'desk', value: 'day' }]
  expect(
    (await dryRun('editAttributes', { edits }, 'owners { ... on User { attributes { key } } } changes { after }')).data,
  ).toEqual({
    owners: [{ attributes: [] }],
    changes: [{ after: { desk: ['day'] } }],
  })
  const clone = { ref: { databaseId: id }, emails: ['clone@roster.example'] }
  expect((await dryRun('cloneUser', clone, 'users { id } failedEmails changes { event targetName } ')).data).toEqual({
    users: [],
    failedEmails: [],
    changes: [{ event: 'userCloned', targetName: 'bim/clone@roster.example' }],
  })
})

test('a credential that may only write sees which changes, not what they read', async () => {
  const { id } = await make.user(on)
  const token = (await make.key(on, app.admin.token, { scopes: ['user:delete'] })).secret
  const { data, extensions } = await app.graphql(
    `mutation { deleteUser(input: { ref: { databaseId: ${id} }, dryRun: true }) { changes { event targetId before } } }`,
    {},
    token,
  )
  expect(data.deleteUser).toEqual({ changes: [{ event: 'userDeleted', targetId: String(id), before: null }] })
  expect(extensions).toMatchObject({ hidden: ['deleteUser.changes.before'] })
})

test('two aliases: a dry run beside a real one leaves the real one', async () => {
  const [one, two] = [await make.user(on), await make.user(on)]
  const { data } = await app.graphql(`mutation {
    dry: deleteUser(input: { ref: { databaseId: ${one.id} }, dryRun: true }) { deletedId changes { targetId } }
    real: deleteUser(input: { ref: { databaseId: ${two.id} } }) { deletedId changes { targetId } }
  }`)
  expect(data).toEqual({
    dry: { deletedId: null, changes: [{ targetId: String(one.id) }] },
    real: { deletedId: toGlobalId('User', two.id), changes: null },
  })
  const left = await app.store.db.query<{ id: number }>('SELECT id FROM users WHERE id = ANY($1::int[])', [[one.id, two.id]])
  expect(left).toEqual([{ id: one.id }])
})
