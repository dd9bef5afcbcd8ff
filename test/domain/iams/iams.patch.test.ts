// Changing a configuration by a merge patch: secrets follow the rules of a whole configuration.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Context } from '../../../src/authorization/context.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { eventsBy, makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: Context
beforeAll(async () => {
  store = await testStore()
  admin = testContext({ actor: await makeUser(store, 'admin', ['APPLICATION_ADMIN']), store })
})
afterAll(() => store.close())

const options = { host: 'ldap.roster.example', userSearchBase: 'dc=roster', userSearchFilter: 'mail=%s' }
let count = 0
async function directory(): Promise<string> {
  const config = { options, credentials: { bind_dn: 'cn=reader', bind_pw: 'the bind password' } }
  const { iam } = await iams.create(admin, { id: `patched${++count}`, displayName: `Patched ${count}`, type: 'ldap', config })
  return iam.id
}
const patch = async (id: string, configPatch: unknown) => (await iams.update(admin, { id, configPatch })).iam

test('what a patch leaves out stays, secrets too; the audit event has the changed options', async () => {
  const id = await directory()
  const [event, ...more] = await eventsBy(store, async () => {
    const { config, secrets } = await patch(id, { options: { userSearchBase: 'ou=crew,dc=roster' } })
    expect(config).toEqual({
      options: { ...options, userSearchBase: 'ou=crew,dc=roster' },
      credentials: { bind_dn: 'cn=reader' },
    })
    expect(Object.keys(secrets)).toEqual(['credentials.bind_pw'])
  })
  expect(more).toEqual([])
  expect(event).toMatchObject({ event: 'iamConfigured', targetId: id })
  expect(JSON.stringify(event)).not.toContain('the bind password')
})

test('a patch that changes nothing has no event', async () => {
  const id = await directory()
  expect(await eventsBy(store, () => patch(id, { options: { host: options.host } }))).toEqual([])
  expect(await eventsBy(store, () => patch(id, {}))).toEqual([])
})

test('null removes an option, and a secret with what needs it', async () => {
  const id = await directory()
  expect((await patch(id, { credentials: null })).secrets).toEqual({})
  expect((await iams.get(admin, { id }))!.config).toEqual({ options })
})

test('a secret is entered again when its recipient changes, and sent in the patch', async () => {
  const id = await directory()
  const host = 'other.roster.example'
  await expect(patch(id, { options: { host } })).rejects.toThrow(
    'config.credentials.bind_pw must be entered again, or null, because config.options.host changes',
  )
  const changed = await patch(id, { options: { host }, credentials: { bind_pw: 'another password' } })
  expect(changed.config).toEqual({ options: { ...options, host }, credentials: { bind_dn: 'cn=reader' } })
})

test.each([
  ['{"options": {"hots": "x"}}', /^config\.options\.hots .*did you mean host\?/],
  ['{"options": {"host": null}}', /^config\.options\.host is required/],
  ['{"options": "text"}', /^config\.options must be/],
  ['{"__proto__": {"a": 1}}', /^config\.__proto__ /],
])('the result is checked as a whole: %s', async (text, message) => {
  const id = await directory()
  await expect(patch(id, JSON.parse(text))).rejects.toThrow(message)
  expect((await iams.get(admin, { id }))!.config).toEqual({ options, credentials: { bind_dn: 'cn=reader' } })
})
