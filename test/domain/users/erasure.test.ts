// After eraseUser no text of the store has the person's names; others, also of the same name elsewhere, stay as they were.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { CORE, ENTERPRISE, GROUP, PATCH_OP, type Provider, provider } from '../../scim/provider.ts'

let app: TestApp
let idp: Provider
beforeAll(async () => {
  app = await bootApp()
  idp = await provider(app, 'idp')
}, 60_000)
afterAll(() => app.close())

/** Every row of every table, as text. */
async function everything(): Promise<{ table: string; row: string }[]> {
  const { db } = app.store
  const tables = await db.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  )
  const rows = []
  for (const { name } of tables)
    for (const { row } of await db.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`))
      rows.push({ table: name, row })
  return rows
}
async function having(...names: readonly string[]) {
  await new Promise(done => setTimeout(done, 700)) // Exchanges are written twice a second.
  const forms = names.flatMap(name => [name, JSON.stringify(name).slice(1, -1), encodeURIComponent(name)])
  const wanted = forms.flatMap(form => [form.toLowerCase(), form.normalize('NFD').toLowerCase()])
  return (await everything()).filter(({ row }) => wanted.some(form => row.toLowerCase().includes(form)))
}

const must = async (query: string, variables: object = {}, token = app.admin.token) => {
  const { data, errors } = await app.graphql(query, variables, token)
  expect(errors).toBeUndefined()
  return data
}
function expectRefused({ errors }: { errors?: any[] }, code: string, message: RegExp): void {
  expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code } }])
}
const ERASE = `mutation ($input: EraseUserInput!) { eraseUser(input: $input) { pseudonym endCursor tables { table rows } } }`
const erase = async (ref: object, more: object = {}) =>
  (await must(ERASE, { input: { ref, ...more } })).eraseUser as {
    pseudonym: string
    endCursor: string | null
    tables: { table: string; rows: number }[]
  }
const setName = (id: number, name: string, email: string) =>
  must(
    `mutation ($ref: UserRef!, $profile: ProfileInput!) { updateProfile(input: { ref: $ref, profile: $profile }) { user { id } } }`,
    {
      ref: { databaseId: id },
      profile: { name, email, phone: '+351 900 777 123', about: `I am ${name}`, preferences: { nick: name } },
    },
  )

/** All that an administrator leaves in the store: as the one who acts, and as the one who is acted on. */
async function live(person: Person, names: { name: string; former: string; email: string }) {
  await setName(person.id, names.former, `former.${names.email}`)
  await setName(person.id, names.name, names.email)
  const ref = { databaseId: person.id }
  const { token } = person
  const n = person.id
  const { createGroup, createProject } = await must(
    `mutation ($n: String!) {
      createGroup(input: { name: $n }) { group { databaseId } }
      createProject(input: { name: $n }) { project { databaseId } }
      createApiKey(input: { name: "mine" }) { secret }
      createUser(input: { userid: $n, profile: { name: "Other" }, permissions: ["AUDIT"] }) { user { id } }
      updateIam(input: { iamid: "bim", groupPermissions: { ${`Team${n}`}: ["AUDIT"] }, defaultPermissions: ["CREATE_PROJECT", "OF_${n}"] }) { iam { id } }
    }`,
    { n: `made by ${n}` },
    token,
  )
  const group = { databaseId: createGroup.group.databaseId }
  const addMember = `mutation ($group: GroupRef!, $user: UserRef!) { addGroupMember(input: { group: $group, user: $user }) { membership { id } } }`
  await must(addMember, { group, user: ref }, app.admin.token)
  await must(addMember, { group, user: { databaseId: app.admin.id } }, token)
  await must(
    `mutation ($ref: UserRef!, $project: ProjectRef!) {
      addAttribute(input: { owner: { user: $ref }, key: "Desk", value: "next to the window" }) { owner { __typename } }
      grantUserPermissions(input: { ref: $ref, permissions: ["GOVERNANCE"] }) { user { id } }
      changeProjectMembers(input: { ref: $project, add: [$ref] }) { project { id } }
    }`,
    { ref, project: { databaseId: createProject.project.databaseId } },
  )
  const logIn = `mutation ($u: String!) { logIn(input: { userid: $u, password: "wrong" }) { token } }`
  await app.graphql(logIn, { u: person.userid }, null)
  // Denied: an event with the name that was asked for.
  const outsider = await app.as([])
  await app.graphql(
    `mutation ($u: String!) { deleteUser(input: { ref: { name: { userid: $u } } }) { deletedId } }`,
    { u: person.userid },
    outsider.token,
  )
  await app.store.db.prisma.syncRun.create({
    data: {
      iamid: 'bim',
      mode: 'user',
      startedBy: `bim/${person.userid}`,
      startedByUserId: person.id,
      dryRun: false,
      userid: person.userid,
      status: 'quarantined',
      reason: `for ${person.userid}, again`,
      notes: [`${names.name} was seen twice`],
      entries: {
        create: {
          kind: 'user',
          name: person.userid,
          nameKey: person.userid.toLowerCase(),
          dn: `uid=${person.userid},dc=x`,
          userId: person.id,
          action: 'update',
          state: 'planned',
          said: { userid: person.userid, profile: { name: names.name, phone: '+351 900 777 123' } },
          before: { email: names.email },
          after: { email: `new.${names.email}`, groups: ['Harbour'] },
        },
      },
    },
  })
}

test.each([
  ['zqxvera.77', 'Zqxvera Äußerstein', 'zqx.vera@erase.example'],
  ['ZQ"quoted\\back%_7', 'Wqy "Nick" O\'Zzyx \\ 100%', 'wqy+zzyx@erase.example'],
  ['zqx-vera@erase-me.example', 'Ölqa Straße-Zqxlein', 'zqx-vera@erase-me.example'],
])(
  '%s: nothing has the names any more',
  async (userid, name, email) => {
    const person = await app.as(['USER_ADMIN', 'APPLICATION_ADMIN', 'AUDIT', 'CREATE_PROJECT', 'GOVERNANCE'], { userid, name })
    await live(person, { name, former: `Former ${name} Née`, email })
    expect((await having(userid, name, email)).length).toBeGreaterThan(15)
    const before = await everything()

    const counted = await erase({ databaseId: person.id }, { dryRun: true })
    expect(await everything()).toEqual(expect.arrayContaining(before))
    expect(counted.endCursor).toBeNull()
    const done = await erase({ databaseId: person.id })
    expect(done).toMatchObject({ pseudonym: `erased-${person.id}`, endCursor: null })
    const rowsOf = ({ tables }: typeof done, wanted: string) => tables.find(({ table }) => table === wanted)?.rows
    for (const table of ['audit_events', 'sync_runs', 'sync_entries', 'memberships', 'tokens', 'api_keys', 'users'])
      expect(rowsOf(counted, table), table).toBeGreaterThan(0)
    expect(rowsOf(done, 'sync_entries')).toBe(rowsOf(counted, 'sync_entries'))

    expect(await having(userid, name, email, `Former ${name} Née`, '900 777 123')).toEqual([])
    const { db } = app.store
    const [left] = await db.query<{ users: number; acted: number; erased: number; addresses: number; planned: number }>(
      `SELECT (SELECT count(*)::int FROM users WHERE id = $1) AS users,
       (SELECT count(*)::int FROM audit_events WHERE actor_user_id = $1 AND actor_name = $2) AS acted,
       (SELECT count(*)::int FROM audit_events WHERE event = 'userErased' AND target_id = $1::text AND target_name = $2) AS erased,
       (SELECT count(*)::int FROM audit_events WHERE (actor_user_id = $1 OR target_type = 'user' AND target_id = $1::text AND event <> 'userErased' AND event <> 'userDisabled') AND address IS NOT NULL
          AND actor_user_id = $1) AS addresses,
       (SELECT count(*)::int FROM sync_entries WHERE user_id = $1 AND state = 'planned') AS planned`,
      [person.id, `bim/erased-${person.id}`],
    )
    expect(left).toMatchObject({ users: 0, erased: 1, addresses: 0, planned: 0 })
    expect(left!.acted).toBeGreaterThan(5)

    const again = await app.graphql(ERASE, { input: { ref: { name: { userid } } } })
    expectRefused(again, 'NOT_FOUND', /.*/)
  },
  60_000,
)

describe('a person of a provider', () => {
  test('requests and answers with the person are emptied, the names of a manager are gone, others stay', async () => {
    const created = await idp.send('POST', '/Users', {
      schemas: [CORE],
      userName: 'qqzelda',
      displayName: 'Qqzelda Vrooom',
      name: { givenName: 'Qqzelda', familyName: 'Vrooom' },
      emails: [{ value: 'qqzelda@erase.example', primary: true }],
      phoneNumbers: [{ value: '+351 911 222 333', type: 'work' }],
    })
    const { id } = created.body
    await idp.patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: 'Qqzelda Vrooom II' })
    await idp.send('POST', '/Users', {
      schemas: [CORE, ENTERPRISE],
      userName: 'reportee',
      displayName: 'Rep Ortee',
      nickName: 'PA of Qqzelda Vrooom II',
      [ENTERPRISE]: { manager: { value: id, displayName: 'Qqzelda Vrooom II' } },
    })
    await idp.send('POST', '/Groups', { schemas: [GROUP], displayName: 'Qqzelda', members: [{ value: id }] })
    await idp.get(`/Users?filter=${encodeURIComponent('userName eq "qqzelda"')}`)
    await idp.send('PATCH', `/Users/${id}`, {
      schemas: [PATCH_OP],
      Operations: [{ op: 'replace', path: 'nonsense', value: 'qqzelda' }],
    })
    const namesake = await app.as([], { userid: 'qqzelda', name: 'Another' })
    expect((await having('qqzelda@erase.example', 'Vrooom')).length).toBeGreaterThan(3)
    await erase({ name: { iamid: 'idp', userid: 'qqzelda' } })
    expect(await having('qqzelda@erase.example', 'vrooom', '911 222 333', 'idp/qqzelda')).toEqual([])
    const rows = await having('qqzelda')
    // The group has this name, and so has somebody of bim.
    expect(new Set(rows.map(({ table }) => table))).toEqual(
      new Set(['public.users', 'public.groups', 'public.audit_events', 'public.exchanges']),
    )
    const { user } = await must('query ($ref: UserRef!) { user(ref: $ref) { userid } }', { ref: { databaseId: namesake.id } })
    expect(user).toEqual({ userid: 'qqzelda' })
    const reportee = await idp.get('/Users?filter=userName%20eq%20%22reportee%22')
    expect(reportee.body.Resources[0].displayName).toBe('Rep Ortee')
    expect(reportee.body.Resources[0].nickName).toMatch(/^PA of erased-\d+$/)
  }, 60_000)

  test('one who was deleted before is found by the audit log', async () => {
    const gone = await app.as([], { userid: 'wexford.zq', name: 'Wexford Zqueue' })
    await setName(gone.id, 'Wexford Zqueue', 'wexford@erase.example')
    await must('mutation ($ref: UserRef!) { deleteUser(input: { ref: $ref }) { deletedId } }', { ref: { databaseId: gone.id } })
    expect((await having('wexford')).length).toBeGreaterThan(2)
    const { pseudonym } = await erase({ name: { userid: 'Wexford.zq' } })
    expect(pseudonym).toBe(`erased-${gone.id}`)
    expect(await having('wexford')).toEqual([])
  }, 60_000)
})

test('many events are erased in windows, and a call that is interrupted begins again', async () => {
  const person = await app.as([], { userid: 'yyorick.9', name: 'Yyorick Nine' })
  const event = (at: number) => ({
    event: 'userUpdated',
    action: 'user:updateProfile',
    outcome: 'done',
    actorKind: 'user',
    actorName: 'bim/somebody',
    targetType: at % 2 === 0 ? 'group' : 'user',
    targetId: at % 2 === 0 ? '7' : String(person.id),
    targetName: at % 2 === 0 ? 'bim/Team' : 'bim/yyorick.9',
    after: at % 2 === 0 ? { added: ['bim/yyorick.9', 'bim/yyorick.90'] } : { name: 'Yyorick Nine', permissions: ['AUDIT'] },
    requestId: 'r',
  })
  await app.store.db.prisma.auditEvent.createMany({ data: Array.from({ length: 6_000 }, (_, at) => event(at)) })
  // As after a crash in between: some events are erased, and the user is still there.
  await app.store.db.query(
    `UPDATE audit_events SET target_name = 'bim/erased-' || target_id WHERE request_id = 'r' AND target_type = 'user' AND id % 3 = 0`,
  )
  let cursor: string | null = null
  do cursor = (await erase({ databaseId: person.id }, { after: cursor })).endCursor
  while (cursor !== null)
  expect(await having('yyorick.9"', 'yyorick nine')).toEqual([])
  const [kept] = await app.store.db.query<{ others: number; permissions: number }>(
    `SELECT count(*) FILTER (WHERE after->'added' ? 'bim/yyorick.90')::int AS others,
       count(*) FILTER (WHERE after->'permissions' ? 'AUDIT' AND after->>'name' = $1)::int AS permissions FROM audit_events WHERE request_id = 'r'`,
    [`erased-${person.id}`],
  )
  expect(kept).toEqual({ others: 3_000, permissions: 3_000 })
}, 120_000)

describe('refused', () => {
  test('without AUDIT, for oneself, for a holder of more, for nobody, with a cursor of elsewhere', async () => {
    const target = await app.as([])
    const ref = { databaseId: target.id }
    const userAdmin = await app.as(['USER_ADMIN'])
    expectRefused(await app.graphql(ERASE, { input: { ref } }, userAdmin.token), 'FORBIDDEN', /AUDIT/)
    expectRefused(await app.graphql(ERASE, { input: { ref } }, (await app.as(['AUDIT'])).token), 'FORBIDDEN', /USER_ADMIN/)
    const both = await app.as(['USER_ADMIN', 'AUDIT'])
    const self = await app.graphql(ERASE, { input: { ref: { databaseId: both.id } } }, both.token)
    expectRefused(self, 'CONFLICT', /cannot erase yourself/)
    const higher = await app.as(['GOVERNANCE'])
    const more = await app.graphql(ERASE, { input: { ref: { databaseId: higher.id } } }, both.token)
    expectRefused(more, 'FORBIDDEN', /GOVERNANCE/)
    expectRefused(await app.graphql(ERASE, { input: { ref: { databaseId: 987_654 } } }), 'NOT_FOUND', /./)
    expectRefused(await app.graphql(ERASE, { input: { ref, after: '99:1' } }), 'BAD_USER_INPUT', /after must be the endCursor/)
    expect(await app.store.db.prisma.user.count({ where: { id: target.id, disabled: false } })).toBe(1)
  }, 60_000)

  test('the last administrator, who stays enabled', async () => {
    const other = await bootApp({ env: { GRANTS: 'documented' } })
    try {
      const ask = async (query: string, variables: object = {}) => {
        const { data, errors } = await other.graphql(query, variables)
        expect(errors).toBeUndefined()
        return data
      }
      // Only a service account is left beside the last person who administers.
      const { createServiceAccount: made } = await ask(
        `mutation ($owner: UserRef!) { createServiceAccount(input: { userid: "robot", name: "Robot", owner: { user: $owner },
          permissions: ["USER_ADMIN", "AUDIT", "APPLICATION_ADMIN", "GOVERNANCE", "PROJECT_MANAGEMENT", "CREATE_PROJECT"] }) { user { databaseId } } }`,
        { owner: { databaseId: other.admin.id } },
      )
      const { createApiKey: key } = await ask(
        'mutation ($of: UserRef!) { createApiKey(input: { name: "k", serviceAccount: $of }) { secret } }',
        { of: { databaseId: made.user.databaseId } },
      )
      const answer = await other.graphql(ERASE, { input: { ref: { databaseId: other.admin.id } } }, key.secret)
      expectRefused(answer, 'CONFLICT', /no enabled user with USER_ADMIN/)
      expect(await other.store.db.prisma.user.count({ where: { id: other.admin.id, disabled: false } })).toBe(1)
    } finally {
      await other.close()
    }
  }, 60_000)
})

test('the address of an administrator stays in what was done to the person, and accounts without owner are named', async () => {
  const person = await app.as(['AUDIT'], { userid: 'vqowner.1', name: 'Vq Owner One' })
  await must(
    'mutation ($owner: UserRef!) { createServiceAccount(input: { userid: "vq-robot", name: "Robot", owner: { user: $owner } }) { user { id } } }',
    { owner: { databaseId: person.id } },
  )
  await setName(person.id, 'Vq Owner Two', 'vqowner@erase.example')
  await erase({ databaseId: person.id })
  const rows = await app.store.db.query<{ event: string; address: string | null; before: unknown }>(
    `SELECT event, address, before FROM audit_events WHERE target_type = 'user' AND target_id = $1::text ORDER BY id`,
    [person.id],
  )
  const of = (wanted: string) => rows.find(({ event }) => event === wanted)
  expect(of('userUpdated')?.address).toBe('127.0.0.1')
  expect(of('userErased')).toMatchObject({ address: '127.0.0.1', before: { serviceAccounts: ['vq-robot'] } })
}, 60_000)
