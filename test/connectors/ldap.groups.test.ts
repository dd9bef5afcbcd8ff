import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Slapd, sayWhenSkipped, sizeLimit, slapdFolder, startSlapd } from '../harness/slapd.ts'
import { addGroups, connectorOf, type Given, groups, ldif, odd, people } from './directory.ts'

sayWhenSkipped('groups by LDAP')

const bySearch = { groupSearchBase: groups, userGroupSearchFilter: '(member=<dn>)' }
const byAttribute = { groupMembershipAttributes: ['memberOf'] }

describe.skipIf(slapdFolder === null)('groups of a person', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startSlapd({ ldif })
    const ana = `uid=Ana,${people}`
    await addGroups(slapd, [
      { name: 'engineers', members: [ana, odd.dn] },
      { name: 'north\\, (all*)', members: [ana, `cn=engineers,${groups}`] },
      { name: 'outer', members: [`cn=north\\, (all*),${groups}`, `cn=engineers,${groups}`] },
      // A loop: outermost holds outer, and engineers holds outermost's holder in turn.
      { name: 'outermost', members: [`cn=outer,${groups}`, `cn=outermost,${groups}`, `cn=looped,${groups}`] },
      { name: 'looped', members: [`cn=outermost,${groups}`] },
      ...Array.from({ length: sizeLimit + 1 }, (_, at) => ({ name: `g${at}`, members: [`uid=many,${people}`] })),
    ])
  })
  afterAll(() => slapd?.close())

  const namesOf = async (userid: string, given: Given) =>
    (await connectorOf(slapd, given).logIn(userid, `pw-${userid}`))!.groups?.map(({ name }) => name).toSorted()

  test('without a configured group search the groups are null', async () => {
    expect((await connectorOf(slapd).find('Ana'))!.groups).toBe(null)
  })

  describe.each([
    ['by search', bySearch],
    ['by attribute', byAttribute],
    ['by both, each group once', { ...bySearch, ...byAttribute }],
  ])('%s', (_, options) => {
    test('direct ones', async () => {
      expect(await namesOf('Ana', { options })).toEqual(['engineers', 'north, (all*)'])
      expect(await namesOf('odd', { options })).toEqual(['engineers'])
      expect(await namesOf('bo', { options })).toEqual([])
    })

    test('nested ones, once each, in spite of a loop', async () => {
      const all = ['engineers', 'looped', 'north, (all*)', 'outer', 'outermost']
      const nested = { ...options, nestedGroups: true }
      expect(await namesOf('Ana', { options: nested })).toEqual(all)
      expect(await namesOf('odd', { options: nested })).toEqual(all)
      expect(await namesOf('bo', { options: nested })).toEqual([])
    })

    test('with the attributes that the schema names', async () => {
      const entry = await connectorOf(slapd, { options, schema: { group: { name: 'description', gid: 'entryUUID' } } }).find(
        'odd',
      )
      const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
      expect(entry!.groups).toEqual([
        {
          id: `cn=engineers,${groups}`,
          entryIds: [uuid, expect.stringMatching(/^dn:/)],
          name: 'All of engineers',
          attributes: new Map([
            ['description', ['All of engineers']],
            ['entryuuid', [uuid]],
          ]),
        },
      ])
    })
  })

  test('a base without a filter means member; a filter without a base looks where the people are', async () => {
    expect(await namesOf('odd', { options: { groupSearchBase: groups } })).toEqual(['engineers'])
    expect(await namesOf('odd', { options: { userGroupSearchFilter: '(member=<dn>)' } })).toEqual([])
    expect(await namesOf('odd', { options: { ...bySearch, userGroupSearchFilter: '(&(member=<dn>)(cn=north*))' } })).toEqual([])
  })

  test('a value that is no DN is a group by that name', async () => {
    const entry = await connectorOf(slapd, { options: { groupMembershipAttributes: ['title'] } }).find('Ana')
    expect(entry!.groups).toEqual(['Lead', 'Lawyer'].map(name => ({ id: name, name, entryIds: [], attributes: new Map() })))
  })

  test('more groups than the server shows in one answer are an error, never a part of them', async () => {
    const connector = connectorOf(slapd, { options: bySearch })
    await expect(connector.logIn('many', 'pw-many')).rejects.toThrow(/^the directory answers sizeLimitExceeded \(4\): /)
    expect(await namesOf('many', { options: byAttribute })).toHaveLength(sizeLimit + 1)
  })

  test('a person finds more people than the server shows: an error, too', async () => {
    const connector = connectorOf(slapd, {
      options: { userSearchBase: groups.replace('ou=groups,', ''), userSearchFilter: '(|(uid=%s)(cn=g*))' },
    })
    await expect(connector.find('Ana')).rejects.toThrow('sizeLimitExceeded (4)')
  })
})
