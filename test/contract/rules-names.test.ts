// Names 1 and 2: what a name may be, and when two names are one.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { segment } from './client.ts'
import type { LoggedIn } from './world.ts'
import { expectRefusal, fresh, groupPath, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

const create = (json: unknown) => w.admin('POST', '/bim/iam/bim/user', { json })
const login = (username: string, password: string) =>
  w.anonymous<LoggedIn>('POST', '/bim/iam/bim/user/authenticate', { json: { username, password } })

/** What no userid, group name, attribute key or value may be. */
const forbidden: [string, string][] = [
  ['empty', ''],
  ['a leading space', ' ana'],
  ['a trailing space', 'ana '],
  ['a trailing no-break space', 'ana\u00a0'],
  ['only white space', '   '],
  ['a tab', 'an\ta'],
  ['a line break', 'an\na'],
  ['a NUL', 'an\u0000a'],
  ['a delete character', 'an\u007fa'],
  ['a C1 control', 'an\u0085a'],
  ['a lone high surrogate', 'an\ud800a'],
  ['a lone low surrogate', 'an\udc00a'],
  ['a zero-width space', 'an\u200ba'],
  ['a zero-width joiner', 'an\u200da'],
  ['a byte order mark', 'an\ufeffa'],
  ['a right-to-left override', 'an\u202ea'],
  ['a soft hyphen', 'an\u00ada'],
]

describe('Names 1: userids', () => {
  test.each([...forbidden, ['255 characters', 'a'.repeat(255)], ['a dot', '.'], ['two dots', '..']])(
    'Names 1: %s is 400 and names userid',
    async (_what, userid) => {
      expectRefusal(await create({ userid }), 400, /userid/)
    },
  )

  test.each([
    ['Latin and Cyrillic', 'p\u0430ul'],
    ['Latin and Greek', 'paul\u03b1'],
    ['Greek and Cyrillic', '\u03b1\u0431\u0432'],
  ])('Names 1: a new bim userid does not mix %s letters', async (_what, userid) => {
    expectRefusal(await create({ userid }), 400, /userid/)
  })

  test.each([
    '1',
    'a'.repeat(254),
    '271828',
    'ivan petrov',
    'Иван Петров',
    'Ελένη 7',
    "o'neill+tag@roster.example",
    'a/b?c#d%e',
    'a\\b',
    '__proto__',
    'constructor',
    '💠',
    'null',
    '山田太郎',
  ])('Names 1: %s is a userid, kept as sent, on every path', async userid => {
    const { newUser } = await w.createUser(userid, { password: 'open up' })
    expect(newUser).toMatchObject({ userid, profile: { name: userid } })
    expect((await login(userid, 'open up')).status).toBe(200)
    expect(await w.must('PUT', `${userPath(userid)}/disable/false`)).toEqual({ userid, disabled: false })
    if (!/^\d+$/.test(userid)) expect((await w.getUser(userid)).profile.id).toBe(newUser.profile.id)
    await w.must('DELETE', userPath(userid))
  })

  const spellings = ['Bob Müller', 'bob müller', 'BOB MÜLLER', 'Bob Mu\u0308ller', 'Ｂｏｂ Müller']
  test('Names 1: other spellings of one name are the same name: 409 on creating, found on every path and at log-in', async () => {
    const { newUser } = await w.createUser(spellings[0]!, { password: 'the one' })
    for (const spelling of spellings) {
      expectRefusal(await create({ userid: spelling }), 409, /^userid is already taken/)
      expect(await w.getUser(spelling)).toMatchObject({ profile: { id: newUser.profile.id }, userid: spellings[0] })
      expect((await login(spelling, 'the one')).status).toBe(200)
    }
  })

  test.each([
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['ΟΔΟΣ 2', 'οδοσ 2'],
    ['ﬁnn', 'finn'],
    ['Ⅳ', 'iv'],
  ])('Names 1: %s and %s are one name', async (one, other) => {
    await w.createUser(one)
    expectRefusal(await create({ userid: other }), 409, /^userid is already taken/)
  })

  test('Names 1: a userid is unique per IAM only', async () => {
    const userid = fresh('both')
    await w.createUser(userid)
    await w.createIam('namesDirectory')
    await w.createIamUser('namesDirectory', userid)
    expect((await w.search({ userid })).count).toBe('2')
  })
})

describe('Names 1: groups and attributes', () => {
  test.each([...forbidden, ['255 characters', 'g'.repeat(255)]])(
    'Names 1: a group name that is %s is 400',
    async (_what, name) => {
      expectRefusal(await w.admin('POST', '/bim/group', { json: { iamid: 'bim', name } }), 400, /name/)
    },
  )

  test('Names 1: group names are unique by canonical form, and 254 characters fit', async () => {
    await w.createGroup('Crème')
    for (const name of ['crème', 'CRE\u0300ME']) {
      expectRefusal(await w.admin('POST', '/bim/group', { json: { iamid: 'bim', name } }), 409, /^name is already taken/)
    }
    expect((await w.createGroup('g'.repeat(254))).name).toHaveLength(254)
  })

  const written = forbidden.filter(([, text]) => text !== '' && text.isWellFormed())
  test.each(written)('Names 1: an attribute key or value with %s is 400, on a user and on a group', async (_what, text) => {
    const userid = fresh('keys')
    await w.createUser(userid)
    const { id } = await w.createGroup(fresh('keys crew'))
    for (const owner of [userPath(userid), groupPath(id)]) {
      expectRefusal(await w.admin('PUT', `${owner}/authorizations/${segment(text)}/day`), 400, /^(key|path) must not/)
      expectRefusal(await w.admin('PUT', `${owner}/authorizations/desk/${segment(text)}`), 400, /^(value|path) must not/)
    }
    expect((await w.getUser(userid)).authorizations).toEqual({})
  })

  test('Names 1: a key has 1 to 254 characters, a value 1 to 1,024', async () => {
    const userid = fresh('long')
    await w.createUser(userid)
    const after = await w.tag(userid, 'k'.repeat(254), 'v'.repeat(1024))
    expect(after.authorizations).toEqual({ ['k'.repeat(254)]: ['v'.repeat(1024)] })
    expectRefusal(await w.admin('PUT', `${userPath(userid)}/authorizations/${'k'.repeat(255)}/v`), 400, /^key must be 1 to 254/)
    expectRefusal(
      await w.admin('PUT', `${userPath(userid)}/authorizations/k/${'v'.repeat(1025)}`),
      400,
      /^value must be 1 to 1024/,
    )
  })
})

describe('Names 2: e-mail', () => {
  const profile = (email: unknown) => ({ userid: fresh('mail'), profile: { email } })

  const wrong = ['nobody', 'a@', '@b.example', 'a b@c.example', 'a@b@c.example', 'a@b.example\n', 7, ['a@b.example']]
  test.each(wrong.map(email => [email]))('Names 2: %j is no address', async email => {
    expectRefusal(await create(profile(email)), 400, /email/)
  })

  test('Names 2: an address is unique among bim users, on creation and on profile update', async () => {
    const email = `${fresh('One')}@Roster.example`
    await w.createUser(fresh('first'), { profile: { email } })
    for (const same of [email, email.toLowerCase(), email.toUpperCase()])
      expectRefusal(await create(profile(same)), 409, /^profile\.email is already taken/)
    const other = await w.createUser(fresh('second'))
    const path = `${userPath(other.newUser.userid)}/profile`
    expectRefusal(await w.admin('PUT', path, { json: { email } }), 409, /^profile\.email is already taken/)
    expectRefusal(await w.admin('PUT', path, { json: { email: 'nobody' } }), 400, /email/)
    expect(await w.must('GET', path)).toMatchObject({ email: null })
  })

  test("Names 2: a user may keep their own address, and another IAM's users may have it too", async () => {
    const email = `${fresh('own')}@roster.example`
    const { newUser } = await w.createUser(fresh('keeper'), { profile: { email } })
    expect(await w.must('PUT', `${userPath(newUser.userid)}/profile`, { email, location: 'Ghent' })).toMatchObject({ email })
    await w.createIam('mailDirectory')
    await w.createIamUser('mailDirectory', fresh('outside'), { email })
  })
})
