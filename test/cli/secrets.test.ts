// A change of SECRET_KEY by the command `secrets`, in a process of its own, on a closed store.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { anonymous, operator } from '../../src/authorization/actor.ts'
import { decrypt, type EncryptedSecrets, encrypt } from '../../src/domain/iams/encryption.ts'
import { secrets } from '../../src/domain/iams/reencrypt.service.ts'
import { secretsOf } from '../../src/federation/source-result.ts'
import { openStore } from '../../src/platform/database/open.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { Forbidden, Unauthenticated } from '../../src/platform/errors.ts'
import { eventsBy, makeUser, testContext } from '../harness/context.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { cli } from './process.ts'

const [old, fresh, third] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const text = (key: Buffer) => key.toString('base64')
const PATHS = ['options.clientSecret', 'externalUserInfo.authentication.password']
const secretOf = (id: string, path: string) => `the secret of ${id} at ${path}`

let dataDir: string
let database: Awaited<ReturnType<typeof testDatabase>> | null
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'roster-secrets-'))
  database = serverUrl ? await testDatabase({ migrated: true }) : null
})
afterEach(async () => {
  await database?.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

const where = () => ({ DATA_DIR: dataDir, ...(database && { DATABASE_URL: database.url }) })
/** With the store open as another process would; the embedded one takes one at a time. */
async function inside<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ databaseUrl: database?.url ?? null, dataDir })
  return work(store).finally(() => store.close())
}
const encryptedWith = (key: Buffer, id: string) =>
  Object.fromEntries(PATHS.map(path => [path, encrypt(key, { iamid: id, path, secret: secretOf(id, path) })]))
const makeIam = (store: Store, id: string, encrypted: Record<string, EncryptedSecrets>) =>
  store.db.prisma.iam.create({ data: { id, displayName: id, type: 'openid', secrets: encrypted as object } })
const stored = async (store: Store, id: string) =>
  (await store.db.prisma.iam.findUniqueOrThrow({ where: { id } })).secrets as unknown as Record<string, EncryptedSecrets>

const rotate = (env: Record<string, string> = {}) =>
  cli(['secrets'], { ...where(), SECRET_KEY: text(fresh), SECRET_KEY_PREVIOUS: text(old), ...env })

test('every secret is encrypted once with the new key, which alone decrypts it', async () => {
  await inside(async store => {
    for (const id of ['a', 'b']) await makeIam(store, id, encryptedWith(old, id))
    await makeIam(store, 'new', encryptedWith(fresh, 'new'))
  })
  const { stdout, stderr, exitCode } = await rotate()
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^4 secrets encrypted with SECRET_KEY\.\nAll secrets are: SECRET_KEY_PREVIOUS can go/)
  await inside(async store => {
    for (const id of ['a', 'b', 'new'])
      for (const [path, encrypted] of Object.entries(await stored(store, id)))
        expect(decrypt([fresh], { iamid: id, path, encrypted })).toBe(secretOf(id, path))
    const events = await store.db.prisma.auditEvent.findMany({ orderBy: { id: 'asc' } })
    expect(events.map(({ event, actorName, targetId }) => [event, actorName, targetId])).toEqual(
      ['a', 'b'].map(id => ['iamConfigured', 'operator', id]),
    )
    expect(JSON.stringify(events.map(({ before, after }) => [before, after]))).not.toContain('the secret of')
  })
  const again = await cli(['secrets'], { ...where(), SECRET_KEY: text(fresh) })
  expect([again.exitCode, again.stdout.split('\n')[0]]).toEqual([0, '0 secrets encrypted with SECRET_KEY.'])
}, 60_000)

test('a secret that no key decrypts is named and left, the rest is encrypted: exit code 1', async () => {
  await inside(async store => {
    const [one, two] = PATHS as [string, string]
    const mixed = { [one]: encryptedWith(old, 'mixed')[one]!, [two]: encryptedWith(third, 'mixed')[two]! }
    await makeIam(store, 'mixed', mixed)
    await makeIam(store, 'whole', encryptedWith(old, 'whole'))
    const broken = encryptedWith(old, 'broken')
    await makeIam(store, 'broken', { [one]: { ...broken[one]!, text: broken[two]!.text } })
  })
  const { stdout, exitCode } = await rotate()
  expect(exitCode).toBe(1)
  expect(stdout.split('\n')).toEqual([
    `${PATHS[0]} of the IAM broken cannot be read: enter it again`,
    `${PATHS[1]} of the IAM mixed cannot be read: enter it again`,
    '3 secrets encrypted with SECRET_KEY.',
    '2 did not open, with neither SECRET_KEY nor SECRET_KEY_PREVIOUS.',
    '',
  ])
  expect(stdout).not.toContain('the secret of')
  // With the third key the rest is encrypted.
  const rest = await rotate({ SECRET_KEY_PREVIOUS: text(third) })
  expect([rest.exitCode, rest.stdout.split('\n').slice(0, 2)]).toEqual([
    1,
    [`${PATHS[0]} of the IAM broken cannot be read: enter it again`, '1 secret encrypted with SECRET_KEY.'],
  ])
}, 60_000)

test('invalid settings are reported on standard error', async () => {
  const { stdout, stderr, exitCode } = await rotate({ SECRET_KEY_PREVIOUS: 'no key' })
  expect([stdout, exitCode]).toEqual(['', 1])
  expect(stderr).toMatch(/SECRET_KEY_PREVIOUS must be 32 bytes in base64/)
  expect(stderr).not.toContain('no key')
}, 60_000)

test('with both keys a gateway decrypts secrets of either, and only the operator re-encrypts', async () => {
  await inside(async store => {
    const env = { SECRET_KEY: text(fresh), SECRET_KEY_PREVIOUS: text(old) }
    await makeIam(store, 'old', encryptedWith(old, 'old'))
    await makeIam(store, 'fresh', encryptedWith(fresh, 'fresh'))
    for (const id of ['old', 'fresh']) {
      const found = await secretsOf({ app: testContext({ actor: operator, store, env }).app, db: store.db }, id)
      expect([...found.values()]).toEqual(PATHS.map(path => secretOf(id, path)))
    }
    const chief = await makeUser(store, 'chief', ['APPLICATION_ADMIN', 'USER_ADMIN'])
    await expect(secrets.reencrypt(testContext({ actor: chief, store, env }), { id: 'old' })).rejects.toThrow(Forbidden)
    await expect(secrets.listOld(testContext({ actor: anonymous, store, env }), {})).rejects.toThrow(Unauthenticated)
    // Of two at once, one finds nothing left to do.
    const context = () => testContext({ actor: operator, store, env })
    const events = await eventsBy(store, async () => {
      const both = await Promise.all([1, 2].map(() => secrets.reencrypt(context(), { id: 'old' })))
      expect(both.map(({ reencrypted }) => reencrypted.length).toSorted()).toEqual([0, 2])
    })
    expect(events).toHaveLength(1)
  })
})
