// Directories with odd answers, or that break off: users in doubt are not changed, and the run reports each fault.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answering, element, entry, message, peer, searchResult } from '../connectors/fake-peers.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import {
  configOf,
  type Directory,
  directoryAt,
  dnOf,
  people,
  person,
  personLdif,
  startDirectory,
  syncsOf,
} from './organisation.ts'

sayWhenSkipped('LDAP sync of odd directories')

describe.skipIf(slapdFolder === null)('a directory with', () => {
  let slapd: Slapd
  let app: TestApp
  let directory: Directory
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory([
      personLdif('ana', 'employeeNumber: 1\n'),
      personLdif('bo', 'employeeNumber: 2\n'),
      personLdif('twin1', 'employeeNumber: 7\n'),
      personLdif('many', 'employeeNumber: 8\nmail: alias@roster.example\n'),
    ])
    directory = directoryAt(slapd)
    app = await bootApp({ background: true })
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })
  const byNumber = () => configOf(slapd, { options: { userSearchFilter: 'employeeNumber=%s' } })
  const lastEntries = async (iamid: string, filter: object = {}) => syncs.entries((await syncs.runs(iamid))[0].id, filter)

  test('two people of one userid: neither is taken in, and who is here already stays', async () => {
    await syncs.makeIam('twins', byNumber())
    expect((await syncs.sync('twins')).body.count).toBe(4)
    await directory.add(dnOf('twin2'), { ...person('twin2'), employeeNumber: '7' })
    await directory.set(dnOf('twin1'), 'title', ['Changed'])
    const { body } = await syncs.sync('twins')
    expect(body).toMatchObject({ totalCount: 5, count: 0 })
    expect(await lastEntries('twins')).toMatchObject([
      {
        name: '7',
        action: 'ERROR',
        state: 'SKIPPED',
        reason: 'the directory has several people with the userid 7: none of them is imported',
      },
    ])
    expect(await syncs.user('7', 'twins')).toMatchObject({ disabled: false, profile: { name: 'Name of twin1', position: null } })
    await directory.remove(dnOf('twin2'))
    await directory.set(dnOf('twin1'), 'title', [])
  })

  test('a userid that is none, and values that cannot be taken', async () => {
    await directory.set(dnOf('bo'), 'employeeNumber', ['x'.repeat(300)])
    await directory.set(dnOf('ana'), 'mail', ['no address'])
    await syncs.makeIam('odd', byNumber())
    expect((await syncs.sync('odd')).body).toMatchObject({ totalCount: 4, count: 3 })
    const faults = await lastEntries('odd')
    expect(faults.find((found: { action: string }) => found.action === 'ERROR')).toMatchObject({
      dn: dnOf('bo'),
      reason: expect.stringContaining('userid must be'),
    })
    expect(faults.find((found: { dn: string }) => found.dn === dnOf('ana'))).toMatchObject({
      action: 'CREATE',
      state: 'APPLIED',
      reason: expect.stringContaining('profile.email must be'),
    })
    await directory.set(dnOf('bo'), 'employeeNumber', ['2'])
    await directory.set(dnOf('ana'), 'mail', ['ana@roster.example'])
  })

  test('several userids of one person: one account, whichever is typed, and a sync means it', async () => {
    await syncs.makeIam('mails', configOf(slapd, { options: { userSearchFilter: 'mail=%s' } }))
    const login = async (username: string) =>
      fetch(`${app.url}/bim/iam/mails/user/authenticate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password: 'pw-many' }),
      })
    expect((await login('many@roster.example')).status).toBe(200)
    expect((await login('alias@roster.example')).status).toBe(200)
    expect((await syncs.sync('mails')).body).toMatchObject({ totalCount: 4, count: 3, disabledUsers: [] })
    expect((await syncs.user('alias@roster.example', 'mails')).disabled).toBe(false)
    expect(await app.store.db.prisma.user.count({ where: { iamid: 'mails' } })).toBe(4)
  })

  test('another DN for the same person', async () => {
    await syncs.makeIam('moved', byNumber())
    await syncs.sync('moved')
    const dn = `uid=bo2,${people}`
    await directory.rename(dnOf('bo'), dn)
    expect((await syncs.sync('moved')).body).toMatchObject({ count: 1, refreshedUsers: [{ userId: '2', dn }] })
    await directory.rename(dn, dnOf('bo'))
  })

  test('people who wait for an administrator', async () => {
    await syncs.makeIam('manual', { ...byNumber(), ldapSync: { requireManualActivation: true } })
    await syncs.sync('manual')
    expect((await syncs.user('1', 'manual')).disabled).toBe(true)
    expect((await syncs.sync('manual')).body.count).toBe(0)
    expect((await syncs.user('1', 'manual')).disabled).toBe(true)
  })
})

describe('a peer that', () => {
  let app: TestApp
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    app = await bootApp({ background: true })
    syncs = syncsOf(app)
  })
  afterAll(() => app.close())

  const paged = (cookie: string) =>
    element(
      0xa0,
      element(0x30, element(4, '1.2.840.113556.1.4.319'), element(4, element(0x30, element(2, 0), element(4, cookie)))),
    )
  const done = (id: number, cookie: string, code = 0) =>
    message(id, element(0x65, element(0x0a, code), element(4), element(4)), paged(cookie))
  const page = (id: number, uids: readonly string[], end: Buffer) =>
    Buffer.concat([...uids.map(uid => entry(id, dnOf(uid), { uid, cn: `Name of ${uid}`, mail: `${uid}@roster.example` })), end])

  let made = 0
  async function against(
    answers: (id: number, turn: number) => Buffer | null,
    options: object = { groupSearchBase: undefined, userGroupSearchFilter: undefined },
  ) {
    const iamid = `peer${++made}`
    const turns = new Map<object, number>()
    const lying = await peer(
      answering((id, socket) => {
        const turn = turns.get(socket) ?? 0
        turns.set(socket, turn + 1)
        const answer = answers(id, turn)
        if (answer === null) socket.destroy()
        return answer
      }),
    )
    const config = configOf({ port: lying.port } as Slapd, { options })
    await syncs.makeIam(iamid, config)
    const answer = await syncs.sync(iamid)
    await syncs.settled(iamid)
    const [run] = await syncs.runs(iamid)
    await lying.close()
    return { iamid, answer, run }
  }
  const uids = Array.from({ length: 30 }, (_, at) => `p${at}`)

  test('is gone in the middle of its pages: who was seen waits, nobody is disabled', async () => {
    const { run, iamid } = await against((id, turn) => (turn === 0 ? page(id, uids, done(id, 'more')) : null))
    expect(run).toMatchObject({
      status: 'QUARANTINED',
      total: 30,
      reason: expect.stringMatching(/^The directory was not seen whole: the directory is unreachable/),
    })
    expect(await app.store.db.prisma.user.count({ where: { iamid } })).toBe(0)
    expect((await syncs.decide('approveSync', run.id)).errors).toBeUndefined()
    await syncs.settled(iamid)
    expect(await app.store.db.prisma.user.count({ where: { iamid } })).toBe(30)
  })

  test('is gone in the middle of its groups: the run waits, though nobody was seen', async () => {
    const group = (id: number) => entry(id, 'cn=all,ou=groups,dc=roster,dc=example', { cn: 'all', member: dnOf('p0') })
    const { run, answer, iamid } = await against((id, turn) => {
      // The root entry, which names no schema; a page of groups; nothing more.
      if (turn === 0) return searchResult(id, 0)
      return turn === 1 ? Buffer.concat([group(id), done(id, 'more')]) : null
    }, {})
    expect(answer.status).toBe(409)
    expect(run).toMatchObject({
      status: 'QUARANTINED',
      total: 0,
      reason: expect.stringMatching(/^The directory was not seen whole: the directory is unreachable/),
    })
    expect(await app.store.db.prisma.user.count({ where: { iamid } })).toBe(0)
  })

  test('answers an empty page that says that more follow', async () => {
    const { run } = await against((id, turn) => page(id, turn === 0 ? uids : [], done(id, 'more')))
    expect(run).toMatchObject({
      status: 'QUARANTINED',
      reason: expect.stringContaining('an empty page although more follow'),
    })
  })

  test('answers with a size limit after what it shows', async () => {
    const { run, answer } = await against(id => page(id, uids, done(id, '', 4)))
    expect(run).toMatchObject({
      status: 'FAILED',
      reason: 'the directory answers sizeLimitExceeded (4): the account of config.credentials needs a higher limit there',
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
  })

  test('shows somebody with a character that cannot be stored: the others are taken in', async () => {
    const odd = (id: number) => entry(id, dnOf('odd\\00'), { uid: 'odd', cn: 'Odd\0', mail: 'odd@roster.example', title: 'a\0b' })
    const { run, iamid } = await against(id => Buffer.concat([odd(id), page(id, uids, done(id, ''))]))
    expect(run).toMatchObject({ status: 'FINISHED', total: 31 })
    expect(await app.store.db.prisma.user.count({ where: { iamid } })).toBe(31)
    const { nodes } = (
      await syncs.must('query ($id: Int!) { syncEntries(ref: { databaseId: $id }, first: 1) { nodes { name reason } } }', {
        id: run.id,
      })
    ).syncEntries
    expect(nodes).toMatchObject([{ name: 'odd', reason: expect.stringContaining('must not contain control characters') }])
  })

  test('sends what no store takes: NUL in a DN, a userid without end, a name cut in the middle of a character', async () => {
    const odd = Buffer.concat([
      entry(1, 'uid=nul\0,ou=people', { uid: 'nul', cn: 'Nul' }),
      entry(1, 'uid=nul2,ou=people', { uid: 'nul\0', cn: 'Nul' }),
      entry(1, `cn=${'\u{1F600}'.repeat(2_000)}`, { cn: 'No userid' }),
      entry(1, `uid=x${'\u{1F600}'.repeat(2_000)}`, { cn: 'No userid' }),
      entry(1, 'uid=long,ou=people', { uid: '\u{20000}'.repeat(3_000), cn: 'Long' }),
      entry(1, 'uid=long2,ou=people', { uid: '\u{20001}'.repeat(3_000), cn: 'Long' }),
      entry(1, dnOf('fine'), { uid: 'fine', cn: 'Fine', mail: 'a\0b' }),
    ])
    const ids = (id: number) => {
      const bytes = Buffer.from(odd)
      // Each entry is a message of its own: `30 len 02 01 id`.
      for (let at = 0; at < bytes.length; ) {
        const size = bytes[at + 1]! === 0x82 ? 4 + bytes.readUInt16BE(at + 2) : 2 + bytes[at + 1]!
        bytes[at + (bytes[at + 1]! === 0x82 ? 6 : 4)] = id
        at += size
      }
      return bytes
    }
    const { run, iamid } = await against(id => Buffer.concat([ids(id), done(id, '')]))
    expect(run).toMatchObject({ status: 'FINISHED', total: 7 })
    const faults = await syncs.entries(run.id, { actions: ['ERROR'] })
    expect(faults).toHaveLength(6)
    expect(faults.filter(({ reason }: { reason: string }) => reason.includes('several people'))).toEqual([])
    expect((await syncs.user('fine', iamid)).profile.email).toBe(null)
  })

  test('shows somebody without the userid, whom it showed with it before: they are not gone', async () => {
    let isShown = true
    const lying = await peer(
      answering(id =>
        isShown
          ? page(id, ['ana', 'bo'], done(id, ''))
          : Buffer.concat([entry(id, dnOf('ana').toUpperCase(), { cn: 'Ana' }), page(id, ['bo'], done(id, ''))]),
      ),
    )
    const options = { groupSearchBase: undefined, userGroupSearchFilter: undefined }
    await syncs.makeIam('nameless', configOf({ port: lying.port } as Slapd, { options }))
    await syncs.sync('nameless')
    isShown = false
    expect((await syncs.sync('nameless')).body).toMatchObject({ totalCount: 2, disabledUsers: [] })
    expect((await syncs.user('ana', 'nameless')).disabled).toBe(false)
    await lying.close()
  })

  test('names ten thousand groups of one person: all the others are taken in', async () => {
    const names = Array.from({ length: 10_001 }, (_, at) => `g${at}`)
    const named = (id: number) =>
      names.map(cn => entry(id, `cn=${cn},ou=groups,dc=roster,dc=example`, { cn, member: dnOf('many') }))
    const { run, iamid } = await against((id, turn) => {
      // The root entry, which names no schema; the groups; the people.
      if (turn === 0) return searchResult(id, 0)
      return turn === 1 ? Buffer.concat([...named(id), done(id, '')]) : page(id, ['many', 'bo'], done(id, ''))
    }, {})
    expect(run).toMatchObject({ status: 'FINISHED', total: 2 })
    expect(await syncs.entries(run.id, { actions: ['ERROR'] })).toMatchObject([
      { reason: 'the directory returned more than 10000 groups of one person' },
    ])
    expect((await syncs.user('bo', iamid)).disabled).toBe(false)
  }, 60_000)

  test('gives the members of a large group part by part', async () => {
    const { run, iamid } = await against((id, turn) => {
      // The root entry, which names no schema; the groups, the rest of the members, the people.
      if (turn === 0) return searchResult(id, 0)
      const group = 'cn=all,ou=groups,dc=roster,dc=example'
      const part = (range: string, members: readonly string[]) =>
        message(
          id,
          element(
            0x64,
            element(4, group),
            element(
              0x30,
              element(0x30, element(4, 'cn'), element(0x31, element(4, 'all'))),
              element(0x30, element(4, `member;range=${range}`), element(0x31, ...members.map(uid => element(4, dnOf(uid))))),
            ),
          ),
        )
      if (turn === 1) return Buffer.concat([part('0-19', uids.slice(0, 20)), done(id, '')])
      if (turn === 2) return Buffer.concat([part('20-*', uids.slice(20)), searchResult(id, 0)])
      return page(id, uids, done(id, ''))
    }, {})
    expect(run).toMatchObject({ status: 'FINISHED', total: 30 })
    expect(await app.store.db.prisma.membership.count({ where: { user: { iamid } } })).toBe(30)
  })

  test('says nothing: others are served meanwhile', async () => {
    const silent = await peer(() => {})
    await syncs.makeIam('silent', configOf({ port: silent.port } as Slapd))
    let over = false
    const answer = syncs.sync('silent').finally(() => {
      over = true
    })
    for (let turn = 0; turn < 5; turn++)
      expect((await app.graphql('{ viewer { user { id: databaseId } } }')).data.viewer.user.id).toBe(app.admin.id)
    expect(over).toBe(false)
    await silent.close()
    expect((await answer).status).toBe(503)
  })
})
