// Revoking a key takes what was made with it, in one transaction, and says how much; caps hold for minting and rotating alike.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp({ env: { API_KEYS_PER_USER: '8', PROJECTS_PER_USER: '2' } })
})
afterAll(() => app.close())

const must = async (token: string, query: string) => {
  const { data, errors } = await app.graphql(query, undefined, token)
  expect(errors, query).toBeUndefined()
  return data
}
const createKey = async (by: string, input = '') => {
  const { createApiKey } = await must(
    by,
    `mutation { createApiKey(input: { name: "k" ${input} }) { secret apiKey { id: databaseId } } }`,
  )
  return { secret: createApiKey.secret as string, id: createApiKey.apiKey.id as number }
}
const tokenOf = async (secret: string) =>
  (await must(app.admin.token, `mutation { authenticateApiKey(input: { apikey: "${secret}" }) { token } }`)).authenticateApiKey
    .token as string
const opens = async (credential: string) =>
  (await fetch(`${app.url}/bim/rpc/user/current`, { headers: { authorization: `Bearer ${credential}` } })).status
const drop = (by: string, id: number) =>
  fetch(`${app.url}/bim/apikey/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${by}` } })

test('a child, its child, their tokens and a secret in grace end with the key', async () => {
  const ana = await app.as([])
  const other = await createKey(ana.token)
  const parent = await createKey(ana.token)
  const child = await createKey(parent.secret)
  const byToken = await createKey(await tokenOf(child.secret))
  const { rotateApiKey } = await must(
    ana.token,
    `mutation { rotateApiKey(input: { ref: { databaseId: ${parent.id} }, graceSeconds: 600 }) { secret apiKey { id: databaseId } } }`,
  )
  const credentials = [parent.secret, child.secret, byToken.secret, rotateApiKey.secret]
  const tokens = [await tokenOf(child.secret), await tokenOf(byToken.secret), await tokenOf(rotateApiKey.secret)]
  for (const credential of [...credentials, ...tokens]) expect(await opens(credential)).toBe(200)
  const { deleteApiKey } = await must(
    ana.token,
    `mutation { deleteApiKey(input: { ref: { databaseId: ${rotateApiKey.apiKey.id} } }) { revokedTokens revokedKeys } }`,
  )
  // One of them is the token that created the third key.
  expect(deleteApiKey).toEqual({ revokedTokens: 4, revokedKeys: 3 })
  for (const credential of [...credentials, ...tokens]) expect(await opens(credential)).toBe(401)
  expect(await opens(other.secret)).toBe(200)
  const events = await app.store.db.query<{ target: string }>(
    "SELECT target_id AS target FROM audit_events WHERE event = 'apiKeyRevoked' ORDER BY target_id::int",
  )
  expect(events.map(({ target }) => Number(target))).toEqual([parent.id, child.id, byToken.id, rotateApiKey.apiKey.id])
})

test('REST reports how many tokens of the chain were revoked', async () => {
  const ana = await app.as([])
  const parent = await createKey(ana.token)
  const child = await createKey(parent.secret)
  const tokens = [await tokenOf(parent.secret), await tokenOf(child.secret)]
  const answer = await drop(ana.token, parent.id)
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 200,
    body: expect.objectContaining({ revokedTokens: 2 }),
  })
  for (const credential of [child.secret, ...tokens]) expect(await opens(credential)).toBe(401)
})

test('a replaced key that is deleted leaves its successor', async () => {
  const ana = await app.as([])
  const old = await createKey(ana.token)
  const { rotateApiKey } = await must(
    ana.token,
    `mutation { rotateApiKey(input: { ref: { databaseId: ${old.id} }, graceSeconds: 600 }) { secret } }`,
  )
  expect((await drop(ana.token, old.id)).status).toBe(200)
  expect([await opens(old.secret), await opens(rotateApiKey.secret)]).toEqual([401, 200])
})

test('keys created while their parent is deleted end with it', async () => {
  const ana = await app.as([])
  const parent = await createKey(ana.token)
  const child = await createKey(parent.secret)
  const created = Array.from({ length: 4 }, () =>
    app.graphql('mutation { createApiKey(input: { name: "late" }) { secret } }', undefined, child.secret),
  )
  const [dropped, ...late] = await Promise.all([drop(ana.token, parent.id), ...created])
  expect(dropped.status).toBe(200)
  for (const { data } of late) if (data?.createApiKey) expect(await opens(data.createApiKey.secret)).toBe(401)
  const rows = await app.store.db.query('SELECT id FROM api_keys WHERE user_id = $1', [ana.id])
  expect(rows).toEqual([])
})

test('a key for a project ends with the membership', async () => {
  const ana: Person = await app.as(['PROJECT_MANAGEMENT'])
  const { createProject } = await must(
    ana.token,
    'mutation { createProject(input: { name: "Harbour" }) { project { id: databaseId } } }',
  )
  const { id } = createProject.project
  const key = await createKey(ana.token, `projectId: "${toGlobalId('Project', id)}"`)
  const child = await createKey(key.secret)
  expect([await opens(key.secret), await opens(child.secret)]).toEqual([200, 200])
  await must(
    app.admin.token,
    `mutation { changeProjectMembers(input: { ref: { databaseId: ${id} }, remove: [{ name: { userid: "${ana.userid}" } }] }) { project { id: databaseId } } }`,
  )
  expect([await opens(key.secret), await opens(child.secret)]).toEqual([401, 401])
})

test('no more keys and projects than the settings allow: 422 that names the setting', async () => {
  const ana = await app.as(['CREATE_PROJECT'])
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      app.graphql('mutation { createApiKey(input: { name: "k" }) { secret } }', undefined, ana.token),
    ),
  )
  expect(answers.filter(({ data }) => data?.createApiKey)).toHaveLength(8)
  const refusal = { code: 'REFUSED', message: expect.stringContaining('API_KEYS_PER_USER') }
  for (const { errors } of answers.filter(({ errors }) => errors))
    expect({ code: errors![0].extensions.code, message: errors![0].message }).toEqual(refusal)
  const wire = await fetch(`${app.url}/bim/apikey`, { method: 'POST', headers: { authorization: `Bearer ${ana.token}` } })
  expect({ status: wire.status, body: await wire.json() }).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('API_KEYS_PER_USER') },
  })
  const projects = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      app.graphql(
        `mutation { createProject(input: { name: "Project ${index}" }) { project { id: databaseId } } }`,
        undefined,
        ana.token,
      ),
    ),
  )
  expect(projects.filter(({ data }) => data?.createProject)).toHaveLength(2)
  for (const { errors } of projects.filter(({ errors }) => errors)) expect(errors![0].message).toContain('PROJECTS_PER_USER')
})

test('a request that is refused a hundred times leaves one denied row of each kind', async () => {
  const ana = await app.as([])
  const aliases = Array.from(
    { length: 98 },
    (_, index) => `a${index}: revokeApiKey(input: { ref: { databaseId: ${index + 1} } }) { revokedTokens }`,
  )
  const other =
    'b0: deleteProject(input: { ref: { databaseId: 1 } }) { deletedId } b1: deleteProject(input: { ref: { databaseId: 2 } }) { deletedId }'
  const { errors } = await app.graphql(`mutation { ${aliases.join(' ')} ${other} }`, undefined, ana.token)
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(Array(100).fill('FORBIDDEN'))
  const rows = await app.store.db.query<{ action: string }>(
    "SELECT action FROM audit_events WHERE event = 'denied' AND actor_user_id = $1 ORDER BY id",
    [ana.id],
  )
  expect(rows.map(({ action }) => action)).toEqual(['apikey:revoke', 'project:delete'])
})
