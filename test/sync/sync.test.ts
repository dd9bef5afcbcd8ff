// A sync of a real OpenLDAP, small enough to be done before it is answered.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import {
  configOf,
  type Directory,
  directoryAt,
  dnOf,
  groupLdif,
  groups,
  personLdif,
  startDirectory,
  syncsOf,
} from './organisation.ts'

sayWhenSkipped('LDAP sync')

describe.skipIf(slapdFolder === null)('a sync', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory([
      personLdif('ana', 'title: Lead\n'),
      personLdif('bo'),
      personLdif('cy'),
      groupLdif('Sales', [dnOf('ana'), dnOf('bo')], 'description: Who sells\n'),
      groupLdif('Chiefs', [dnOf('ana')]),
    ])
    directory = directoryAt(slapd)
    app = await bootApp()
    syncs = syncsOf(app)
    await syncs.makeIam('corp', configOf(slapd), { groupPermissions: { Chiefs: ['GOVERNANCE'] } })
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  const dns = (...uids: string[]) => uids.map(uid => ({ userId: uid, dn: dnOf(uid) }))
  const none = {
    importedUsers: [],
    refreshedUsers: [],
    disabledUsers: [],
    enabledUsers: [],
    runningInBackground: false,
    count: 0,
  }

  test('a dry run tells who would be imported, and changes nothing', async () => {
    const { status, body } = await syncs.sync('corp', { dryRun: true })
    expect(body).toEqual({ ...none, totalCount: 3, count: 3, importedUsers: dns('ana', 'bo', 'cy') })
    expect(status).toBe(200)
    expect(await app.store.db.prisma.user.count({ where: { iamid: 'corp' } })).toBe(0)
  })

  test('imports people with their profiles, groups and attributes', async () => {
    const { body } = await syncs.sync('corp')
    expect(body).toEqual({ ...none, totalCount: 3, count: 3, importedUsers: dns('ana', 'bo', 'cy') })
    expect(await syncs.user('ana')).toEqual({
      userid: 'ana',
      disabled: false,
      iamAuthorizations: { Title: ['Lead'] },
      profile: { name: 'Name of ana', email: 'ana@roster.example', position: 'Lead' },
      memberships: {
        nodes: [
          { sources: ['corp'], group: { name: 'Chiefs', description: null } },
          { sources: ['corp'], group: { name: 'Sales', description: 'Who sells' } },
        ],
      },
    })
  })

  test('a second run writes no row', async () => {
    const before = await written()
    const { body } = await syncs.sync('corp')
    expect(body).toEqual({ ...none, totalCount: 3 })
    expect(await written()).toEqual(before)
    const [run] = await syncs.runs('corp')
    expect(run).toMatchObject({ status: 'FINISHED', total: 3, unchanged: 3, planned: 0, counts: [], startedBy: 'bim/admin' })
    // The directory holds a reference to another server.
    expect(run.notes).toEqual([
      expect.stringMatching(/^References to other servers were not followed \(ldap:\/\/127\.0\.0\.1:1\/[^)]*\)/),
    ])
  })
  const written = async () =>
    app.store.db.query(
      `SELECT (SELECT json_agg(u.xmin::text ORDER BY u.id) FROM users u) u, (SELECT json_agg(m.xmin::text ORDER BY m.id) FROM memberships m) m,
         (SELECT json_agg(a.xmin::text ORDER BY a.id) FROM user_attributes a) a, (SELECT json_agg(g.xmin::text ORDER BY g.id) FROM groups g) g`,
    )

  test('refreshes who changed, and tells which fields did', async () => {
    await directory.set(dnOf('bo'), 'title', ['Clerk'])
    await directory.set(`cn=Sales,${groups}`, 'description', ['Sellers'])
    await directory.join('Chiefs', [dnOf('bo')])
    const { body } = await syncs.sync('corp')
    expect(body).toEqual({ ...none, totalCount: 3, count: 1, refreshedUsers: dns('bo') })
    const [run] = await syncs.runs('corp')
    expect(await syncs.entries(run.id)).toEqual([
      {
        kind: 'GROUP',
        name: 'Sales',
        dn: null,
        action: 'UPDATE',
        state: 'APPLIED',
        before: { description: 'Who sells' },
        after: { description: 'Sellers' },
        reason: null,
      },
      {
        kind: 'USER',
        name: 'bo',
        dn: dnOf('bo'),
        action: 'UPDATE',
        state: 'APPLIED',
        before: { position: null, groups: [], attributes: {} },
        after: { position: 'Clerk', groups: ['Chiefs'], attributes: { Title: ['Clerk'] } },
        reason: null,
      },
    ])
    expect((await syncs.user('bo')).memberships.nodes[1].group.description).toBe('Sellers')
  })

  test('disables who is not there any more, ends their tokens, and enables them when they are back', async () => {
    const { body } = await syncs.logIn('bo')
    await directory.leave(dnOf('bo'))
    expect((await syncs.sync('corp', { dryRun: true })).body).toEqual({
      ...none,
      totalCount: 2,
      count: 1,
      disabledUsers: dns('bo'),
    })
    expect((await app.graphql('{ viewer { user { userid } } }', {}, body.token)).data.viewer.user.userid).toBe('bo')
    expect((await syncs.sync('corp')).body).toEqual({ ...none, totalCount: 2, count: 1, disabledUsers: dns('bo') })
    expect((await app.graphql('{ viewer { user { userid } } }', {}, body.token)).data?.viewer ?? null).toBe(null)
    expect((await syncs.user('bo')).disabled).toBe(true)
    await directory.comeBack(dnOf('bo'))
    await directory.set(dnOf('bo'), 'title', [])
    expect((await syncs.sync('corp')).body).toEqual({ ...none, totalCount: 3, count: 1, enabledUsers: dns('bo') })
    expect((await syncs.user('bo')).disabled).toBe(false)
  })

  test('leaves alone whom an administrator disabled', async () => {
    await syncs.must('mutation ($i: SetUserDisabledInput!) { setUserDisabled(input: $i) { user { id: databaseId } } }', {
      i: { ref: { name: { iamid: 'corp', userid: 'cy' } }, disabled: true },
    })
    expect((await syncs.sync('corp')).body).toEqual({ ...none, totalCount: 3 })
    expect((await syncs.user('cy')).disabled).toBe(true)
  })

  test('a log-in after it finds nothing to change, and a sync after that neither', async () => {
    await syncs.logIn('ana')
    const [event] = (await syncs.must('{ auditEvents(first: 1) { nodes { event } } }')).auditEvents.nodes
    expect(event.event).toBe('loginSucceeded')
    expect((await syncs.sync('corp')).body).toEqual({ ...none, totalCount: 3 })
  })

  test('of one person only', async () => {
    await directory.set(dnOf('ana'), 'title', ['Boss'])
    await directory.set(dnOf('bo'), 'title', ['Other'])
    expect((await syncs.sync('corp', { dryRun: false, userId: 'ana' })).body).toEqual({
      ...none,
      totalCount: 1,
      count: 1,
      refreshedUsers: dns('ana'),
    })
    expect((await syncs.user('bo')).profile.position).toBe(null)
    await directory.leave(dnOf('bo'))
    expect((await syncs.sync('corp', { dryRun: false, userId: 'bo' })).body).toMatchObject({ disabledUsers: dns('bo') })
    await directory.comeBack(dnOf('bo'))
    await directory.set(dnOf('bo'), 'title', [])
    expect((await syncs.sync('corp', { dryRun: false, userId: '*' })).body).toMatchObject({ enabledUsers: dns('bo') })
    expect((await syncs.sync('corp', { dryRun: false, userId: 'nobody' })).body).toEqual({ ...none, totalCount: 0 })
  })

  test('POST /bim/syncUsers does it, too', async () => {
    await directory.set(dnOf('ana'), 'title', ['Lead'])
    const { status, body } = await syncs.syncUsers('corp')
    expect({ status, body }).toEqual({ status: 200, body: { ...none, totalCount: 3, count: 1, refreshedUsers: dns('ana') } })
  })

  test('what changed since, after one that was answered at once', async () => {
    const { syncIam } = await syncs.must(
      'mutation { syncIam(input: {iamid: "corp", incremental: true}) { disabledUsers run { mode status since } } }',
    )
    expect(syncIam).toEqual({ disabledUsers: [], run: { mode: 'INCREMENTAL', status: 'FINISHED', since: expect.any(String) } })
  })

  test('of an unsaved configuration, as a dry run', async () => {
    const iamConfig = configOf(slapd, { options: { userSearchFilter: '(&(uid=%s)(title=*))' } })
    const { status, body } = await syncs.sync('corp', { dryRun: true, iamConfig })
    expect({ status, body }).toMatchObject({ status: 200, body: { totalCount: 1, disabledUsers: dns('bo') } })
    expect((await syncs.user('bo')).disabled).toBe(false)
    const { credentials: _, ...open } = iamConfig
    const elsewhere = { ...open, credentials: { bind_dn: 'cn=reader' }, options: { ...open.options, host: '127.0.0.9' } }
    expect((await syncs.sync('corp', { dryRun: true, iamConfig: elsewhere })).status).toBe(400)
  })

  test("the reference's example: an IAM that is not saved yet, by another id than the path's", async () => {
    const { credentials, options, schema } = configOf(slapd) as { credentials: object; options: object; schema: object }
    const iamConfig = {
      authenticationOnly: false,
      credentials,
      defaultPermissions: ['CREATE_DATA_SOURCE', 'CREATE_PROJECT'],
      displayName: 'Jump Cloud LDAP',
      id: 'jumpcloudLDAPIAM',
      ldapSync: {},
      options: { ...options, groupSearchFilter: '(&(objectClass=groupOfNames)(cn=%s*))', allowIdPInitiatedSSO: false },
      plugin: 'ldap',
      supportedActions: ['syncGroups'],
      type: 'ldap',
    }
    const { status, body } = await syncs.sync('JumpCloud', { dryRun: true, iamConfig, schema, supportedActions: ['syncUsers'] })
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { totalCount: 3, count: 3, importedUsers: dns('ana', 'bo', 'cy') },
    })
    // In the reference's table it stands beside.
    const { supportedActions, ...rest } = iamConfig
    const beside = await syncs.sync('JumpCloud', { dryRun: true, iamConfig: rest, schema, supportedActions })
    expect(beside).toMatchObject({ status: 200, body: { count: 3 } })
    const [run] = await syncs.runs('JumpCloud')
    const imported = (await syncs.entries(run.id, { actions: ['CREATE'] })).find(({ kind }: { kind: string }) => kind === 'USER')
    expect(imported.after).toMatchObject({ name: 'Name of ana', groups: expect.arrayContaining(['Chiefs', 'Sales']) })
    expect((await syncs.sync('JumpCloud', { dryRun: false })).status).toBe(404)
    const [{ secrets }] = (await app.store.db.query<{ secrets: unknown }>('SELECT secrets FROM sync_runs WHERE id = $1', [
      run.id,
    ])) as [{ secrets: unknown }]
    expect(secrets).toBe(null)
  })
})
