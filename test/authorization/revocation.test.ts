// A remembered credential opens what it would without being remembered: on the instance of a change at once, on another within a second.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actorOf, createAuthenticate } from '../../src/authentication/authenticate.ts'
import { createLastUsedTracker } from '../../src/authentication/last-used.ts'
import type { Actor } from '../../src/authorization/actor.ts'
import { CredentialCache } from '../../src/authorization/credential-cache.ts'
import { openStore } from '../../src/platform/database/open.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { authenticateScim, type ScimCredential } from '../../src/scim/authenticate.ts'
import { bootApp } from '../harness/app.ts'
import { statementsOf } from '../harness/context.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { provider } from '../scim/provider.ts'
import { asking } from './asking.ts'
import { changes, type Stage } from './revocation.changes.ts'

/** Milliseconds. */
const SECOND = 1_000
const LIFE = 60

let on: Stage
/** Only where a server has the store. */
let other: Store | null = null
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const database = serverUrl ? await testDatabase({ migrated: true }) : null
  const open = () => openStore({ databaseUrl: database?.url ?? null, dataDir: 'memory://' })
  const app = await bootApp({ opens: open, env: { CREDENTIAL_CACHE_SECONDS: String(LIFE) } })
  closing.push(
    () => database?.drop() ?? Promise.resolve(),
    () => app.store.close(),
    () => app.close(),
  )
  if (database) {
    other = await open()
    await other.changes.listen()
    closing.push(() => other!.close())
  }
  on = { app, scim: await provider(app, 'fleet', { groupPermissions: { Sailors: ['AUDIT'], Divers: ['AUDIT'] } }) }
}, 60_000)
afterAll(async () => {
  for (const close of closing.toReversed()) await close().catch(() => {})
})

const authenticator = (store: Store) => {
  const lastUsed = createLastUsedTracker(store.db, 3_600, () => {})
  const authenticate = createAuthenticate(store.db, lastUsed, new CredentialCache(store.changes, LIFE))
  return (secret: string): Promise<Actor | null> => authenticate(`Bearer ${secret}`).catch(() => null)
}
const lookUps = (store: Store, work: () => Promise<unknown>) =>
  statementsOf(store, work).then(sent => sent.filter(text => text.includes('"impersonatorUserid"')))

describe('on the instance of the change at once, and on another within a second', () => {
  test.each(Object.entries(changes))('%s', async (_, prepare) => {
    const { secret, change } = await prepare(on)
    const here = authenticator(on.app.store)
    const there = other && authenticator(other)
    const before = await actorOf(on.app.store.db, secret, new Date())
    expect([await here(secret), there && (await there(secret))]).toEqual([before, there && before])
    if (before !== null) {
      await expect.poll(() => lookUps(on.app.store, () => here(secret))).toEqual([])
      if (there) await expect.poll(() => lookUps(other!, () => there(secret))).toEqual([])
    }
    await change()
    const after = await actorOf(on.app.store.db, secret, new Date())
    expect(after).not.toEqual(before)
    expect(await here(secret)).toEqual(after)
    if (!there) return
    await withinASecond(async () => JSON.stringify(shown(await there(secret))) === JSON.stringify(shown(after)))
  })

  test.each([
    ['a SCIM key is replaced', 'generateScimKey(input: { iamid: $iamid, graceSeconds: 0 }) { scimKey }'],
    ['SCIM is switched off', 'updateIam(input: { iamid: $iamid, config: { scimEnabled: false } }) { iam { id } }'],
    ['the IAM of a SCIM key is removed', 'deleteIam(input: { iamid: $iamid }) { deletedId }'],
  ])('%s', async (_, mutation) => {
    const { iamid, key } = await provider(on.app, `fleet-${Math.random().toString(36).slice(2)}`)
    const at = (store: Store) => {
      const cache = new CredentialCache<ScimCredential>(store.changes, LIFE)
      const given = { iamid, authorization: `Bearer ${key}`, cache }
      return () => authenticateScim(store.db, given).catch(() => null)
    }
    const [here, there] = [at(on.app.store), other && at(other)]
    for (const [store, ask] of [[on.app.store, here], ...(there ? [[other!, there] as const] : [])] as const)
      await expect.poll(async () => [await ask(), await statementsOf(store, ask)]).toEqual([{ kind: 'scim', iamid }, []])
    await asking(on.app).run(on.app.admin.token, `mutation ($iamid: String!) { ${mutation} }`, { iamid })
    expect(await here()).toBeNull()
    if (there) await withinASecond(async () => (await there()) === null)
  })
})

async function withinASecond(isSo: () => Promise<boolean>): Promise<void> {
  const began = performance.now()
  while (!(await isSo())) {
    expect(performance.now() - began).toBeLessThan(SECOND)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const shown = (actor: Actor | null) => actor && { ...actor, permissions: 'permissions' in actor ? [...actor.permissions] : [] }
