// Imports over a real store: what is written, what is audited, what is refused, and what two at once do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { imports } from '../../../src/domain/users/import.service.ts'
import { userCreation } from '../../../src/domain/users/user-creation.service.ts'
import type { ImportUserRow, ImportUsersInput } from '../../../src/generated/inputs.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { eventsBy, makeGroupPermissions, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { HASHES } from '../credentials/hashes.ts'

let store: Store
let admin: UserActor
let lesser: UserActor
beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['USER_ADMIN', 'AUDIT'])
  lesser = await makeUser(store, 'lesser', ['USER_ADMIN'])
  await makeGroupPermissions(store, 'bim', { auditors: ['AUDIT'] })
})
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })
const run = (rows: Omit<ImportUserRow, 'line'>[], more: Partial<ImportUsersInput> = {}, actor = admin) =>
  imports.users(as(actor), { rows: rows.map((row, at) => ({ line: at + 2, ...row })), ...more })
const faultsOf = ({ rows }: Awaited<ReturnType<typeof run>>) =>
  rows.flatMap(({ line, faults }) => faults.map(({ field, message }) => `${line} ${field}: ${message}`))
const stored = (userid: string) =>
  store.db.prisma.user.findFirst({
    where: { iamid: 'bim', useridKey: userid },
    include: { permissions: true, attributes: { orderBy: { id: 'asc' } }, memberships: { include: { group: true } } },
  })

const people: Omit<ImportUserRow, 'line'>[] = [
  {
    ...{ userid: 'Ines', profile: { name: 'Inês Silva', email: 'Ines@silva.example', externalUserIds: { sql: 'INES' } } },
    ...{ permissions: ['AUDIT'], groups: ['Sales', 'auditors'], attributes: { Site: ['Ghent', 'Lyon'] } },
  },
  { userid: 'bjorn', disabled: true },
]

describe('new users', () => {
  test('have everything of their rows, and an event each', async () => {
    let result!: Awaited<ReturnType<typeof run>>
    const events = await eventsBy(store, async () => {
      result = await run(people, { createGroups: true })
    })
    expect(result).toMatchObject({ created: 2, changed: 0, unchanged: 0, refused: 0 })
    expect(result.rows).toMatchObject([
      { line: 2, userid: 'Ines', outcome: 'CREATED', faults: [] },
      { line: 3, userid: 'bjorn', outcome: 'CREATED', fields: ['userid', 'permissions', 'disabled'] },
    ])
    const ines = (await stored('ines'))!
    expect(ines).toMatchObject({
      id: result.rows[0]!.userId,
      name: 'Inês Silva',
      emailKey: 'ines@silva.example',
      disabledBy: null,
    })
    expect(ines.permissions).toMatchObject([{ permission: 'CREATE_PROJECT' }, { permission: 'AUDIT', grantedBy: 'bim/admin' }])
    expect(ines.attributes.map(({ key, value, source }) => [key, value, source])).toEqual([
      ['Site', 'Ghent', 'bim'],
      ['Site', 'Lyon', 'bim'],
    ])
    expect(ines.memberships.map(({ group, sources, addedBy }) => [group.name, sources, addedBy]).toSorted()).toEqual([
      ['Sales', ['bim'], 'bim/admin'],
      ['auditors', ['bim'], 'bim/admin'],
    ])
    expect(await stored('bjorn')).toMatchObject({ name: 'bjorn', disabled: true, disabledBy: 'bim', email: null })
    expect(events.map(({ event, action, targetName }) => [event, action, targetName])).toEqual([
      ['groupCreated', 'user:import', 'bim/auditors'],
      ['groupCreated', 'user:import', 'bim/Sales'],
      ['userCreated', 'user:import', 'bim/Ines'],
      ['userCreated', 'user:import', 'bim/bjorn'],
      ['groupUserAdded', 'user:import', expect.any(String)],
      ['groupUserAdded', 'user:import', expect.any(String)],
    ])
    expect(events[2]!.after).toEqual({
      ...{ iamid: 'bim', userid: 'Ines', name: 'Inês Silva', email: 'Ines@silva.example' },
      ...{ permissions: ['CREATE_PROJECT', 'AUDIT'], groups: ['Sales', 'auditors'], attributes: { Site: ['Ghent', 'Lyon'] } },
    })
    expect(events[4]!.after).toMatchObject({ members: [{ name: 'bim/Ines' }], count: 1 })
  })

  test('the same rows again change nothing and leave no event', async () => {
    const before = await stored('ines')
    let result!: Awaited<ReturnType<typeof run>>
    const events = await eventsBy(store, async () => {
      result = await run(people, { createGroups: true })
    })
    expect(result).toMatchObject({ created: 0, changed: 0, unchanged: 2, refused: 0 })
    expect(result.rows[0]).toMatchObject({ userId: before!.id, fields: [] })
    expect(events).toEqual([])
    expect(await stored('ines')).toEqual(before)
  })
})

describe('existing users', () => {
  test('get what the row names, with the events of the single changes; the rest stays', async () => {
    await run([
      { userid: 'carl', profile: { name: 'Carl', phone: '1' }, attributes: { site: ['a'], desk: ['b'] }, permissions: ['AUDIT'] },
    ])
    const row = {
      ...{ userid: 'CARL', profile: { phone: '2', location: 'Ghent' }, attributes: { Site: ['c'], desk: [] } },
      ...{ permissions: ['SOME_1'], disabled: true },
    }
    const { id } = (await stored('carl'))!
    await store.db.query(
      `INSERT INTO tokens (user_id, prefix, hash, last_used, expires_at, ends_at) SELECT $1::int, 'rt_x', '\\x01', now(), now(), now()`,
      [id],
    )
    const events = await eventsBy(store, async () => {
      expect((await run([row])).rows).toMatchObject([
        {
          outcome: 'CHANGED',
          fields: ['profile.phone', 'profile.location', 'attributes.site', 'attributes.desk', 'permissions', 'disabled'],
        },
      ])
    })
    expect(events.map(({ event, before, after }) => [event, before, after])).toEqual([
      ['userUpdated', { phone: '1', location: null }, { phone: '2', location: 'Ghent' }],
      [
        'permissionsUpdated',
        { permissions: ['CREATE_PROJECT', 'AUDIT'] },
        { permissions: ['CREATE_PROJECT', 'AUDIT', 'SOME_1'] },
      ],
      ['attributeUpdated', { site: ['a'], desk: ['b'] }, { site: ['c'], desk: null }],
      ['userDisabled', { disabled: false }, { disabled: true, revokedTokens: 1 }],
    ])
    const carl = (await stored('carl'))!
    expect(carl).toMatchObject({ userid: 'carl', name: 'Carl', phone: '2', location: 'Ghent', disabled: true, disabledBy: 'bim' })
    expect(await store.db.prisma.token.count({ where: { userId: id } })).toBe(0)
    const again = await eventsBy(store, () => run([row]))
    expect(again).toEqual([])
    const enabled = await eventsBy(store, () => run([{ userid: 'carl', disabled: false }]))
    expect(enabled).toMatchObject([{ event: 'userEnabled', after: { disabled: false } }])
  })

  test('stay as they are with KEEP', async () => {
    const result = await run([{ userid: 'carl', profile: { phone: '9' } }, { userid: 'dora' }], { existing: 'KEEP' })
    expect(result).toMatchObject({ created: 1, changed: 0, unchanged: 1 })
    expect((await stored('carl'))!.phone).toBe('2')
  })
})

describe('passwords of other systems', () => {
  const hash = HASHES['Django PBKDF2']!
  const passwordOf = async (userid: string) =>
    store.db.prisma.authentication.findFirst({ where: { user: { iamid: 'bim', useridKey: userid } } })

  test('go to users without one, whose invitations end; one that a user has stays', async () => {
    const { user: made } = await userCreation.create(as(admin), { userid: 'invited' })
    await userCreation.create(as(admin), { userid: 'known', password: 'a long ride at night' })
    const before = await passwordOf('known')
    const rows = ['fresh', 'invited', 'known'].map(userid => ({ userid, passwordHash: hash }))
    const events = await eventsBy(store, async () => {
      const result = await run(rows)
      expect(result.rows.map(({ outcome, fields }) => [outcome, fields])).toEqual([
        ['CREATED', ['userid', 'permissions', 'passwordHash']],
        ['CHANGED', ['passwordHash']],
        ['UNCHANGED', []],
      ])
    })
    expect(events.map(({ event, after }) => [event, after])).toEqual([
      ['userCreated', expect.objectContaining({ userid: 'fresh', hasPassword: true })],
      ['passwordChanged', { by: 'import' }],
    ])
    const form = /^\$pbkdf2-sha256\$i=20000\$/
    const imported = await passwordOf('invited')
    expect(imported).toMatchObject({ imported: true, passwordHash: expect.stringMatching(form) })
    expect((await stored('invited'))!.authenticationId).toBe(imported!.id)
    expect(await store.db.prisma.invitation.count({ where: { userId: made.id } })).toBe(0)
    expect(await passwordOf('known')).toEqual(before)
    expect(await eventsBy(store, () => run(rows))).toEqual([])
  })

  test('are a fault where they cannot be taken, and need the scope of passwords', async () => {
    const costly = await run([{ userid: 'costly', passwordHash: HASHES['bcrypt 2b']!.replace('$05$', '$20$') }])
    expect(faultsOf(costly)).toEqual([
      '2 passwordHash: passwordHash takes too much work at each log-in: bcrypt may have a cost up to 13',
    ])
    const scoped = { ...admin, credential: { ...admin.credential, scopes: ['user:import'] } }
    await expect(run([{ userid: 'scoped2', passwordHash: hash }], {}, scoped)).rejects.toMatchObject({
      message: expect.stringContaining('user:setPassword is outside'),
    })
  })

  test('of holders of permissions that the actor lacks are not given', async () => {
    await run([{ userid: 'auditor', permissions: ['AUDIT'] }])
    const result = await run([{ userid: 'auditor', passwordHash: hash }], {}, lesser)
    expect(faultsOf(result)).toEqual(['2 passwordHash: This user holds AUDIT, which you lack: ask a user who also holds it'])
  })
})

describe('a row with a fault', () => {
  test('is left out with all its faults; the others are written', async () => {
    const result = await run([
      { userid: 'erik', profile: { email: 'no address' }, permissions: ['lower'] },
      { userid: 'fay', profile: { email: 'fay@x.example' } },
      { userid: 'FAY' },
      { userid: 'gus', profile: { email: 'FAY@x.example' } },
      { userid: 'hal', profile: { email: 'ines@silva.example' }, groups: ['Nowhere'] },
    ])
    expect(result).toMatchObject({ created: 1, refused: 4 })
    expect(faultsOf(result)).toEqual([
      '2 profile.email: profile.email must be an e-mail address',
      expect.stringContaining('2 permissions: permissions must be 2 to 64'),
      '4 userid: userid repeats line 3: keep one of the two lines',
      '5 profile.email: profile.email repeats line 3: correct one of the two lines',
      '6 profile.email: profile.email is already taken by another bim user',
      '6 groups: groups names no group of bim: create Nowhere, or let the import create groups',
    ])
    expect(await stored('fay')).not.toBeNull()
    expect(await stored('hal')).toBeNull()
  })

  test('that would give or take administrative permissions which the actor lacks', async () => {
    const email = { profile: { email: 'taken@over.example' } }
    const result = await run(
      [
        { userid: 'ivy', permissions: ['AUDIT'] },
        { userid: 'jon', groups: ['auditors'] },
        { userid: 'admin', ...email, disabled: true },
        { userid: 'admin2' },
      ],
      {},
      lesser,
    )
    expect(result).toMatchObject({ created: 1, refused: 3 })
    expect(faultsOf(result)).toEqual([
      '2 permissions: You need AUDIT to grant or remove it: ask a user who holds it',
      '3 groups: You need AUDIT to grant or remove it: ask a user who holds it',
      '4 profile.email: This user holds AUDIT, which you lack: ask a user who also holds it',
      '4 disabled: This user holds AUDIT, which you lack: ask a user who also holds it',
    ])
    const oneself = await run([{ userid: 'lesser', disabled: true }], {}, lesser)
    expect(faultsOf(oneself)).toEqual(['2 disabled: You cannot disable yourself: ask another administrator'])
  })

  test('a default permission that the actor lacks keeps out every new user', async () => {
    await store.db.query(`UPDATE iams SET default_permissions = '{AUDIT}' WHERE id = 'bim'`)
    try {
      expect(faultsOf(await run([{ userid: 'kim' }], {}, lesser))).toEqual([
        expect.stringContaining('2 permissions: You need AUDIT'),
      ])
    } finally {
      await store.db.query(`UPDATE iams SET default_permissions = '{CREATE_PROJECT}' WHERE id = 'bim'`)
    }
  })
})

test('the last administrator stays: nothing of the call is written', async () => {
  const operator = testContext({ actor: { kind: 'machine', name: 'operator' }, store })
  const rows = [...['admin', 'lesser'].map((userid, line) => ({ line, userid, disabled: true })), { line: 9, userid: 'left' }]
  await expect(imports.users(operator, { rows })).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await stored('left')).toBeNull()
  expect((await stored('admin'))!.disabled).toBe(false)
})

test('a scoped credential needs the scopes of groups and attributes as well', async () => {
  const scoped = (...scopes: string[]): UserActor => ({ ...admin, credential: { ...admin.credential, scopes } })
  const rows = (more: object) => [{ userid: 'scoped', ...more }]
  const cases: [string[], object, Partial<ImportUsersInput>, string | null][] = [
    [['user:create'], {}, {}, 'user:import is outside'],
    [['user:import'], { groups: ['Sales'] }, {}, 'group:addMember is outside'],
    [['user:import'], { attributes: {} }, {}, 'attribute:write is outside'],
    [['user:import', 'group:addMember'], { groups: ['Sales'] }, { createGroups: true }, 'group:create is outside'],
    [['user:*'], {}, {}, null],
  ]
  for (const [scopes, row, more, message] of cases) {
    const asked = run(rows(row), more, scoped(...scopes))
    if (message === null) await asked
    else await expect(asked, message).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining(message) })
  }
})

test('at most 1,000 rows a call', async () => {
  const rows = Array.from({ length: 1001 }, (_, line) => ({ userid: `many${line}` }))
  await expect(run(rows)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'rows' })
})

test('the number of statements does not depend on the number of rows', async () => {
  const rowsOf = (stem: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      ...{ userid: `${stem}${at}`, profile: { phone: stem }, groups: [stem], permissions: ['SOME'] },
      ...{ attributes: { site: ['a', 'b'] } },
    }))
  const counts: number[] = []
  for (const [stem, count] of [
    ['few', 3],
    ['lots', 90],
  ] as const) {
    await run(rowsOf(stem, count).slice(0, count / 3), { createGroups: true })
    const changed = rowsOf(stem, count).map(row => ({ ...row, profile: { phone: 'new' }, attributes: { site: ['c'] } }))
    const sent = await statementsOf(store, async () => {
      expect(await run(changed, { createGroups: true })).toMatchObject({
        created: count - count / 3,
        changed: count / 3,
        refused: 0,
      })
    })
    counts.push(sent.length)
  }
  expect(counts[0]).toBe(counts[1])
}, 60_000)

test('rows far apart know of one another: an address of an earlier row, and its group', async () => {
  const rows = Array.from({ length: 250 }, (_, at) => ({
    userid: `far${at}`,
    groups: ['Far'],
    profile: { email: `far${at}@x.example` },
  }))
  rows[240]!.profile.email = 'FAR3@x.example'
  const events = await eventsBy(store, async () => {
    const result = await run(rows, { createGroups: true })
    expect(result).toMatchObject({ created: 249, refused: 1 })
    expect(result.rows.map(({ line }) => line)).toEqual(rows.map((_, at) => at + 2))
    expect(faultsOf(result)).toEqual(['242 profile.email: profile.email repeats line 5: correct one of the two lines'])
  })
  expect(events.filter(({ event }) => event === 'groupCreated')).toHaveLength(1)
  expect(await store.db.prisma.membership.count({ where: { group: { name: 'Far' } } })).toBe(249)
}, 60_000)

test('two imports of the same rows at once make each user once', async () => {
  const rows = Array.from({ length: 200 }, (_, at) => ({
    ...{ userid: `twin${at}`, profile: { email: `twin${at}@x.example` }, groups: ['Twins'], attributes: { site: [String(at)] } },
  }))
  const results = await Promise.all([run(rows, { createGroups: true }), run(rows.toReversed(), { createGroups: true })])
  const sum = (name: 'created' | 'unchanged' | 'refused') => results[0][name] + results[1][name]
  expect([sum('created'), sum('unchanged'), sum('refused')]).toEqual([200, 200, 0])
  expect(await store.db.prisma.user.count({ where: { userid: { startsWith: 'twin' } } })).toBe(200)
  expect(await store.db.prisma.membership.count({ where: { group: { name: 'Twins' } } })).toBe(200)
}, 60_000)
