// Who a subject is at a real provider: issuer and `sub`, whatever the User ID claim is.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { auditOf, makeOpenid, personOf } from './helpers.ts'
import { type RealProvider, realProvider, SECRET } from './provider.ts'

let app: TestApp
let idp: RealProvider
beforeAll(async () => {
  app = await bootApp()
  idp = await realProvider({ named: [`${app.url}/login/named/callback`] }, app.url)
  const options = { clientId: 'named', clientSecret: SECRET, discoverUrl: idp.issuer, userIdClaim: 'login' }
  await makeOpenid(app, 'named', options, { config: { schema: { profile: { name: 'name' } } } })
})
afterAll(async () => {
  await app?.close()
  await idp?.close()
})

const logIn = async (sub: string, login: string) => {
  idp.people[sub] = { name: `Name of ${sub}`, login }
  idp.next = sub
  return new Browser().visit(`${app.url}/login/named`)
}
const rows = () =>
  app.store.db.prisma.user.findMany({
    where: { iamid: 'named' },
    select: { id: true, userid: true, openidId: true },
    orderBy: { id: 'asc' },
  })

test('is renamed by another User ID claim, refused under a held one, and never another subject', async () => {
  const audit = auditOf(app)
  expect((await logIn('s1', 'ann')).status).toBe(200)
  const [ann] = await rows()
  expect(ann).toMatchObject({ userid: 'ann', openidId: `${idp.issuer}#s1` })
  const { data } = await app.graphql('query ($ref: UserRef!) { user(ref: $ref) { sourceIds { source id } } }', {
    ref: { databaseId: ann!.id },
  })
  expect(data.user.sourceIds).toEqual([{ source: 'OPENID', id: `${idp.issuer}#s1` }])

  expect((await logIn('s1', 'ann.new')).status).toBe(200)
  expect(await rows()).toEqual([{ ...ann, userid: 'ann.new' }])

  // The name goes on to somebody else, who is somebody else.
  expect((await logIn('s2', 'ann')).status).toBe(200)
  const two = await rows()
  expect(two).toEqual([{ ...ann, userid: 'ann.new' }, expect.objectContaining({ userid: 'ann', openidId: `${idp.issuer}#s2` })])

  await audit()
  const reused = await logIn('s3', 'ann.new')
  expect(reused.status).toBe(401)
  expect(reused.body).not.toContain('s1')
  const clash = await logIn('s1', 'ann')
  expect(clash.status).toBe(401)
  expect(await rows()).toEqual(two)
  expect((await audit()).filter(({ event }) => event === 'loginFailed').map(({ reason }) => reason)).toEqual([
    expect.stringContaining(`another openid entry (${idp.issuer}#s3) than the account's (${idp.issuer}#s1)`),
    expect.stringContaining(`ann.new (${idp.issuer}#s1) now has the userid ann,`),
  ])
})

test('of an existing account is adopted at the next log-in, and after that no other subject is', async () => {
  const make = { iamid: 'named', userid: 'old', useridKey: 'old', name: 'old', nameKey: 'old' }
  const { id } = await app.store.db.prisma.user.create({ data: make, select: { id: true } })
  expect((await logIn('s7', 'old')).status).toBe(200)
  expect(await personOf(app, 'named', 'old')).toMatchObject({ id, openidId: `${idp.issuer}#s7` })
  expect((await logIn('s8', 'old')).status).toBe(401)
})

test('whose account is disabled adopts nothing', async () => {
  const make = { iamid: 'named', userid: 'off', useridKey: 'off', name: 'off', nameKey: 'off', disabled: true }
  await app.store.db.prisma.user.create({ data: make })
  expect((await logIn('s9', 'off')).status).toBe(401)
  expect(await personOf(app, 'named', 'off')).toMatchObject({ name: 'off', openidId: null })
})

test('two log-ins at once make one account', async () => {
  idp.people.race = { name: 'Race', login: 'race' }
  idp.next = 'race'
  const pages = await Promise.all([1, 2, 3].map(() => new Browser().visit(`${app.url}/login/named`)))
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200])
  expect((await rows()).filter(({ openidId }) => openidId === `${idp.issuer}#race`)).toHaveLength(1)
})
