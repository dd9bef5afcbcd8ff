// A SECRET_KEY that does not decrypt stored secrets: the log names the IAMs at the start, and answers to strangers name no secret.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encrypt } from '../../../src/domain/iams/encryption.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

const [present, former, lost] = [randomBytes(32), randomBytes(32), randomBytes(32)]
let app: TestApp
const PATHS = { ldap: 'options.bindPassword', openid: 'options.clientSecret' }
const OPTIONS = {
  ldap: { url: 'ldap://127.0.0.1:9', bindDN: 'cn=a', searchBase: 'dc=x', searchFilter: '(uid={{username}})' },
  openid: { discovery: 'https://127.0.0.1:9/', clientID: 'c' },
}

beforeAll(async () => {
  const before = async (store: Store) => {
    for (const type of ['ldap', 'openid'] as const)
      for (const [id, key] of [
        [`${type}-lost`, lost],
        [`${type}-former`, former],
      ] as const) {
        const secrets = { [PATHS[type]]: encrypt(key, { iamid: id, path: PATHS[type], secret: 'hunter2' }) } as object
        await store.db.prisma.iam.create({ data: { id, displayName: id, type, config: { options: OPTIONS[type] }, secrets } })
      }
  }
  const env = { SECRET_KEY: present.toString('base64'), SECRET_KEY_PREVIOUS: former.toString('base64') }
  app = await bootApp({ logged: true, before, env })
})
afterAll(() => app.close())

test('the start names the IAMs whose secrets do not open', () => {
  const lines = app.logged.filter(({ msg }) => String(msg).startsWith('stored secrets of these IAMs do not open with SECRET_KEY'))
  expect(lines).toMatchObject([{ level: 'warn', iams: ['ldap-lost', 'openid-lost'] }])
})

test.each([
  ['a log-in at a directory', 'ldap-lost', () => logIn()],
  [
    'the beginning of a log-in with a provider',
    'openid-lost',
    () => fetch(`${app.url}/login/openid-lost`, { redirect: 'manual' }),
  ],
])('%s does not name the secret in the answer, only in the log', async (_, iamid, ask) => {
  const answer = await ask()
  const body = await answer.text()
  expect(answer.status, body).toBe(503)
  expect(body).not.toMatch(/bindPassword|clientSecret|encrypted|instance key/)
  expect(body).toMatch(/This IAM is unavailable/)
  expect(JSON.stringify(app.logged)).toContain(`of the IAM ${iamid} was encrypted with another instance key`)
})

const logIn = () =>
  fetch(`${app.url}/bim/iam/ldap-lost/user/authenticate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'ada', password: 'secret' }),
  })
