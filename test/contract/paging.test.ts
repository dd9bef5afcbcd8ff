// Requests 6: size, offset and a total order, so that pages never overlap or skip.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { query } from './client.ts'
import type { GroupView, Hits, ProfileView, UserView } from './world.ts'
import { expectRefusal, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

// Thirty people of few names, so that every order has ties; the group takes all of them, in another order than their names.
const count = 30
const named = ['Tern Émile', 'tern alva', 'TERN ZOE', 'Tern Bo', 'tern_x%']
const crew = await w.createGroup('tern crew')
for (let i = 0; i < count; i++) {
  await w.createUser(`tern-${String(i).padStart(2, '0')}`, { profile: { name: named[i % named.length] } })
  await w.addMember(crew.id, `tern-${String(i).padStart(2, '0')}`)
  if (i > 0) await w.createGroup(`tern group ${i}`)
}

type Found = Hits<UserView<ProfileView>>
const users = (parameters: Parameters<typeof query>[0]) =>
  w.must<Found>('GET', `/bim/user${query({ name: 'tern', ...parameters })}`)
const groups = (parameters: Parameters<typeof query>[0]) =>
  w.must<Hits<GroupView>>('GET', `/bim/group${query({ name: 'tern', ...parameters })}`)

describe('Requests 6: size and offset', () => {
  test('Requests 6: size defaults to 25, and count tells of the rest', async () => {
    expect(await users({})).toMatchObject({ count: '30', hits: { length: 25 } })
    expect(await groups({})).toMatchObject({ count: '30', hits: { length: 25 } })
    expect(await w.search({ name: 'tern' })).toMatchObject({ count: '30', hits: { length: 25 } })
    expect(await w.must('GET', `/bim/group/${crew.id}/user`)).toMatchObject({ count: 30, hits: { length: 25 } })
  })

  test('Requests 6: no silent cap: a size of 200, or the maximum, returns all there are', async () => {
    for (const size of [200, 10_000]) {
      expect((await users({ size })).hits).toHaveLength(count)
      expect((await groups({ size })).hits).toHaveLength(count)
      expect((await w.search({ name: 'tern', size })).hits).toHaveLength(count)
      expect(await w.must('GET', `/bim/group/${crew.id}/user?size=${size}`)).toMatchObject({ hits: { length: count } })
    }
  })

  const lists = ['/bim/user', '/bim/group', `/bim/group/${crew.id}/user`]
  const wrong: [string, string][] = [
    ['size', '0'],
    ['size', '-1'],
    ['size', '10001'],
    ['size', '2.5'],
    ['size', 'ten'],
    ['size', ''],
    ['size', '1e2'],
    ['size', '0x10'],
    ['size', '99999999999999999999'],
    ['offset', '-1'],
    ['offset', 'x'],
    ['offset', '1.5'],
    ['offset', '99999999999999999999'],
  ]
  test.each(wrong)('Requests 6: %s=%s is 400 and named, on every list', async (name, value) => {
    for (const list of lists) expectRefusal(await w.admin('GET', `${list}${query({ [name]: value })}`), 400, new RegExp(name))
  })

  test.each([
    { size: 0 },
    { size: -1 },
    { size: 10_001 },
    { size: 2.5 },
    { size: '25' },
    { size: null },
    { size: [25] },
    { offset: -1 },
    { offset: 1e20 },
    { offset: 2 ** 31 },
  ])('Requests 6: %j in the search by details is 400 and named', async filter => {
    expectRefusal(await w.admin('POST', '/bim/user/search', { json: filter }), 400, new RegExp(Object.keys(filter)[0]!))
  })

  test('Requests 6: an offset beyond the end is an empty page that still counts', async () => {
    expect(await users({ offset: 30 })).toEqual({ count: '30', hits: [] })
    expect(await groups({ offset: 1000 })).toEqual({ count: '30', hits: [] })
    expect(await w.search({ name: 'tern', offset: 30 })).toEqual({ count: '30', hits: [] })
    expect(await w.must('GET', `/bim/group/${crew.id}/user?offset=30`)).toEqual({ count: 30, hits: [] })
  })
})

describe('Requests 6: pages neither overlap nor skip', () => {
  const size = 7
  const offsets = [0, 7, 14, 21, 28]

  test.each(['name', 'createdAt', 'iamid', 'email', 'username', 'lastLogin'])(
    'Requests 6: users by %s, both ways',
    async sortField => {
      for (const sortOrder of ['asc', 'desc']) {
        const whole = (await users({ sortField, sortOrder, size: 100 })).hits.map(hit => hit.id)
        const pages = await Promise.all(offsets.map(offset => users({ sortField, sortOrder, size, offset })))
        expect(pages.flatMap(page => page.hits.map(hit => hit.id))).toEqual(whole)
        const searched = await Promise.all(offsets.map(offset => w.search({ name: 'tern', sortField, sortOrder, size, offset })))
        expect(searched.flatMap(page => page.hits.map(hit => hit.id))).toEqual(whole)
        expect(new Set(whole).size).toBe(count)
      }
    },
  )

  test.each(['name', 'createdAt', 'iamid'])('Requests 6: groups by %s, both ways', async sortField => {
    for (const sortOrder of ['asc', 'desc']) {
      const whole = (await groups({ sortField, sortOrder, size: 100 })).hits.map(hit => hit.id)
      const pages = await Promise.all(offsets.map(offset => groups({ sortField, sortOrder, size, offset })))
      expect(pages.flatMap(page => page.hits.map(hit => hit.id))).toEqual(whole)
      expect(new Set(whole).size).toBe(count)
    }
  })

  test('Requests 6: members of a group, by name and then id, both ways', async () => {
    type Members = { hits: { id: number; profile: { name: string; id: number } }[] }
    const members = (parameters: string) => w.must<Members>('GET', `/bim/group/${crew.id}/user?${parameters}`)
    const whole = (await members('size=100')).hits
    const pages = await Promise.all(offsets.map(offset => members(`size=${size}&offset=${offset}`)))
    expect(pages.flatMap(page => page.hits)).toEqual(whole)
    const inOrder = whole.map(({ profile }) => [profile.name.toUpperCase(), String(profile.id).padStart(9, '0')].join(' '))
    expect(inOrder).toEqual(inOrder.toSorted())
    const descending = (await members('size=100&sortOrder=desc')).hits.map(hit => hit.profile.name.toUpperCase())
    expect(descending).toEqual(whole.map(hit => hit.profile.name.toUpperCase()).toReversed())
  })
})

describe('Requests 6: order and matching', () => {
  test('Requests 6: text sorts by canonical form, by code point, ties by id', async () => {
    const hits = (await users({ size: 100 })).hits
    const names = [...new Set(hits.map(hit => hit.profile.name))]
    expect(names).toEqual(['tern alva', 'Tern Bo', 'TERN ZOE', 'Tern Émile', 'tern_x%'])
    for (const name of names) {
      const ids = hits.filter(hit => hit.profile.name === name).map(hit => hit.id)
      expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    }
  })

  test.each(['TERN ÉMILE', 'tern émile', 'tern e\u0301mile', 'Ｔern Émile', 'n ém'])(
    'Requests 6: name=%s ignores case and form',
    async name => {
      expect((await users({ name })).count).toBe('6')
    },
  )

  test('Requests 6: %, _ and \\ are taken literally', async () => {
    for (const [name, found] of [
      ['_x%', '6'],
      ['%', null],
      ['tern%bo', '0'],
      ['tern_bo', '0'],
      ['\\', '0'],
      ['tern_x\\%', '0'],
    ] as const) {
      const answer = await users({ name })
      if (found !== null) expect(answer.count, name).toBe(found)
      else expect(answer.hits.every(hit => hit.profile.name.includes('%'))).toBe(true)
    }
  })

  test('Requests 6: userid matches any part', async () => {
    expect((await w.search({ userid: 'ERN-0' })).count).toBe('10')
    expect((await w.search({ userid: 'ERN_0' })).count).toBe('0')
  })
})

describe('Requests 6: the client that asks for no size', () => {
  test('Requests 6: the Terraform provider gets every member of a group in one answer', async () => {
    const headers = { 'user-agent': 'HashiCorp Terraform/1.9.0 (+https://www.terraform.io)' }
    const answer = await w.admin('GET', `/bim/group/${crew.id}/user`, { headers })
    expect(answer.body).toMatchObject({ count, hits: { length: count } })
    const sized = await w.admin('GET', `/bim/group/${crew.id}/user?size=5`, { headers })
    expect(sized.body).toMatchObject({ count, hits: { length: 5 } })
    const users = await w.admin('GET', '/bim/user?name=tern', { headers })
    expect(users.body).toMatchObject({ hits: { length: 25 } })
  })
})
