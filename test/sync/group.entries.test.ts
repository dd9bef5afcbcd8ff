// A group is an entry of the directory, not a name: of two entries with one name at most one is here, and a renamed one stays the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import {
  configOf,
  type Directory,
  directoryAt,
  dnOf,
  groups,
  personLdif,
  renamer,
  startDirectory,
  syncsOf,
} from './organisation.ts'

sayWhenSkipped('groups by entry')

const unit = (name: string) => `ou=${name},${groups}`
const groupOf = (cn: string, members: readonly string[]) => ({ objectClass: 'groupOfNames', cn, member: members.map(dnOf) })
const sales = `cn=Admins,${unit('sales')}`
const dev = `cn=admins,${unit('dev')}`
const both = `several groups of the directory have the name`

describe.skipIf(slapdFolder === null)('groups of a directory', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory(['ana', 'bo'].map(uid => personLdif(uid)))
    directory = directoryAt(slapd)
    for (const name of ['sales', 'dev']) await directory.add(unit(name), { objectClass: 'organizationalUnit', ou: name })
    app = await bootApp()
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  const namesOf = async (userid: string, iamid: string) =>
    (await syncs.user(userid, iamid)).memberships.nodes.map((node: { group: { name: string } }) => node.group.name)
  const holders = async (iamid: string) => {
    const { users } = await syncs.must(
      '{ users(first: 100, filter: {permission: "AUDIT"}) { nodes { iam { id: iamid } userid } } }',
    )
    return users.nodes.filter(({ iam }: any) => iam?.id === iamid).map(({ userid }: any) => userid)
  }
  const faultsOf = async (iamid: string) => {
    const [run] = await syncs.runs(iamid)
    return (await syncs.entries(run.id, { actions: ['ERROR'] })).map(
      ({ kind, reason }: any) => `${kind.toLowerCase()}: ${reason}`,
    )
  }
  const idOf = async (iamid: string, name: string) =>
    (await app.store.db.query<{ id: number }>('SELECT id FROM groups WHERE iamid = $1 AND name = $2', [iamid, name]))[0]?.id
  const ways = [
    ['member', {}],
    ['memberOf', { userGroupSearchFilter: undefined, groupMembershipAttributes: ['memberOf'] }],
  ] as const
  const make = (iamid: string, options: object, more: object = {}) =>
    syncs.makeIam(iamid, configOf(slapd, { options, ...more }), { groupPermissions: { Admins: ['AUDIT'] } })

  describe.each(ways)('by %s', (way, options) => {
    beforeAll(async () => {
      await directory.add(sales, groupOf('Admins', ['ana']))
      await directory.add(dev, groupOf('admins', ['bo']))
    })
    afterAll(async () => {
      for (const dn of [sales, dev]) await directory.remove(dn).catch(() => {})
    })

    test('two of one name: neither is taken in by a sync, nor by a log-in after it', async () => {
      const iamid = `neither-${way}`
      await make(iamid, options)
      for (let turn = 0; turn < 2; turn++) {
        await syncs.sync(iamid)
        for (const uid of ['ana', 'bo']) expect(await namesOf(uid, iamid)).toEqual([])
        const faults = await faultsOf(iamid)
        expect(faults).toHaveLength(2)
        for (const fault of faults) {
          expect(fault).toMatch(/^group: /)
          expect(fault).toContain(both)
          expect(fault).toContain(sales)
          expect(fault).toContain(dev)
          expect(fault).toContain('none of them is imported')
        }
        for (const uid of ['ana', 'bo']) expect((await syncs.logIn(uid, iamid)).status).toBe(200)
        for (const uid of ['ana', 'bo']) expect(await namesOf(uid, iamid)).toEqual([])
      }
      expect(await holders(iamid)).toEqual([])
    })

    test('two of one name: neither is taken in by a log-in, nor by a sync after it', async () => {
      const iamid = `first-${way}`
      await make(iamid, options)
      for (const uid of ['bo', 'ana']) expect((await syncs.logIn(uid, iamid)).status).toBe(200)
      await syncs.sync(iamid)
      for (const uid of ['ana', 'bo']) expect(await namesOf(uid, iamid)).toEqual([])
    })

    test('who holds the name keeps it: at a log-in as in a sync', async () => {
      const iamid = `holder-${way}`
      await directory.remove(dev)
      await make(iamid, options)
      await syncs.sync(iamid)
      expect(await namesOf('ana', iamid)).toEqual(['Admins'])
      await directory.add(dev, groupOf('admins', ['bo']))
      for (const step of ['log-in', 'sync', 'log-in']) {
        if (step === 'sync') await syncs.sync(iamid)
        else for (const uid of ['ana', 'bo']) expect((await syncs.logIn(uid, iamid)).status).toBe(200)
        expect(await namesOf('ana', iamid), step).toEqual(['Admins'])
        expect(await namesOf('bo', iamid), step).toEqual([])
      }
      expect(await holders(iamid)).toEqual(['ana'])
      expect(await faultsOf(iamid)).toEqual([
        `group: ${both} admins: ${[dev, sales].toSorted().join(' and ')}; ${sales} keeps it`,
      ])
    })

    test('schema.group.name names them apart', async () => {
      const iamid = `apart-${way}`
      await directory.set(sales, 'description', ['Admins of sales'])
      await directory.set(dev, 'description', ['Admins of dev'])
      await make(iamid, options, { schema: { group: { name: 'description' } } })
      await syncs.sync(iamid)
      expect(await namesOf('ana', iamid)).toEqual(['Admins of sales'])
      expect(await namesOf('bo', iamid)).toEqual(['Admins of dev'])
      expect(await faultsOf(iamid)).toEqual([])
    })

    test('a renamed one stays the same, by a sync and by a log-in', async () => {
      const iamid = `renamed-${way}`
      await directory.remove(dev)
      await make(iamid, options)
      await syncs.sync(iamid)
      const id = await idOf(iamid, 'Admins')
      const rename = renamer(slapd)
      await rename(sales, 'cn=Operators')
      await syncs.sync(iamid)
      expect(await namesOf('ana', iamid)).toEqual(['Operators'])
      expect(await idOf(iamid, 'Operators')).toBe(id)
      expect(await holders(iamid)).toEqual([])
      const [run] = await syncs.runs(iamid)
      expect(await syncs.entries(run.id)).toMatchObject([
        { kind: 'GROUP', action: 'UPDATE', state: 'APPLIED', before: { name: 'Admins' }, after: { name: 'Operators' } },
      ])
      await rename(`cn=Operators,${unit('sales')}`, 'cn=Admins')
      expect((await syncs.logIn('ana', iamid)).status).toBe(200)
      expect(await namesOf('ana', iamid)).toEqual(['Admins'])
      expect(await idOf(iamid, 'Admins')).toBe(id)
      const { auditEvents } = await syncs.must('{ auditEvents(first: 2) { nodes { event before after } } }')
      expect(auditEvents.nodes).toMatchObject([
        { event: 'loginSucceeded' },
        { event: 'groupUpdated', before: { name: 'Operators' }, after: { name: 'Admins', source: iamid } },
      ])
      expect((await syncs.sync(iamid)).body.count).toBe(0)
      await directory.add(dev, groupOf('admins', ['bo']))
    })
  })

  describe.each([
    ['two swap their names', ['one', 'two'], []],
    ['three pass their names on in a cycle', ['one', 'two', 'three'], []],
    ['three pass their names on to a new one', ['one', 'two', 'three'], ['four']],
  ])('%s', (_, from, fresh) => {
    const to = [...from.slice(1), fresh[0] ?? from[0]!]
    const passOn = async () => {
      const rename = renamer(slapd)
      for (const cn of from) await rename(`cn=${cn},${groups}`, `cn=passing-${cn}`)
      for (const [at, cn] of from.entries()) await rename(`cn=passing-${cn},${groups}`, `cn=${to[at]}`)
    }
    test.each(['sync', 'log-in'])('by a %s: each entry stays its group', async step => {
      const iamid = `pass-${from.length}-${fresh.length}-${step}`
      for (const [at, cn] of from.entries()) await directory.add(`cn=${cn},${groups}`, groupOf(cn, [at === 0 ? 'ana' : 'bo']))
      await syncs.makeIam(iamid, configOf(slapd))
      await syncs.sync(iamid)
      const ids = await Promise.all(from.map(cn => idOf(iamid, cn)))
      await passOn()
      // Of the entries a log-in of ana shows the first alone.
      if (step === 'sync') await syncs.sync(iamid)
      else expect((await syncs.logIn('ana', iamid)).status).toBe(200)
      expect(await Promise.all(to.map(cn => idOf(iamid, cn)))).toEqual(ids)
      expect(await namesOf('ana', iamid)).toEqual([to[0]])
      expect((await namesOf('bo', iamid)).toSorted()).toEqual(to.slice(1).toSorted())
      expect(await faultsOf(iamid)).toEqual([])
      const { auditEvents } = await syncs.must(
        `{ auditEvents(first: ${from.length}, filter: {events: [groupUpdated]}) { nodes { before after } } }`,
      )
      const renames = auditEvents.nodes.map(({ before, after }: any) => [before.name, after.name])
      expect(renames.toSorted()).toEqual(from.map((cn, at) => [cn, to[at]]).toSorted())
      expect((await syncs.sync(iamid)).body.count).toBe(0)
      for (const cn of to) await directory.remove(`cn=${cn},${groups}`)
    })
  })

  test('deleted ones go, unless somebody else holds something of them', async () => {
    const names = ['plain', 'ruled', 'ours', 'marked']
    for (const cn of names) await directory.add(`cn=${cn},${groups}`, groupOf(cn, ['ana', 'bo']))
    await syncs.makeIam('gone', configOf(slapd), { groupPermissions: { ruled: ['AUDIT'] } })
    await syncs.sync('gone')
    const [ours, marked] = await Promise.all([idOf('gone', 'ours'), idOf('gone', 'marked')])
    const guest = (await syncs.must('mutation { createUser(input: {userid: "guest"}) { user { id: databaseId } } }')).createUser
      .user.id
    await app.store.db.query("INSERT INTO memberships (group_id, user_id, sources) VALUES ($1, $2, '{bim}')", [ours, guest])
    await app.store.db.query(
      "INSERT INTO group_attributes (group_id, key, key_key, value) VALUES ($1, 'Clearance', 'clearance', 'Top')",
      [marked],
    )
    for (const cn of names) await directory.remove(`cn=${cn},${groups}`)
    await syncs.sync('gone')
    const rows = await app.store.db.query<{ name: string }>("SELECT name FROM groups WHERE iamid = 'gone' ORDER BY name_key")
    expect(rows.map(({ name }) => name)).toEqual(['marked', 'ours', 'ruled'])
    const [run] = await syncs.runs('gone')
    expect((await syncs.entries(run.id)).filter(({ kind }: any) => kind === 'GROUP')).toMatchObject([
      {
        name: 'plain',
        action: 'DELETE',
        state: 'APPLIED',
        before: { name: 'plain' },
        after: null,
        reason: expect.stringContaining('deleted'),
      },
    ])
    const { auditEvents } = await syncs.must(
      '{ auditEvents(first: 1, filter: {events: [groupDeleted]}) { nodes { targetName before } } }',
    )
    expect(auditEvents.nodes).toMatchObject([{ targetName: 'gone/plain', before: { name: 'plain' } }])
    // A rebuilt group is imported under a name that only the directory held; local grants of a former group do not pass to it.
    for (const cn of names) await directory.add(`cn=${cn},${groups}`, groupOf(cn, ['ana']))
    await syncs.sync('gone')
    expect(await namesOf('ana', 'gone')).toEqual(['plain', 'ruled'])
    expect((await faultsOf('gone')).toSorted()).toEqual([
      expect.stringMatching(/^group: the group marked is another entry here \(.+\) than cn=marked,/),
      expect.stringMatching(/^group: the group ours is another entry here/),
    ])
    expect((await syncs.sync('gone')).body.count).toBe(0)
  })

  test('of a store from before, groups become the entries of their names', async () => {
    await directory.add(`cn=old,${groups}`, groupOf('old', ['ana']))
    await syncs.makeIam('before', configOf(slapd, { options: { userGroupSearchFilter: '(&(member=<dn>)(cn=old))' } }))
    await syncs.sync('before')
    const id = await idOf('before', 'old')
    await app.store.db.query("UPDATE groups SET directory_id = NULL WHERE iamid = 'before'", [])
    expect((await syncs.logIn('ana', 'before')).status).toBe(200)
    expect(await idOf('before', 'old')).toBe(id)
    await renamer(slapd)(`cn=old,${groups}`, 'cn=older')
    await syncs.changeIam('before', configOf(slapd, { options: { userGroupSearchFilter: '(&(member=<dn>)(cn=older))' } }))
    await syncs.sync('before')
    expect(await idOf('before', 'older')).toBe(id)
  })
})
