// A sync and a log-in say the same of everybody, whatever the directory is like: in any order, the later of two finds nothing to change.
import { Client, ResultCodeError } from 'ldapts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../contract/client.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import { generated } from './generated.ts'
import { configOf, groups, people, startDirectory, syncsOf } from './organisation.ts'

sayWhenSkipped('LDAP sync and log-in of generated directories')

const ways = [
  { userGroupSearchFilter: '(member=<dn>)' },
  { userGroupSearchFilter: '(member=<dn>)', nestedGroups: true },
  { userGroupSearchFilter: '(memberUid=%s)' },
  { userGroupSearchFilter: '(|(member=<dn>)(memberUid=%s)(uniqueMember=<dn>))', nestedGroups: true },
  { userGroupSearchFilter: undefined, groupSearchBase: undefined, groupMembershipAttributes: ['memberOf'], nestedGroups: true },
  { userGroupSearchFilter: '(&(objectClass=groupOfUniqueNames)(uniqueMember=<dn>))', normalizeUserId: true },
]
const first = Number(process.env.ROSTER_TEST_SEED ?? 1)
const seeds = ways.map((_, at) => first + at)

describe.skipIf(slapdFolder === null)('a sync, a log-in and a refresh', () => {
  let slapd: Slapd
  let app: TestApp
  let syncs: ReturnType<typeof syncsOf>
  beforeAll(async () => {
    slapd = await startDirectory([])
    app = await bootApp()
    syncs = syncsOf(app)
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })

  /** Without the entries that the directory itself refuses: names that are none, or that it takes for the same. */
  async function fill(seed: number, unit: string): Promise<string[]> {
    const { entries, uids } = generated(seed, unit)
    const client = new Client({ url: `ldap://127.0.0.1:${slapd.port}` })
    const refused = new Set<unknown>()
    try {
      await client.bind(slapd.root.dn, slapd.root.password)
      for (const { dn, attributes } of entries)
        await client.add(dn, attributes).catch(error => {
          if (!(error instanceof ResultCodeError)) throw error
          refused.add(attributes.uid)
        })
    } finally {
      await client.unbind()
    }
    return uids.filter(uid => !refused.has(uid))
  }

  const held = (iamid: string) =>
    app.store.db.query(
      `SELECT u.userid, u.disabled, u.name, u.email, u.dn,
         array(SELECT g.name || ' by ' || array_to_string(m.sources, ' ') FROM memberships m JOIN groups g ON g.id = m.group_id
                WHERE m.user_id = u.id ORDER BY g.name_key) AS groups
        FROM users u WHERE u.iamid = $1 ORDER BY u.userid_key`,
      [iamid],
    )

  test.each(seeds.map((seed, at) => ({ seed, way: ways[at]! })))(
    'of the directory $seed: $way',
    async ({ seed, way }) => {
      const unit = `u${seed}`
      const uids = await fill(seed, unit)
      expect(uids.length).toBeGreaterThan(3)
      const options = {
        ...way,
        userSearchBase: `ou=${unit},${people}`,
        ...(way.userGroupSearchFilter && { groupSearchBase: `ou=${unit},${groups}` }),
      }
      const actions = (iamid: string) => ({
        sync: async () => expect((await syncs.sync(iamid)).body, iamid).toMatchObject({ totalCount: uids.length }),
        logIn: async () => {
          for (const username of uids) {
            const { status } = await send(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, {
              json: { username, password: `pw-${username}` },
            })
            expect(status, username).toBe(200)
          }
        },
        refresh: async () => {
          for (const { userid } of (await held(iamid)) as { userid: string }[])
            await syncs.must('mutation ($ref: UserRef!) { refreshUser(input: { ref: $ref }) { user { id: databaseId } } }', {
              ref: { name: { iamid, userid } },
            })
        },
      })
      const orders = {
        a: ['sync', 'logIn', 'sync', 'refresh', 'logIn', 'sync'],
        b: ['logIn', 'sync', 'refresh', 'sync', 'logIn'],
      } as const
      const found: Record<string, unknown> = {}
      for (const [name, order] of Object.entries(orders)) {
        const iamid = `${name}${seed}`
        await syncs.makeIam(iamid, configOf(slapd, { options }))
        const by = actions(iamid)
        const [start, ...rest] = order
        await by[start]()
        const before = await held(iamid)
        found[name] = before
        expect(before).toHaveLength(uids.length)
        for (const step of rest) {
          await by[step]()
          expect(await held(iamid), `${iamid} after ${step}`).toEqual(before)
        }
        const runs = await syncs.runs(iamid)
        // The latest run is the first.
        for (const run of start === 'sync' ? runs.slice(0, -1) : runs)
          expect(await syncs.entries(run.id), `${iamid} run ${run.id}`).toEqual([])
      }
      expect(JSON.parse(JSON.stringify(found.b).replaceAll(`by b${seed}`, `by a${seed}`))).toEqual(found.a)
      const memberships = (found.a as { groups: string[] }[]).flatMap(user => user.groups)
      expect(memberships.length).toBeGreaterThan(0)
    },
    60_000,
  )
})
