// The rules that hold for each federation source. Each rule is one test, which runs for each source.
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Kind, must, type Outcome, rest, type SourceHandle, type Trouble } from './sources.ts'
import { hasOpenssl } from './tls-proxy.ts'

const TROUBLES: Trouble[] = ['gone', 'hangs', 'garbage', ...(hasOpenssl ? ['wrong certificate' as const] : [])]
/** More than the requests at once to any peer. */
const CROWD = 12
const hostile = ['Crew', 'CREW', 'bad\0name', 'x'.repeat(5_000), '../..%2F', "'); DROP TABLE groups; --", '__proto__', 'Fine']
const taken = ["'); DROP TABLE groups; --", '../..%2F', 'Crew', 'Fine', '__proto__']

export function conforms(kind: Kind): void {
  describe.skipIf(kind.missing !== null)(kind.name, () => {
    let app: TestApp
    let handle: SourceHandle
    /** A second source of the same kind, with a peer of its own. */
    let other: SourceHandle
    beforeAll(async () => {
      app = await bootApp({ logged: true })
      handle = await kind.open(app, 'here')
      other = await kind.open(app, 'there')
    }, 120_000)
    afterAll(async () => {
      await app?.close()
      await handle?.close()
      await other?.close()
    })

    const bring = async (userid: string, at = handle) => (await at.approach(userid))()
    const settled = async (userid: string, groups: readonly string[] = ['Crew'], at = handle) => {
      await at.arrives(userid)
      await at.provides(userid, { name: 'Ana', groups, team: ['red'] })
      expect(await bring(userid, at)).toMatchObject({ status: 200 })
      return held(userid, at)
    }
    async function held(userid: string, { iamid } = handle) {
      const [user] = await app.store.db.query<{
        id: number
        name: string
        disabled: boolean
        groups: string
        attributes: string
      }>(
        `SELECT u.id, u.name, u.disabled,
           (SELECT coalesce(string_agg(left(g.name, 60) || ': ' || array_to_string(ARRAY(SELECT unnest(m.sources) ORDER BY 1), '+'), ', ' ORDER BY g.name COLLATE "C"), '')
              FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups,
           (SELECT coalesce(string_agg(a.key || '=' || a.value || ': ' || a.source, ', ' ORDER BY a.key, a.value, a.source), '')
              FROM user_attributes a WHERE a.user_id = u.id) AS attributes
          FROM users u WHERE u.iamid = $1 AND u.userid = $2`,
        [iamid, userid],
      )
      return user ?? null
    }
    const count = (userid: string) => app.store.db.prisma.user.count({ where: { iamid: handle.iamid, userid } })

    test('a new user is created with the name, groups and attributes of the peer', async () => {
      expect(await settled('new', ['Crew', 'Night shift'])).toEqual({
        id: expect.any(Number),
        name: handle.profiles ? 'Ana' : 'new',
        disabled: false,
        groups: `Crew: ${handle.source}, Night shift: ${handle.source}`,
        attributes: `${handle.key}=red: ${handle.source}`,
      })
    })

    test('a known user keeps its id and is updated', async () => {
      const before = (await settled('known'))!
      await handle.provides('known', { name: 'Ana B.', groups: ['Night shift'], team: ['blue', 'green'] })
      expect((await bring('known')).status).toBe(200)
      expect(await held('known')).toEqual({
        ...before,
        name: handle.profiles ? 'Ana B.' : 'known',
        groups: `Night shift: ${handle.source}`,
        attributes: `${handle.key}=blue: ${handle.source}, ${handle.key}=green: ${handle.source}`,
      })
    })

    test('unchanged data writes no event of a change', async () => {
      await settled('same')
      const last = await app.store.db.prisma.auditEvent.aggregate({ _max: { id: true } })
      await settled('same')
      const events = await app.store.db.prisma.auditEvent.findMany({ where: { id: { gt: last._max.id ?? 0n } } })
      expect(
        events.map(({ event }) => event).filter(event => !/^(loginSucceeded|tokenIssued|syncFinished)$/.test(event)),
      ).toEqual([])
    })

    test('groups and attributes that the peer leaves out stay', async () => {
      const before = await settled('quiet')
      await handle.omits('quiet')
      const { status } = await bring('quiet')
      expect(status).toBe(200)
      expect(await held('quiet')).toEqual(before)
    })

    test('empty lists remove the values of this source, and not those of bim or of another source', async () => {
      const { id } = (await settled('rich', ['Crew', 'Night shift', 'Shared']))!
      const groupOf = async (name: string) =>
        (await app.store.db.prisma.group.findFirstOrThrow({ where: { iamid: handle.iamid, name } })).id
      const shared = await groupOf('Shared')
      await must(app, 'mutation ($i: AddGroupMemberInput!) { addGroupMember(input: $i) { membership { id: databaseId } } }', {
        i: { group: { databaseId: shared }, user: { databaseId: id } },
      })
      await must(app, 'mutation ($i: AttributeInput!) { addAttribute(input: $i) { owner { __typename } } }', {
        i: { owner: { user: { databaseId: id } }, key: handle.key, value: 'a local value' },
      })
      await app.store.db.query(`UPDATE memberships SET sources = sources || '{elsewhere}' WHERE user_id = $1 AND group_id = $2`, [
        id,
        await groupOf('Night shift'),
      ])
      await app.store.db.query(
        `INSERT INTO user_attributes (user_id, key, key_key, value, source) VALUES ($1, $2, lower($2), 'from elsewhere', 'elsewhere')`,
        [id, handle.key],
      )
      await handle.provides('rich', { name: 'Ana', groups: [], team: [] })
      expect((await bring('rich')).status).toBe(200)
      expect(await held('rich')).toMatchObject({
        groups: 'Night shift: elsewhere, Shared: bim',
        attributes: `${handle.key}=a local value: bim, ${handle.key}=from elsewhere: elsewhere`,
      })
    })

    test('concurrent requests for one new user create one', async () => {
      await handle.arrives('once')
      await handle.provides('once', { name: 'Ana', groups: ['Crew'], team: ['red'] })
      const ways = []
      for (let turn = 0; turn < 4; turn++) ways.push(await handle.approach('once'))
      const statuses = (await Promise.all(ways.map(enter => enter()))).map(({ status }) => status)
      expect(statuses).toContain(200)
      expect(statuses.filter(status => ![200, 409].includes(status))).toEqual([])
      expect(await count('once')).toBe(1)
      expect(await held('once')).toMatchObject({
        groups: `Crew: ${handle.source}`,
        attributes: `${handle.key}=red: ${handle.source}`,
      })
    })

    test('invalid names are reported and left out; two spellings are one group', async () => {
      await settled('strange')
      await handle.provides('strange', { name: 'Ana', groups: hostile, team: ['red', 'y'.repeat(5_000)] })
      const from = app.logged.length
      const outcome = await bring('strange')
      expect(
        await handle.reports(outcome, app.logged.slice(from), 'strange'),
        JSON.stringify([outcome, app.logged.slice(from)]),
      ).toBe(true)
      expect((await held('strange'))!.groups.replace('CREW', 'Crew')).toBe(
        taken.map(name => `${name}: ${handle.source}`).join(', '),
      )
    })

    test('a user whom an administrator disabled stays disabled', async () => {
      const { id } = (await settled('barred'))!
      const ref = { databaseId: id }
      await must(
        app,
        'mutation ($ref: UserRef!) { setUserDisabled(input: { ref: $ref, disabled: true }) { user { id: databaseId } } }',
        {
          ref,
        },
      )
      expect((await bring('barred')).status).toBe(handle.disabled)
      expect(await held('barred')).toMatchObject({ disabled: true })
      expect(await app.store.db.prisma.token.count({ where: { userId: id } })).toBe(0)
    })

    test('the last administrator stays one', async () => {
      const chief = (await settled('chief', ['Chiefs']))!
      const token = await handle.token?.('chief')
      await handle.provides('chief', { name: 'Ana', groups: [], team: ['red'] })
      const enter = await handle.approach('chief', token)
      await app.store.db.prisma.user.update({ where: { id: app.admin.id }, data: { disabled: true } })
      try {
        const outcome = await enter()
        expect(outcome.status).toBe(handle.lastAdministrator ?? 409)
        if (outcome.status === 200) expect(await handle.reports(outcome, [], 'chief')).toBe(true)
        expect(await held('chief')).toEqual(chief)
      } finally {
        await app.store.db.prisma.user.update({ where: { id: app.admin.id }, data: { disabled: false } })
      }
    })

    test.each(TROUBLES)('a peer in trouble (%s) changes nothing, is reported, and delays no other request', async trouble => {
      const userids = Array.from({ length: trouble === 'hangs' ? (handle.abreast ?? CROWD) : 1 }, (_, at) => `${trouble[0]}${at}`)
      const before = []
      for (const userid of userids) before.push(await settled(userid))
      await settled('neighbour', ['Crew'], other)
      const ways: (() => Promise<Outcome>)[] = []
      for (const userid of userids) {
        await handle.provides(userid, { name: 'Somebody else', groups: [], team: [] })
        ways.push(await handle.approach(userid))
      }
      const from = app.logged.length
      const end = await handle.trouble(trouble)
      let over = 0
      const brought = ways.map(async enter => {
        const outcome = await enter()
        over++
        return outcome
      })
      if (trouble === 'hangs') {
        // At most ten requests run at once; the others wait.
        while (handle.waiting() < Math.min(10, userids.length)) await pause(10)
        await elsewhere()
        expect(over).toBe(0)
        // The end reaches those that still wait, too.
        await handle.trouble('gone')
      }
      const outcomes = await Promise.all(brought)
      await end()
      const { status, logged } = handle.refusals[trouble]
      expect(outcomes.map(outcome => outcome.status)).toEqual(userids.map(() => status))
      if (logged !== null) expect(app.logged.slice(from).filter(logged)).toHaveLength(userids.length)
      for (const [at, userid] of userids.entries()) expect(await held(userid)).toEqual(before[at])
      await elsewhere()
      expect((await bring(userids[0]!)).status).toBe(200)
      expect(await held(userids[0]!)).toMatchObject({ groups: '', attributes: '' })
    })

    test('no line of the log holds a secret', () => {
      const lines = JSON.stringify(app.logged)
      expect(app.logged.length).toBeGreaterThan(20)
      for (const secret of [...handle.secrets, app.admin.password, app.admin.token]) expect(lines).not.toContain(secret)
    })

    /** Requests to the store, by password and to a source of the same kind succeed meanwhile. */
    async function elsewhere() {
      await must(app, '{ users(first: 5) { nodes { id: databaseId } } }')
      const { userid: username, password } = app.admin
      const entered = await rest(app, 'POST', '/bim/iam/bim/user/authenticate', null, { username, password })
      expect(entered.status).toBe(200)
      expect((await bring('neighbour', other)).status).toBe(200)
    }
  })
}
