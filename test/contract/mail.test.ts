// Without mail configured: people are still invited, by the link in the answer; clones, whose links only mail would carry, are refused.
import { afterAll, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

test('Mail: a new user gets a link, and both flags are false', async () => {
  const email = `${fresh('unmailed')}@roster.example`
  const made = await w.createUser(email, { profile: { email } })
  expect(made).toMatchObject({ emailSent: false, emailFailed: false, newUserLink: expect.stringContaining('/login?token=ri_') })
})

test('Mail: clone is 400 that names the reason, and creates nobody', async () => {
  const { newUser } = await w.createUser(fresh('source'))
  const email = `${fresh('clone')}@roster.example`
  expectRefusal(await w.admin('POST', `${userPath(newUser.userid)}/clone`, { json: [email] }), 400, /mail|SMTP/i)
  expectRefusal(await w.admin('GET', userPath(email)), 404, /^No user/)
})
