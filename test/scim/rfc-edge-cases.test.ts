// The corners of RFC 7644 and 9865: a search from the root, /Me, methods that there are not, cursors back, and lists that are bounded.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exchangesOf } from '../diagnostics/harness.ts'
import type { TestApp } from '../harness/app.ts'
import { boot, CORE, expectRefused, GROUP, outcomes, PATCH_OP, type Provider, provider } from './provider.ts'

let app: TestApp
beforeAll(async () => {
  app = await boot()
})
afterAll(() => app.close())

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const filtered = (path: string, filter: string) => `${path}?filter=${encodeURIComponent(filter)}`

describe('a search from the root (RFC 7644 3.4.3)', () => {
  let idp: Provider
  const search = (rest: object = {}) => idp.send('POST', '/.search', { schemas: [SEARCH], ...rest })
  const names = async (rest: object) =>
    (await search(rest)).body.Resources.map((resource: any) => resource.userName ?? resource.displayName)
  beforeAll(async () => {
    idp = await provider(app, 'root')
    const other = await provider(app, 'other')
    await other.user('elsewhere')
    const { id } = await idp.user('ann', { displayName: 'Zoe' })
    await idp.user('bob', { displayName: 'Bob', title: 'T' })
    await idp.group('Crew', [id])
    await idp.group('Alpha')
  })

  test('finds users and groups, each in its own shape', async () => {
    const { status, body } = await search()
    expect(status).toBe(200)
    expect(body).toMatchObject({ totalResults: 4, itemsPerPage: 4, startIndex: 1 })
    const types = body.Resources.map(({ meta, schemas }: any) => `${meta.resourceType} ${schemas[0]}`)
    expect(types.toSorted()).toEqual([`Group ${GROUP}`, `Group ${GROUP}`, `User ${CORE}`, `User ${CORE}`])
    const crew = body.Resources.find(({ displayName }: any) => displayName === 'Crew')
    const ann = body.Resources.find(({ userName }: any) => userName === 'ann')
    expect(crew.members).toMatchObject([{ value: ann.id }])
    expect(ann.groups).toMatchObject([{ value: crew.id }])
  })

  test.each([
    ['userName eq "ANN"', ['ann']],
    ['displayName eq "crew"', ['Crew']],
    ['displayName sw "b" or displayName sw "a"', ['Alpha', 'bob']],
    ['title pr', ['bob']],
    ['not (title pr)', ['Alpha', 'Crew', 'ann']],
    ['title ne "T"', ['Alpha', 'Crew', 'ann']],
    ['title eq null and displayName pr', ['Alpha', 'Crew', 'ann']],
    ['members pr', ['Crew']],
    ['members[display co "z"]', ['Crew']],
    ['emails[type eq "work"]', []],
    ['meta.resourceType eq "Group"', ['Alpha', 'Crew']],
    ['(meta.resourceType eq "User") or (meta.resourceType eq "Group")', ['Alpha', 'Crew', 'ann', 'bob']],
  ])('%s', async (filter, expected) => {
    expect((await names({ filter })).toSorted()).toEqual(expected)
  })

  test('what no type has is refused', async () => {
    expect(await search({ filter: 'userName.size eq 5' })).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } })
    expect(await search({ sortBy: 'shoeSize' })).toMatchObject({ status: 400, body: { scimType: 'invalidPath' } })
    expectRefused(await idp.send('POST', '/.search', {}), 400, 'invalidSyntax', /^schemas /)
    expectRefused(await idp.send('POST', '/.search', '['), 400, 'invalidSyntax', /^body /)
  })

  test('is sorted across the types; who lacks the value stands last', async () => {
    expect(await names({ sortBy: 'displayName' })).toEqual(['Alpha', 'bob', 'Crew', 'ann'])
    expect(await names({ sortBy: 'displayName', sortOrder: 'descending' })).toEqual(['ann', 'Crew', 'bob', 'Alpha'])
    expect((await names({ sortBy: 'userName' })).slice(0, 2)).toEqual(['ann', 'bob'])
    expect(await names({ sortBy: 'meta.created' })).toEqual(['ann', 'bob', 'Crew', 'Alpha'])
  })

  test.each([{}, { sortBy: 'displayName' }, { sortBy: 'meta.created' }, { sortBy: 'title' }])(
    'pages of %j hold everything once, by index and by cursor, forwards and back',
    async asked => {
      const all = await names(asked)
      const byIndex: string[] = []
      for (let startIndex = 1; startIndex <= 4; startIndex++) byIndex.push(...(await names({ ...asked, startIndex, count: 1 })))
      expect(byIndex).toEqual(all)
      const there: string[] = []
      let previous: string | undefined
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const { body } = await search({ ...asked, count: 1, cursor })
        there.push(...body.Resources.map((resource: any) => resource.userName ?? resource.displayName))
        cursor = body.nextCursor
        previous = body.previousCursor
      }
      expect(there).toEqual(all)
      const back: string[] = []
      while (previous !== undefined) {
        const { body }: { body: any } = await search({ ...asked, count: 1, cursor: previous })
        back.unshift(...body.Resources.map((resource: any) => resource.userName ?? resource.displayName))
        previous = body.previousCursor
      }
      expect(back).toEqual(all.slice(0, 3))
    },
  )

  test('attributes and excludedAttributes', async () => {
    const { body } = await search({ attributes: ['userName'] })
    expect(body.Resources.map((resource: object) => Object.keys(resource).toSorted().join())).toEqual(
      expect.arrayContaining(['id,schemas,userName', 'id,schemas']),
    )
    const without = await search({ excludedAttributes: ['members', 'groups'] })
    expect(JSON.stringify(without.body)).not.toMatch(/"(members|groups)"/)
  })
})

describe('what there is not', () => {
  let idp: Provider
  beforeAll(async () => {
    idp = await provider(app, 'methods')
  })
  const error = (status: number) => ({
    status,
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail: expect.any(String) },
  })

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s /Me is 501 (RFC 7644 3.11)', async method => {
    expect(await idp.send(method, '/Me', method === 'GET' || method === 'DELETE' ? undefined : {})).toMatchObject(error(501))
    expect(await idp.send(method, '/Me/x')).toMatchObject(error(501))
  })

  test.each([
    ['PUT', '/Users', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/Groups', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/Users/5', 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT'],
    ['GET', '/Users/.search', 'OPTIONS, POST'],
    ['PATCH', '/Groups/.search', 'OPTIONS, POST'],
    ['GET', '/.search', 'OPTIONS, POST'],
    ['GET', '/Bulk', 'OPTIONS, POST'],
    ['POST', '/ServiceProviderConfig', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/Schemas/x', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 and says what there is', async (method, path, allow) => {
    const answer = await idp.send(method, path)
    expect(answer).toMatchObject(error(405))
    expect(answer.headers.get('allow')).toBe(allow)
    const others = allow.split(', ').filter(one => one !== 'OPTIONS')
    expect(answer.body.detail).toBe(`This path does not take ${method}: use ${others.join(' or ')}`)
    const options = await idp.send('OPTIONS', path)
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow])
  })

  test('in a Bulk too', async () => {
    const Operations = [
      { method: 'DELETE', path: '/Users' },
      { method: 'DELETE', path: '/Me' },
      { method: 'POST', path: '/Bulk', bulkId: 'inner', data: { Operations: [] } },
    ]
    const answer = await idp.send('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations,
    })
    expect(outcomes(answer)).toEqual(['405', '501', '404'])
  })
})

describe('pages', () => {
  let idp: Provider
  const MANY = 2_600
  beforeAll(async () => {
    idp = await provider(app, 'paged')
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'paged', 'u' || i, 'u' || i, 'U ' || i, 'u ' || i
         FROM generate_series(1, $1::int) i`,
      [MANY],
    )
  })
  const page = async (query: string) => (await idp.get(`/Users?attributes=userName&${query}`)).body
  const names = (body: any) => body.Resources.map(({ userName }: any) => userName)
  const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => `u${first + i}`)

  test.each([
    [1, 3],
    [1000, 3],
    [1001, 3],
    [1300, 3],
    [1301, 3],
    [1302, 3],
    [2000, 1000],
    [2596, 5],
    [2598, 3],
    [2599, 5],
    [2600, 5],
    [2601, 5],
    [9999, 5],
  ])('startIndex=%i&count=%i is the same from whichever end it is read', async (startIndex, count) => {
    const body = await page(`startIndex=${startIndex}&count=${count}`)
    const expected = from(startIndex, Math.max(Math.min(count, MANY - startIndex + 1), 0))
    expect(body).toMatchObject({ totalResults: MANY, startIndex, itemsPerPage: expected.length })
    expect(names(body)).toEqual(expected)
    const descending = await page(`startIndex=${startIndex}&count=${count}&sortBy=meta.created&sortOrder=descending`)
    const sorted = await page(`startIndex=${startIndex}&count=${count}&sortBy=userName`)
    const all = from(1, MANY).toSorted()
    expect(names(sorted)).toEqual(all.slice(startIndex - 1, startIndex - 1 + count))
    expect(names(descending)).toHaveLength(expected.length)
  })

  test('previousCursor goes back to where one came from (RFC 9865)', async () => {
    const first = await page('cursor=&count=1000')
    expect(first).not.toHaveProperty('previousCursor')
    const second = await page(`cursor=${first.nextCursor}&count=1000`)
    const third = await page(`cursor=${second.nextCursor}&count=1000`)
    expect(third).not.toHaveProperty('nextCursor')
    const back = await page(`cursor=${encodeURIComponent(third.previousCursor)}&count=1000`)
    expect(names(back)).toEqual(names(second))
    const start = await page(`cursor=${encodeURIComponent(back.previousCursor)}&count=1000`)
    expect(names(start)).toEqual(names(first))
    expect(start).not.toHaveProperty('previousCursor')
    expect(names(await page(`cursor=${start.nextCursor}&count=2`))).toEqual(from(1001, 2))
    for (const cursor of ['.', '.x', '..', `.${first.nextCursor.slice(4)}`])
      expect(await idp.get(`/Users?cursor=${cursor}`)).toMatchObject({ status: 400, body: { scimType: 'invalidCursor' } })
    expectRefused(await idp.get(`/Users?sortBy=userName&cursor=${third.previousCursor}`), 400, 'invalidCursor')
  })

  test('an index page has no cursors, and a cursor page no index', async () => {
    const index = await page('count=2')
    expect(Object.keys(index).toSorted()).toEqual(['Resources', 'itemsPerPage', 'schemas', 'startIndex', 'totalResults'])
    expect(await page('cursor=&count=0')).toMatchObject({ totalResults: MANY, itemsPerPage: 0 })
  })
})

describe('lists with members', () => {
  let idp: Provider
  const sizes = [3_000, 0, 6_999, 1, 2, 25_000, 5, 0]
  beforeAll(async () => {
    idp = await provider(app, 'crowd')
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'crowd', 'u' || i, 'u' || i, 'U ' || i, 'u ' || i
         FROM generate_series(1, 25000) i`,
    )
    for (const [at, size] of sizes.entries()) {
      const { id } = await idp.group(`group ${at}`)
      await app.store.db.query(
        `INSERT INTO memberships (group_id, user_id, sources) SELECT g.id, u.id, '{crowd}' FROM groups g,
           (SELECT id FROM users WHERE iamid = 'crowd' ORDER BY id LIMIT $2::int) u WHERE g.scimid = $1`,
        [id, size],
      )
    }
  }, 60_000)
  const sizesOf = (body: any) => body.Resources.map(({ members }: any) => members.length)

  test('a page ends before its members are too many, and goes on there', async () => {
    const pages: number[][] = []
    for (let startIndex = 1; startIndex <= sizes.length; ) {
      const { body } = await idp.get(`/Groups?startIndex=${startIndex}`)
      expect(body).toMatchObject({ totalResults: sizes.length, startIndex })
      expect(body.itemsPerPage).toBe(body.Resources.length)
      pages.push(sizesOf(body))
      startIndex += body.itemsPerPage
    }
    expect(pages).toEqual([[3_000, 0, 6_999, 1], [2], [25_000], [5, 0]])
  })

  test('by cursor, forwards and back, the same groups', async () => {
    const there: number[][] = []
    let previous: string | undefined
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { body } = await idp.get(`/Groups?cursor=${cursor}`)
      there.push(sizesOf(body))
      cursor = body.nextCursor
      previous = body.previousCursor
    }
    expect(there).toEqual([[3_000, 0, 6_999, 1], [2], [25_000], [5, 0]])
    const back: number[][] = []
    while (previous !== undefined) {
      const { body }: { body: any } = await idp.get(`/Groups?cursor=${previous}`)
      back.unshift(sizesOf(body))
      previous = body.previousCursor
    }
    expect(back.flat()).toEqual(sizes.slice(0, 6))
    expect(back.at(-1)).toEqual([25_000])
  })

  test('from the root the same', async () => {
    const filter = 'meta.resourceType eq "Group" or userName eq "u7"'
    const seen: (number | string)[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { body }: { body: any } = await idp.send('POST', '/.search', { schemas: [SEARCH], filter, cursor })
      const members = body.Resources.flatMap((resource: any) => resource.members?.length ?? [])
      expect(members.length === 1 || members.reduce((a: number, b: number) => a + b, 0) <= 10_000).toBe(true)
      seen.push(...body.Resources.map((resource: any) => resource.members?.length ?? resource.userName))
      cursor = body.nextCursor
    }
    expect(seen.filter(one => typeof one === 'number')).toEqual(sizes)
    expect(seen.filter(one => typeof one === 'string')).toEqual(['u7'])
  })

  test('without members a page is whole', async () => {
    expect((await idp.get('/Groups?excludedAttributes=members')).body.itemsPerPage).toBe(sizes.length)
    expect((await idp.get('/Groups?attributes=displayName')).body.itemsPerPage).toBe(sizes.length)
  })

  test('a change of a large group answers with all members, and its exchange keeps as many as fit', async () => {
    const { body } = await idp.get('/Users?count=1000&attributes=id')
    const tricky = 'a "members":["here go the members"] b'
    const { id } = await idp.group(tricky)
    await app.store.db.query(
      `INSERT INTO memberships (group_id, user_id, sources) SELECT g.id, u.id, '{crowd}' FROM groups g, users u
         WHERE g.scimid = $1 AND u.iamid = 'crowd'`,
      [id],
    )
    const patched = await idp.send('PATCH', `/Groups/${id}?attributes=displayName,members`, {
      schemas: [PATCH_OP],
      Operations: [{ op: 'remove', path: `members[value eq "${body.Resources[0].id}"]` }],
    })
    expect(patched.status).toBe(200)
    expect(patched.body.displayName).toBe(tricky)
    expect(patched.body.members).toHaveLength(24_999)
    const [kept] = await exchangesOf(app, 'crowd', {}, 1)
    expect(kept).toMatchObject({
      status: 200,
      resource: `Group/${id}`,
      response: { displayName: tricky },
      responseComplete: false,
      changes: [{ event: 'groupUserDeleted' }],
    })
    const { members } = kept.response
    expect(members[0]).toEqual(patched.body.members[0])
    expect(members.at(-1)).toBe(`and ${24_999 - (members.length - 1)} more`)
  })

  test('one group is whole, each member once', async () => {
    const { body } = await idp.get(filtered('/Groups', 'displayName eq "group 5"'))
    const whole = await idp.get(`/Groups/${body.Resources[0].id}`)
    expect(whole.body.members).toHaveLength(25_000)
    expect(new Set(whole.body.members.map(({ value }: any) => value)).size).toBe(25_000)
    expect(whole.body.members[0]).toEqual({
      value: expect.any(String),
      $ref: expect.stringContaining('/Users/'),
      display: 'U 1',
      type: 'User',
    })
    expect(whole.headers.get('content-type')).toMatch(/^application\/scim\+json/)
    expect(whole.headers.get('etag')).toBe(whole.body.meta.version)
    const [listed] = body.Resources
    expect(whole.body).toEqual(listed)
    const values = await idp.get(`/Groups/${whole.body.id}?attributes=members.value`)
    expect(values.body).toEqual({
      schemas: [GROUP],
      id: whole.body.id,
      members: whole.body.members.map(({ value }: any) => ({ value })),
    })
    const named = await idp.get(`/Groups/${whole.body.id}?attributes=displayName`)
    expect(named.body).toEqual({ schemas: [GROUP], id: whole.body.id, displayName: 'group 5' })
  })
})

test('an address is found in whatever place and case, and a long one too', async () => {
  const idp = await provider(app, 'mailed')
  const long = Array.from({ length: 12_000 }, (_, i) => (i * 7919).toString(36))
    .join('')
    .slice(0, 40_000)
  const emails = (...values: [string, string?][]) => ({
    emails: values.map(([value, type]) => ({ value, ...(type && { type }) })),
  })
  await idp.user('two', emails(['First@x.example', 'work'], ['second@x.example', 'home']))
  await idp.user('long', emails(['short@x.example'], [long]))
  await app.store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key)
       VALUES ('mailed', 'unwritten', 'unwritten', 'U', 'u', 'Un@x.example', 'un@x.example')`,
  )
  const found = async (filter: string) =>
    (await idp.get(filtered('/Users', filter))).body.Resources.map((user: any) => user.userName)
  expect(await found('emails.value eq "SECOND@x.example"')).toEqual(['two'])
  expect(await found('emails eq "first@X.example"')).toEqual(['two'])
  expect(await found('emails[type eq "work" and value eq "second@x.example"]')).toEqual([])
  expect(await found('emails[value eq "second@x.example" and type eq "home"]')).toEqual(['two'])
  expect(await found('emails[type eq "home"].value eq "second@x.example"')).toEqual(['two'])
  expect(await found('emails[type eq "work" or value eq "un@x.example"]')).toEqual(['two', 'unwritten'])
  expect(await found('emails.value eq "un@X.example"')).toEqual(['unwritten'])
  expect(await found('not (emails.value eq "un@x.example")')).toEqual(['two', 'long'])
  expect(await found(`emails.value eq "${long.slice(0, 3_000)}"`)).toEqual([])
  expect(await found(`emails.value sw "${long.slice(0, 3_000)}"`)).toEqual(['long'])
})
