// GRANTS=documented: the two rules of granting are off, for those who rely on the vendor's looser behaviour.
import { afterAll, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import type { NewUser } from './world.ts'
import { expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp({ env: { GRANTS: 'documented' } })
afterAll(() => app.close())
const w = world(app)

test('GRANTS=documented: a USER_ADMIN grants and removes administrative permissions they lack', async () => {
  const chief = await app.as(['USER_ADMIN'])
  const json = { userid: fresh('granted'), permissions: ['AUDIT'] }
  const made = await w.by(chief.token)<NewUser>('POST', '/bim/iam/bim/user', { json })
  expect(made.body.newUser.permissions.toSorted()).toEqual(['AUDIT', 'CREATE_PROJECT'])
  const path = userPath(json.userid)
  expect((await w.by(chief.token)('PUT', `${path}/permissions`, { json: ['APPLICATION_ADMIN'] })).status).toBe(200)
  expect((await w.by(chief.token)('DELETE', `${path}/permissions/APPLICATION_ADMIN`)).status).toBe(200)
})

test('GRANTS=documented: a USER_ADMIN changes the password of, disables and deletes a holder of more', async () => {
  const chief = await app.as(['USER_ADMIN'])
  const { newUser } = await w.createUser(fresh('holder'), { permissions: ['AUDIT'] })
  const path = userPath(newUser.userid)
  expect((await w.by(chief.token)('PUT', `${path}/password`, { json: { password: 'given' } })).status).toBe(200)
  expect((await w.by(chief.token)('PUT', `${path}/disable/true`)).status).toBe(200)
  expect((await w.by(chief.token)('DELETE', path)).status).toBe(200)
})

test('GRANTS=documented: USER_ADMIN is still needed, and nobody disables themselves', async () => {
  const [plain, chief] = [await app.as([]), await app.as(['USER_ADMIN'])]
  expectRefusal(
    await w.by(plain.token)('PUT', `${userPath(plain.userid)}/permissions`, { json: ['AUDIT'] }),
    403,
    /^user:setPermissions needs the permission USER_ADMIN/,
  )
  expectRefusal(await w.by(chief.token)('PUT', `${userPath(chief.userid)}/disable/true`), 409, /disable yourself/)
})
