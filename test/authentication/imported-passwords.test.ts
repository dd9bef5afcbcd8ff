// Imported passwords at the log-in: right and wrong ones of every kind, and their renewal.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HASHES, PASSWORD } from '../domain/credentials/hashes.ts'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
const kinds = Object.entries(HASHES).map(([kind, passwordHash], at) => ({ kind, userid: `imported${at}`, passwordHash }))
beforeAll(async () => {
  app = await bootApp()
  const rows = kinds.map(({ userid, passwordHash }, line) => ({ line, userid, passwordHash }))
  const { data } = await app.graphql(
    'mutation ($rows: [ImportUserRow!]!) { importUsers(input: { rows: $rows }) { created rows { faults { message } } } }',
    { rows },
  )
  expect(data.importUsers).toMatchObject({ created: rows.length })
}, 60_000)
afterAll(() => app?.close())

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'
const logIn = async (userid: string, password: string) => {
  const from = performance.now()
  const { data, errors } = await app.graphql(LOG_IN, { input: { userid, password } }, null)
  return { token: data?.logIn?.token as string | undefined, message: errors?.[0]?.message, time: performance.now() - from }
}
const stored = async (userid: string) => (await app.store.db.prisma.authentication.findFirst({ where: { user: { userid } } }))!

test.each(kinds)('$kind: a wrong password is refused, the right one logs in and is renewed', async ({ userid, passwordHash }) => {
  const wrong = await logIn(userid, 'wrong')
  expect([wrong.token, (await stored(userid)).imported]).toEqual([undefined, true])
  const right = await logIn(userid, PASSWORD)
  expect(right.token).toMatch(/^rt_/)
  const renewed = await stored(userid)
  expect(renewed).toMatchObject({ imported: false, passwordHash: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/) })
  expect(renewed.passwordHash).not.toBe(passwordHash)
  expect((await logIn(userid, PASSWORD)).token).toMatch(/^rt_/)
})

test('while there are imported passwords, a wrong one takes as long for every account, and a right one is quick', async () => {
  const [{ userid }] = kinds as [(typeof kinds)[number]]
  await app.store.db.prisma.authentication.updateMany({
    where: { user: { userid } },
    data: { imported: true, passwordHash: HASHES['bcrypt 2b']! },
  })
  const tries = [await logIn(userid, 'wrong'), await logIn(app.admin.userid, 'wrong'), await logIn('nobody', 'wrong')]
  for (const { time, message } of tries) {
    expect(message).toBe(tries[0]!.message)
    expect(time).toBeGreaterThanOrEqual(990)
  }
  expect((await logIn(app.admin.userid, app.admin.password)).token).toMatch(/^rt_/)
  expect((await logIn(userid, PASSWORD)).token).toMatch(/^rt_/)
  // None is left: as quick as ever.
  expect((await logIn('nobody', 'wrong')).time).toBeLessThan(990)
}, 30_000)

test('the owner changes an imported password with it', async () => {
  const { userid } = kinds.at(-1)!
  const { token } = await logIn(userid, PASSWORD)
  await app.store.db.prisma.authentication.updateMany({
    where: { user: { userid } },
    data: { imported: true, passwordHash: HASHES['passlib scrypt']! },
  })
  const change = (originalPassword: string) =>
    app.graphql(
      'mutation ($input: SetPasswordInput!) { setPassword(input: $input) { success } }',
      { input: { ref: { name: { userid } }, originalPassword, password: 'another long one' } },
      token,
    )
  expect((await change('wrong')).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
  expect((await change(PASSWORD)).data.setPassword).toEqual({ success: true })
  expect((await stored(userid)).imported).toBe(false)
  expect((await logIn(userid, 'another long one')).token).toMatch(/^rt_/)
}, 30_000)
