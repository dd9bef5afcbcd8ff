// Requests that race. On the embedded store one connection puts most of them in a row; on a server they meet.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

async function call(method: string, path: string, token: string | null, body?: unknown) {
  const headers = { ...(token && { authorization: token }), ...(body !== undefined && { 'content-type': 'application/json' }) }
  const response = await fetch(app.url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
  await response.arrayBuffer()
  return response.status
}

test('a user that is deleted during its other requests causes no 5xx', async () => {
  const { token } = app.admin
  for (let round = 0; round < 4; round++) {
    const person = await app.as(['IMPERSONATE_USER'])
    const key = await person.key()
    const user = `/bim/iam/bim/user/${encodeURIComponent(person.userid)}`
    const everything = () => [
      call('PUT', `${user}/profile`, token, { about: `${Math.random()}` }),
      call('PUT', `${user}/permissions`, token, ['CREATE_PROJECT', `FOO_${Math.floor(Math.random() * 9)}`]),
      call('PUT', `${user}/disable/${Math.random() < 0.5}`, token),
      call('PUT', `${user}/authorizations/key/${Math.random()}`, token),
      call('POST', '/bim/apikey', person.token, { name: 'another' }),
      call('POST', '/bim/apikey/authenticate', null, { apikey: key }),
      call('POST', '/bim/iam/bim/user/authenticate', null, { username: person.userid, password: person.password }),
    ]
    const statuses = await Promise.all([
      ...everything(),
      ...everything(),
      call('DELETE', user, token),
      ...everything(),
      call('DELETE', user, token),
    ])
    expect(statuses.filter(status => status >= 500 && status !== 503)).toEqual([])
    expect(statuses).toContain(200)
  }
})

test('of several at once who want one name, in any spelling, one gets it', async () => {
  const create = (userid: string) => call('POST', '/bim/iam/bim/user', app.admin.token, { userid, password: 'x' })
  const statuses = await Promise.all(['Ren\u00e9', 'rene\u0301', 'RENE\u0301', '\uff32en\u00e9'].map(create))
  expect(statuses.sort()).toEqual([200, 409, 409, 409])
})

test('two who take USER_ADMIN from each other leave one of them with it', async () => {
  const other = await app.as(['USER_ADMIN'])
  const take = (userid: string, token: string) =>
    call('DELETE', `/bim/iam/bim/user/${encodeURIComponent(userid)}/permissions/USER_ADMIN`, token)
  const statuses = await Promise.all([take(app.admin.userid, other.token), take(other.userid, app.admin.token)])
  expect(statuses.filter(status => status === 200)).toHaveLength(1)
})
