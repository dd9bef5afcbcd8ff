// However a directory says who is in which group: a sync and a log-in of the same person come to the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addGroups } from '../connectors/directory.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import { configOf, directoryAt, dnOf, groups, people, personLdif, startDirectory, syncsOf } from './organisation.ts'

sayWhenSkipped('groups by LDAP sync')

/** Spelled as nobody would: the server writes the comma and the sign otherwise. */
const odd = 'Öd*d (Sales\\, North) \\\\'
const group = (name: string) => `cn=${name},${groups}`

describe.skipIf(slapdFolder === null)('groups', () => {
  let slapd: Slapd
  let app: TestApp
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory([personLdif('ana', 'title: Lead\n'), personLdif('bo'), personLdif('cy')])
    await addGroups(slapd, [
      { name: 'engineers', members: [dnOf('ana').toUpperCase(), dnOf('bo').replaceAll(',', ' , ')] },
      { name: odd, members: [dnOf('ana'), group('engineers')] },
      { name: 'outer', members: [group(odd), group('looped')] },
      { name: 'looped', members: [group('outer')] },
      { name: 'nobody of ours', members: ['uid=elsewhere,dc=other'] },
    ])
    const directory = directoryAt(slapd)
    await directory.add(group('unique'), {
      objectClass: 'groupOfUniqueNames',
      cn: 'unique',
      uniqueMember: [dnOf('bo'), dnOf('cy')],
    })
    app = await bootApp()
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  const namesOf = async (userid: string, iamid: string) =>
    (await syncs.user(userid, iamid)).memberships.nodes.map((node: { group: { name: string } }) => node.group.name)
  const all = ['engineers', 'looped', 'outer', 'Öd*d (Sales, North)']

  test.each([
    ['member', {}, { ana: ['engineers', 'Öd*d (Sales, North)'], bo: ['engineers'], cy: [] }],
    ['member, nested', { nestedGroups: true }, { ana: all, bo: all, cy: [] }],
    [
      'several attributes',
      { userGroupSearchFilter: '(|(member=<dn>)(uniqueMember=<dn>))' },
      { ana: ['engineers', 'Öd*d (Sales, North)'], bo: ['engineers', 'unique'], cy: ['unique'] },
    ],
    [
      'one class',
      { userGroupSearchFilter: '(&(objectClass=groupOfUniqueNames)(uniqueMember=<dn>))' },
      { ana: [], bo: ['unique'], cy: ['unique'] },
    ],
    [
      'a filter that cannot be turned round',
      { userGroupSearchFilter: '(&(member=<dn>)(!(cn=engineers)))' },
      { ana: ['Öd*d (Sales, North)'], bo: [], cy: [] },
    ],
    ['the userid', { userGroupSearchFilter: '(description=All of %s)' }, { ana: [], bo: [], cy: [] }],
    [
      'memberOf',
      { userGroupSearchFilter: undefined, groupSearchBase: undefined, groupMembershipAttributes: ['memberOf'] },
      { ana: ['engineers', 'Öd*d (Sales, North)'], bo: ['engineers'], cy: [] },
    ],
    [
      'memberOf, nested',
      {
        userGroupSearchFilter: undefined,
        groupSearchBase: undefined,
        groupMembershipAttributes: ['memberOf'],
        nestedGroups: true,
      },
      { ana: all, bo: all, cy: [] },
    ],
  ] as const)('by %s', async (name, options, expected) => {
    const iamid = name.replace(/\W+/g, '-')
    await syncs.makeIam(iamid, configOf(slapd, { options }))
    expect((await syncs.sync(iamid)).body).toMatchObject({ totalCount: 3, count: 3 })
    for (const [userid, names] of Object.entries(expected)) {
      expect(await namesOf(userid, iamid), `${userid} after the sync`).toEqual(names)
      const before = (await syncs.must('{ auditEvents(first: 1) { nodes { id } } }')).auditEvents.nodes[0].id
      expect((await syncs.logIn(userid, iamid)).status).toBe(200)
      const events = await syncs.must('{ auditEvents(first: 2) { nodes { id event } } }')
      expect(events.auditEvents.nodes, `${userid} by the log-in`).toMatchObject([{ event: 'loginSucceeded' }, { id: before }])
    }
    expect((await syncs.sync(iamid)).body).toMatchObject({ totalCount: 3, count: 0 })
  })

  test('a DN that begins and ends with a space, with two of them within, and a userid that the group spells otherwise', async () => {
    const directory = directoryAt(slapd)
    const unit = `ou=spaces,${people}`
    const attributes = (uid: string) => ({ objectClass: 'inetOrgPerson', uid, cn: uid, sn: 'x', userPassword: `pw-${uid}` })
    await directory.add(unit, { objectClass: 'organizationalUnit', ou: 'spaces' })
    await directory.add(`cn=\\20Dmitri O'Hara 3\\20,${unit}`, attributes('dmitri'))
    await directory.add(`cn=two  spaces,${unit}`, attributes('Two'))
    await directory.add(group('spaced'), {
      objectClass: 'groupOfNames',
      cn: 'spaced',
      member: [`cn=\\ Dmitri O'Hara 3\\ ,${unit}`, `cn=Two spaces,${unit}`],
    })
    await directory.add(group('posix'), {
      objectClass: 'posixGroup',
      cn: 'posix',
      gidNumber: '200',
      memberUid: ['dmitri', 'two'],
    })
    const options = { userSearchBase: unit, userGroupSearchFilter: '(|(member=<dn>)(memberUid=%s))' }
    await syncs.makeIam('spaces', configOf(slapd, { options }), { groupPermissions: { posix: ['AUDIT'] } })
    const expected = { dmitri: ['posix', 'spaced'], Two: ['spaced'] }
    for (const step of ['sync', 'log-in', 'sync', 'log-in']) {
      if (step === 'sync') await syncs.sync('spaces')
      else for (const userid of Object.keys(expected)) expect((await syncs.logIn(userid, 'spaces')).status).toBe(200)
      for (const [userid, names] of Object.entries(expected)) expect(await namesOf(userid, 'spaces'), step).toEqual(names)
    }
    for (const dn of [group('spaced'), group('posix'), `cn=two spaces,${unit}`, `cn=\\20Dmitri O'Hara 3\\20,${unit}`, unit])
      await directory.remove(dn)
  })

  test('those of a group search exist whatever their members are', async () => {
    const options = { groupSearchFilter: '(&(objectClass=groupOfNames)(cn=%s*))' }
    await syncs.makeIam('listed', configOf(slapd, { options, schema: { group: { name: 'cn', description: 'description' } } }))
    await syncs.sync('listed')
    const rows = await app.store.db.query<{ name: string; description: string }>(
      "SELECT name, description FROM groups WHERE iamid = 'listed' ORDER BY name_key",
    )
    expect(rows.map(({ name }) => name)).toEqual(['engineers', 'looped', 'nobody of ours', 'outer', 'Öd*d (Sales, North)'])
    expect(rows[0]!.description).toBe('All of engineers')
    const [run] = await syncs.runs('listed')
    expect(run.counts).toEqual(
      expect.arrayContaining([
        { kind: 'GROUP', action: 'CREATE', state: 'APPLIED', count: 5 },
        { kind: 'USER', action: 'CREATE', state: 'APPLIED', count: 3 },
      ]),
    )
  })

  test('an IAM that does not sync groups has none, and one that only logs in neither', async () => {
    await syncs.makeIam('nogroups', configOf(slapd, { supportedActions: ['syncUsers'] }))
    await syncs.sync('nogroups')
    expect(await namesOf('ana', 'nogroups')).toEqual([])
    await syncs.makeIam('only', configOf(slapd, { authenticationOnly: true }))
    await syncs.sync('only')
    expect(await syncs.user('ana', 'only')).toMatchObject({ profile: { name: 'ana' }, memberships: { nodes: [] } })
  })
})
