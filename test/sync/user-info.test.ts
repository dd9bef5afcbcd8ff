// A sync that asks the IAM's user info endpoint about everybody, too.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import { configOf, dnOf, groupLdif, personLdif, startDirectory, syncsOf } from './organisation.ts'

sayWhenSkipped('LDAP sync with user info')

const PEOPLE = 40

describe.skipIf(slapdFolder === null)('a sync that asks the user info endpoint', () => {
  let slapd: Slapd
  let app: TestApp
  let endpoint: Server
  let syncs: ReturnType<typeof syncsOf>
  const asked: string[] = []
  const nothing = { groups: [], authorizations: {} }
  let answers: (userid: string) => unknown = () => nothing
  beforeAll(async () => {
    slapd = await startDirectory([
      ...Array.from({ length: PEOPLE }, (_, at) => personLdif(`u${at}`, 'title: Clerk\n')),
      groupLdif('Staff', [dnOf('u0')]),
    ])
    endpoint = createServer((request, response) => {
      const userid = new URL(request.url!, 'http://localhost').searchParams.get('userid')!
      asked.push(userid)
      const answer = answers(userid)
      response.writeHead(answer === null ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    }).listen(0, '127.0.0.1')
    await once(endpoint, 'listening')
    app = await bootApp()
    syncs = syncsOf(app)
    const uri = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/info`
    await syncs.makeIam('corp', configOf(slapd, { externalUserInfo: { uri }, ldapSync: { askUserInfo: true } }))
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    endpoint?.close()
    await slapd?.close()
  })
  const shown = async (userid: string) => {
    const { iamAuthorizations, memberships } = await syncs.user(userid)
    return {
      iamAuthorizations,
      groups: memberships.nodes.map((node: { group: { name: string }; sources: string[] }) => [node.group.name, ...node.sources]),
    }
  }

  test('takes both in, each as its own source; and a second run finds nothing to do', async () => {
    answers = userid => (userid === 'u0' ? { groups: [{ name: 'Pilots' }], authorizations: { Team: ['Blue'] } } : nothing)
    expect((await syncs.sync('corp')).body).toMatchObject({ totalCount: PEOPLE, count: PEOPLE, refreshedUsers: [] })
    expect(asked).toHaveLength(PEOPLE)
    expect(await shown('u0')).toEqual({
      iamAuthorizations: { Title: ['Clerk'], Team: ['Blue'] },
      groups: [
        ['Pilots', 'user info'],
        ['Staff', 'corp'],
      ],
    })
    expect((await syncs.sync('corp')).body).toMatchObject({ totalCount: PEOPLE, count: 0 })
  })

  test('refreshes a user with new data of the endpoint only', async () => {
    answers = userid => (userid === 'u0' ? { groups: [], authorizations: { Team: ['Red'] } } : nothing)
    expect((await syncs.sync('corp', { dryRun: true })).body).toMatchObject({ count: 1, refreshedUsers: [{ userId: 'u0' }] })
    expect((await shown('u0')).iamAuthorizations.Team).toEqual(['Blue'])
    expect((await syncs.sync('corp')).body).toMatchObject({ count: 1 })
    expect(await shown('u0')).toEqual({ iamAuthorizations: { Title: ['Clerk'], Team: ['Red'] }, groups: [['Staff', 'corp']] })
    const { userInfoDrift } = await syncs.must('{ userInfoDrift(iamid: "corp") { totals { answered neverCalled failed } } }')
    expect(userInfoDrift.totals).toEqual({ answered: PEOPLE, neverCalled: 0, failed: 0 })
  })

  test('keeps what is known where there is no answer, says so once, and does not go on asking', async () => {
    answers = () => null
    asked.length = 0
    expect((await syncs.sync('corp')).body).toMatchObject({ totalCount: PEOPLE, count: 0 })
    expect(asked).toHaveLength(20)
    expect((await shown('u0')).iamAuthorizations.Team).toEqual(['Red'])
    const [run] = await syncs.runs('corp')
    expect(await syncs.entries(run.id)).toMatchObject([
      {
        action: 'ERROR',
        reason: expect.stringMatching(
          /^The user info endpoint gave no answer about 20 people; the other users were not looked up: /,
        ),
      },
    ])
    const { userInfoDrift } = await syncs.must('{ userInfoDrift(iamid: "corp") { totals { failed } } }')
    expect(userInfoDrift.totals.failed).toBe(20)
  })

  test('of one person, too', async () => {
    answers = () => ({ groups: [{ name: 'Pilots' }] })
    expect((await syncs.sync('corp', { dryRun: false, userId: 'u1' })).body).toMatchObject({ totalCount: 1, count: 1 })
    expect((await shown('u1')).groups).toEqual([['Pilots', 'user info']])
  })

  test('a configuration without an endpoint cannot ask it', async () => {
    const { errors } = await app.graphql(
      'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }',
      {
        input: { iamid: 'none', displayName: 'None', type: 'LDAP', config: configOf(slapd, { ldapSync: { askUserInfo: true } }) },
      },
    )
    expect(errors![0].message).toContain('config.ldapSync.askUserInfo needs externalUserInfo')
  })
})
