// The SCIM key that comes of switching SCIM on.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import { Forbidden } from '../../../src/platform/errors.ts'
import { authenticateScim } from '../../../src/scim/authenticate.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { makeUser, testContext } from '../../harness/context.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const PAYLOAD = '{ iam { scimEnabled scimKeyPrefix } scimKey scimUrl }'
const change = async (name: 'createIam' | 'updateIam', input: object) => {
  const type = name === 'createIam' ? 'CreateIamInput' : 'UpdateIamInput'
  const { data, errors } = await app.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) ${PAYLOAD} }`, { input })
  expect(errors).toBeUndefined()
  return data[name] as {
    iam: { scimEnabled: boolean; scimKeyPrefix: string | null }
    scimKey: string | null
    scimUrl: string | null
  }
}
const opens = (iamid: string, key: string) =>
  fetch(`${app.url}/scim/v2/${iamid}/Users`, { headers: { authorization: `Bearer ${key}` } }).then(answer => answer.status)

test.each([{ scimEnabled: true }, { supportedActions: ['scimEnabled'] }])(
  'created with %j: once, hashed, and it opens',
  async config => {
    const id = `made_${Object.keys(config)[0]}`
    const { iam, scimKey, scimUrl } = await change('createIam', { iamid: id, displayName: id, type: 'OPENID', config })
    expect(scimKey).toMatch(/^rs_/)
    expect(scimUrl).toBe(`${app.url}/scim/v2/${id}`)
    expect(iam).toEqual({ scimEnabled: true, scimKeyPrefix: scimKey!.slice(0, 9) })
    expect(await opens(id, scimKey!)).toBe(200)
    const rows = await app.store.db.query(`SELECT i::text AS iam FROM iams i UNION ALL SELECT e::text FROM audit_events e`)
    expect(JSON.stringify(rows)).not.toContain(scimKey)
    const [event] = await app.store.db.prisma.auditEvent.findMany({ where: { targetId: id }, orderBy: { id: 'asc' } })
    expect(event!.after).toMatchObject({ scimKeyPrefix: iam.scimKeyPrefix })
  },
)

test('switched on later: then; changed, or off and on again: no second one', async () => {
  const id = 'later'
  const off = await change('createIam', { iamid: id, displayName: id, type: 'OPENID' })
  expect([off.scimKey, off.scimUrl, off.iam.scimKeyPrefix]).toEqual([null, null, null])
  const on = await change('updateIam', { iamid: id, config: { scimEnabled: true } })
  expect(on.scimKey).toMatch(/^rs_/)
  for (const config of [
    { scimEnabled: true, strictScimSchema: true },
    { scimEnabled: true, strictScimSchema: true },
    {},
    { scimEnabled: true },
  ]) {
    const same = await change('updateIam', { iamid: id, config })
    expect([same.scimKey, same.scimUrl]).toEqual([null, null])
  }
  expect(await opens(id, on.scimKey!)).toBe(200)
  await change('updateIam', { iamid: id, config: {} })
  expect(await opens(id, on.scimKey!)).toBe(401)
})

test('of two who switch it on at once one gets a key, which works', async () => {
  await change('createIam', { iamid: 'raced', displayName: 'raced', type: 'OPENID' })
  const both = await Promise.all([1, 2].map(() => change('updateIam', { iamid: 'raced', config: { scimEnabled: true } })))
  const keys = both.flatMap(({ scimKey }) => scimKey ?? [])
  expect(keys).toHaveLength(1)
  expect(await opens('raced', keys[0]!)).toBe(200)
})

test('a key from generateScimKey before SCIM is on stays', async () => {
  await change('createIam', { iamid: 'early', displayName: 'early', type: 'OPENID' })
  const { data } = await app.graphql('mutation { generateScimKey(input: { iamid: "early" }) { scimKey } }')
  expect((await change('updateIam', { iamid: 'early', config: { scimEnabled: true } })).scimKey).toBeNull()
  expect(await opens('early', data.generateScimKey.scimKey)).toBe(200)
})

test('nobody gets a key to people who hold what they lack', async () => {
  await change('createIam', { iamid: 'powers', displayName: 'powers', type: 'OPENID' })
  await makeUser(app.store, 'chief', ['USER_ADMIN'], { iamid: 'powers' })
  const appAdmin = await makeUser(app.store, 'app-admin', ['APPLICATION_ADMIN'])
  const context = testContext({ actor: appAdmin, store: app.store })
  await expect(iams.update(context, { id: 'powers', config: { scimEnabled: true } })).rejects.toThrow(Forbidden)
  await iams.remove(testContext({ actor: { kind: 'machine', name: 'operator' }, store: app.store }), {
    id: 'powers',
    users: 'KEEP',
  })
  const again = { id: 'powers', displayName: 'powers', type: 'openid', config: { scimEnabled: true } }
  await expect(iams.create(context, again)).rejects.toThrow(Forbidden)
  await expect(authenticateScim(app.store.db, { iamid: 'powers', authorization: 'Bearer rs_x' })).rejects.toThrow(/No IAM/)
})

test('a replaced key works for its grace period, both are shown, and zero ends it at once', async () => {
  await change('createIam', { iamid: 'grace', displayName: 'grace', type: 'OPENID' })
  const generate = async (graceSeconds?: number) =>
    (
      await app.graphql('mutation ($input: IamInput!) { generateScimKey(input: $input) { scimKey } }', {
        input: { iamid: 'grace', ...(graceSeconds !== undefined && { graceSeconds }) },
      })
    ).data.generateScimKey.scimKey as string
  const keys = async () =>
    (await app.graphql('{ iam(iamid: "grace") { scimKeyPrefix scimKeys { prefix createdAt lastUsed expiresAt } } }')).data.iam
  await change('updateIam', { iamid: 'grace', config: { scimEnabled: true } })
  const first = await generate(0)
  expect(await opens('grace', first)).toBe(200)
  const second = await generate()
  expect([await opens('grace', first), await opens('grace', second)]).toEqual([200, 200])
  await new Promise(done => setTimeout(done, 700))
  const { scimKeyPrefix, scimKeys } = await keys()
  expect(scimKeyPrefix).toBe(second.slice(0, 9))
  expect(scimKeys.map((key: any) => [key.prefix, key.expiresAt === null])).toEqual([
    [second.slice(0, 9), true],
    [first.slice(0, 9), false],
  ])
  const day = Date.parse(scimKeys[1].expiresAt) - Date.now()
  expect(day).toBeGreaterThan(86_000_000)
  expect(day).toBeLessThanOrEqual(86_400_000)
  for (const { createdAt, lastUsed } of scimKeys) expect(Date.parse(lastUsed)).toBeGreaterThanOrEqual(Date.parse(createdAt))
  const third = await generate(0)
  expect([await opens('grace', first), await opens('grace', second), await opens('grace', third)]).toEqual([401, 401, 200])
  expect((await keys()).scimKeys).toHaveLength(1)
})

test('a grace period ends by itself, and is bounded', async () => {
  await change('createIam', { iamid: 'ends', displayName: 'ends', type: 'OPENID', config: { scimEnabled: true } })
  const { data } = await app.graphql('mutation { generateScimKey(input: { iamid: "ends" }) { scimKey } }')
  await app.graphql('mutation { generateScimKey(input: { iamid: "ends", graceSeconds: 60 }) { scimKey } }')
  expect(await opens('ends', data.generateScimKey.scimKey)).toBe(200)
  await app.store.db.query(
    `UPDATE scim_keys SET expires_at = now() - interval '1 second' WHERE iamid = 'ends' AND expires_at IS NOT NULL`,
  )
  expect(await opens('ends', data.generateScimKey.scimKey)).toBe(401)
  for (const seconds of [-1, 2_592_001]) {
    const { errors } = await app.graphql(
      `mutation { generateScimKey(input: { iamid: "ends", graceSeconds: ${seconds} }) { scimKey } }`,
    )
    expect(errors?.[0].message).toMatch(/^graceSeconds must be an integer from 0 to 2592000/)
  }
})
