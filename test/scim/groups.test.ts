// Groups over SCIM: members are rows, nothing is lost, and nobody else's are touched.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { eventsBy, statementsOf } from '../harness/context.ts'
import { besideLookUps, boot, expectRefused, GROUP, outcome, type Provider, provider } from './provider.ts'

let app: TestApp
let okta: Provider
let other: Provider
let people: string[]
beforeAll(async () => {
  app = await boot()
  okta = await provider(app, 'okta', { groupPermissions: { Chiefs: ['USER_ADMIN'] } })
  other = await provider(app, 'other')
  people = (await Promise.all(Array.from({ length: 5 }, (_, n) => okta.user(`p${n}`)))).map(user => user.id)
})
afterAll(() => app.close())

const membersOf = async (id: string): Promise<string[]> =>
  (await okta.get(`/Groups/${id}`)).body.members.map((member: { value: string }) => member.value).toSorted()

describe('a group', () => {
  test('comes back as it was sent', async () => {
    const answer = await okta.send('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'Tour',
      externalId: '7',
      members: [{ value: people[0] }],
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`${okta.url}/Groups/${answer.body.id}`)
    expect(answer.body).toMatchObject({
      schemas: [GROUP],
      displayName: 'Tour',
      externalId: '7',
      members: [{ value: people[0], display: 'p0', type: 'User', $ref: `${okta.url}/Users/${people[0]}` }],
      meta: { resourceType: 'Group', version: answer.headers.get('etag') },
    })
    expect((await okta.get(`/Users/${people[0]}`)).body.groups).toEqual([
      { value: answer.body.id, display: 'Tour', type: 'direct', $ref: `${okta.url}/Groups/${answer.body.id}` },
    ])
    expect(await okta.send('POST', '/Groups', { schemas: [GROUP], displayName: 'TOUR' })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    })
    expectRefused(await other.get(`/Groups/${answer.body.id}`), 404)
    expect((await okta.send('DELETE', `/Groups/${answer.body.id}`)).status).toBe(204)
    expectRefused(await okta.get(`/Groups/${answer.body.id}`), 404)
  })

  test('PUT makes the members exactly those named', async () => {
    const { id } = await okta.group('whole', [people[0]!, people[1]!])
    const events = await eventsBy(app.store, () =>
      okta.send('PUT', `/Groups/${id}`, {
        schemas: [GROUP],
        displayName: 'whole',
        members: [{ value: people[1] }, { value: people[2] }],
      }),
    )
    expect(await membersOf(id)).toEqual([people[1]!, people[2]!].toSorted())
    expect(events.map(({ event, before, after }) => [event, ((before ?? after) as any).members.map((m: any) => m.name)])).toEqual(
      [
        ['groupUserAdded', ['okta/p2']],
        ['groupUserDeleted', ['okta/p0']],
      ],
    )
    await okta.send('PUT', `/Groups/${id}`, { schemas: [GROUP], displayName: 'whole', members: [] })
    expect(await membersOf(id)).toEqual([])
  })

  test('only memberships of this source are shown and changed', async () => {
    const { id } = await okta.group('shared', [people[0]!])
    const [{ groupId, userId, stranger }] = (await app.store.db.query(
      `SELECT g.id AS "groupId", a.id AS "userId", b.id AS stranger FROM groups g, users a, users b
        WHERE g.scimid = $1 AND a.scim_id = $2::uuid AND b.scim_id = $3::uuid`,
      [id, people[0], people[1]],
    )) as any
    await app.store.db.query(`INSERT INTO memberships (group_id, user_id) VALUES ($1, $2)`, [groupId, stranger])
    await app.store.db.query(`UPDATE memberships SET sources = '{okta,bim}' WHERE group_id = $1 AND user_id = $2`, [
      groupId,
      userId,
    ])
    expect(await membersOf(id)).toEqual([people[0]])
    await okta.send('PUT', `/Groups/${id}`, { schemas: [GROUP], displayName: 'shared', members: [] })
    const left = await app.store.db.query(`SELECT user_id AS id, sources FROM memberships WHERE group_id = $1 ORDER BY user_id`, [
      groupId,
    ])
    const both = [userId, stranger].toSorted((a, b) => a - b)
    expect(left).toEqual(both.map(id => ({ id, sources: ['bim'] })))
  })

  test('a local one is taken over when the provider pushes it', async () => {
    await app.graphql('mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id: databaseId } } }', {
      input: { iamid: 'okta', name: 'Handmade' },
    })
    expect((await okta.get(`/Groups?filter=${encodeURIComponent('displayName eq "handmade"')}`)).body.totalResults).toBe(0)
    const answer = await okta.send('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'Handmade',
      members: [{ value: people[0] }],
    })
    expect(answer.status).toBe(201)
    expect(await app.store.db.query(`SELECT count(*)::int AS n FROM groups WHERE name_key = 'handmade'`)).toEqual([{ n: 1 }])
  })

  test.each([
    ['a stranger', () => [{ value: '11111111-2222-3333-4444-555555555555' }]],
    ['no id', () => [{ value: '5' }]],
    ['nothing', () => [{}]],
    ['a group', () => [{ value: people[0], type: 'Group' }]],
  ])('takes no member that is %s', async (_what, members) => {
    const { id } = await okta.group(`refusing ${_what}`)
    expect(await okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: members() })).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue' },
    })
    expect(await membersOf(id)).toEqual([])
  })

  test('takes no user of another IAM', async () => {
    const foreign = await other.user('foreign')
    const { id } = await okta.group('native')
    const answer = await okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: foreign.id }] })
    expectRefused(answer, 400, 'invalidValue', /^members /)
  })
})

describe('PATCH of members', () => {
  test('200 at once lose nothing', async () => {
    const crowd: string[] = []
    for (let n = 0; n < 200; n += 20)
      crowd.push(...(await Promise.all(Array.from({ length: 20 }, (_, k) => okta.user(`crowd${n + k}`)))).map(user => user.id))
    const { id } = await okta.group('crowd', crowd.slice(0, 100))
    const answers = await Promise.all(
      crowd.map((member, n) =>
        n < 100
          ? okta.patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${member}"]` })
          : okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: member }] }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]))
    expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(200)
    expect(await membersOf(id)).toEqual(crowd.slice(100).toSorted())
  })

  test('users leave while others join, without a deadlock', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => okta.user(`leaving${n}`)))
    const { id } = await okta.group(
      'leaving',
      made.slice(0, 10).map(user => user.id),
    )
    const add = (value: string) => okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value }] })
    const left = made.map(user => okta.send('DELETE', `/Users/${user.id}`))
    const joined = made.map(user => add(user.id))
    expect((await Promise.all(left)).map(({ status }) => status)).toEqual(made.map(() => 204))
    // A join is in time, or of a deleted user.
    for (const answer of await Promise.all(joined)) expect(['204', '400 invalidValue']).toContain(outcome(answer))
    expect(await membersOf(id)).toEqual([])
  })

  test('costs the same whatever the size of the group, and however many operations', async () => {
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'okta', 'mass' || n, 'mass' || n, 'mass' || n, 'mass' || n FROM generate_series(1, 2000) n`,
    )
    const small = await okta.group('small')
    const large = await okta.group('large')
    await app.store.db.query(
      `INSERT INTO memberships (group_id, user_id, sources) SELECT g.id, u.id, '{okta}' FROM groups g, users u WHERE g.scimid = $1 AND u.userid LIKE 'mass%'`,
      [large.id],
    )
    const one = { op: 'add', path: 'members', value: [{ value: people[0] }] }
    const cost = (id: string, ...operations: object[]) =>
      statementsOf(app.store, async () => expect((await okta.patch(`/Groups/${id}`, ...operations)).status).toBe(204)).then(
        besideLookUps,
      )
    const costs = [
      await cost(small.id, one),
      await cost(large.id, one),
      await cost(small.id, ...people.map(value => ({ op: 'add', path: 'members', value: [{ value }] }))),
    ]
    expect(costs.map(({ length }) => length)).toEqual(costs.map(() => costs[0]!.length))
    expect(costs.flat().filter(text => /memberships m JOIN users v/.test(text))).toEqual([])
  })

  test('operations count in their order', async () => {
    const [a, b, c] = people as [string, string, string]
    const { id } = await okta.group('ordered', [a])
    const change = (op: string, ...ids: string[]) => ({ op, path: 'members', value: ids.map(value => ({ value })) })
    await okta.patch(`/Groups/${id}`, change('add', b), change('remove', a), change('add', c), change('remove', c))
    expect(await membersOf(id)).toEqual([b])
    await okta.patch(`/Groups/${id}`, change('add', a), change('replace', c), change('add', b))
    expect(await membersOf(id)).toEqual([b, c].toSorted())
    await okta.patch(`/Groups/${id}`, { op: 'remove', path: 'members' })
    expect(await membersOf(id)).toEqual([])
  })

  test.each([
    ['a filter on names', { op: 'remove', path: 'members[display eq "p0"]' }, 'invalidPath'],
    ['a filter on what members do not have', { op: 'remove', path: 'members[colour eq "red"]' }, 'invalidPath'],
    ['a change of a member', { op: 'replace', path: 'members[value eq "x"].type', value: 'User' }, 'mutability'],
    ['a change of all members', { op: 'replace', path: 'members.value', value: 'x' }, 'mutability'],
    ['the removal of the name', { op: 'remove', path: 'displayName' }, 'mutability'],
    ['an empty name', { op: 'replace', path: 'displayName', value: '' }, 'invalidValue'],
  ])('refuses %s', async (_what, operation, scimType) => {
    const { id } = await okta.group(`odd ${_what}`)
    expect(await okta.patch(`/Groups/${id}`, operation)).toMatchObject({ status: 400, body: { scimType } })
  })
})

describe('the last administrator', () => {
  test('is kept, however SCIM would take them away', async () => {
    const chief = await okta.user('chief')
    const chiefs = await okta.group('chiefs', [chief.id])
    await app.store.db.query(`UPDATE user_permissions SET permission = 'SET_ASIDE' WHERE permission = 'USER_ADMIN'`)
    const refusals = [
      await okta.patch(`/Users/${chief.id}`, { op: 'replace', path: 'active', value: false }),
      await okta.send('DELETE', `/Users/${chief.id}`),
      await okta.patch(`/Groups/${chiefs.id}`, { op: 'remove', path: `members[value eq "${chief.id}"]` }),
      await okta.send('PUT', `/Groups/${chiefs.id}`, { schemas: [GROUP], displayName: 'chiefs', members: [] }),
      await okta.patch(`/Groups/${chiefs.id}`, { op: 'replace', path: 'displayName', value: 'nobodies' }),
      await okta.send('DELETE', `/Groups/${chiefs.id}`),
    ]
    await app.store.db.query(`UPDATE user_permissions SET permission = 'USER_ADMIN' WHERE permission = 'SET_ASIDE'`)
    for (const refusal of refusals) expectRefused(refusal, 409, undefined, /USER_ADMIN|administrator/)
    expect((await okta.get(`/Users/${chief.id}`)).body).toMatchObject({ active: true, groups: [{ display: 'chiefs' }] })
    expect((await okta.send('DELETE', `/Groups/${chiefs.id}`)).status).toBe(204)
  })
})
