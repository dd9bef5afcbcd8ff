import type { AuditDraft } from '../authorization/audit-event.ts'
import type { ServiceContext } from '../authorization/service.ts'
import { callUserInfo, limitOf, type UserInfo, type UserInfoConfig } from '../connectors/userinfo.ts'
import { unencryptedUserInfo } from '../domain/iams/config/endpoints.ts'
import { decrypt } from '../domain/iams/encryption.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { supports } from '../domain/iams/iam.ts'
import { encryptedSecretsOf } from '../domain/iams/iams.store.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { Unavailable } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound/connect.ts'
import { Semaphore } from '../platform/semaphore.ts'
import { checkAttributeKey, checkAttributeValue, checkGroupName } from '../platform/validation.ts'
import { accept, acceptAll } from './attribute-mapping.ts'
import { lastResponse, recordFailure, recordResponse } from './identity.store.ts'
import type { Identity } from './identity.ts'
import { reconcile } from './reconcile.ts'

export const USER_INFO = 'user info'

export interface SourceResult {
  readonly source: string
  readonly identity: Identity | null
  readonly failure: string | null
  readonly faults: readonly string[]
}

type Asking = Pick<ServiceContext, 'app' | 'db' | 'now' | 'requestId' | 'trail'>

const AT_ONCE = 10
const MAX_ENDPOINTS = 1_000
const semaphores = new Map<string, Semaphore>()
interface Endpoint extends UserInfoConfig {
  /** Seconds, for `onError: deny`. */
  readonly staleAfter?: number
  readonly onError?: 'keep' | 'deny'
}

export async function fetchUserInfo(
  call: Asking,
  iam: Pick<IamRecord, 'id' | 'config'>,
  userid: string,
): Promise<SourceResult | null> {
  if (iam.config.externalUserInfo === undefined) return null
  const { app, db, now: at, requestId, trail } = call
  const results = await callEndpoint(app.outbound, { config: iam.config, secrets: await secretsOf({ app, db }, iam.id), userid })
  const { answer, failure } = results
  const about = { iamid: iam.id, at, requestId, asked: 'ask', userid, answer, failure }
  app.exchangeLog.record({ kind: 'userinfo', ...about, trail, source: USER_INFO })
  if (results.failure !== null) app.log.warn({ iamid: iam.id, failure: results.failure }, 'the user info endpoint gave no answer')
  return results
}

export async function callEndpoint(
  outbound: Outbound,
  { config, secrets, userid }: { config: IamRecord['config']; secrets: Secrets; userid: string },
): Promise<SourceResult & { readonly answer: unknown }> {
  const [password, key] = ['authentication.password', 'key'].map(path => secrets.get(`externalUserInfo.${path}`))
  const given = { ...(password !== undefined && { password }), ...(key !== undefined && { key }) }
  const endpoint = config.externalUserInfo as Endpoint
  const [fault] = unencryptedUserInfo(config)
  // Configurations from before https was required.
  if (fault) return { source: USER_INFO, failure: `${fault.field} ${fault.rule}`, answer: null, identity: null, faults: [] }
  const { host } = new URL(endpoint.uri)
  const semaphore = semaphores.get(host) ?? new Semaphore(AT_ONCE)
  semaphores.set(host, semaphore)
  if (semaphores.size > MAX_ENDPOINTS) semaphores.delete(semaphores.keys().next().value!)
  const limit = limitOf(endpoint)
  const answer = await semaphore.run(() => callUserInfo(outbound, { config: endpoint, secrets: given, userid, limit }))
  return 'info' in answer
    ? { source: USER_INFO, failure: null, answer: userInfoJson(answer.info), ...mapUserInfo(config, userid, answer.info) }
    : { source: USER_INFO, failure: answer.failure, answer: null, identity: null, faults: [] }
}

const userInfoJson = ({ groups, ...rest }: UserInfo) => ({ ...(groups && { groups: groups.map(name => ({ name })) }), ...rest })

type Secrets = ReadonlyMap<string, string>

export async function secretsOf({ app, db }: Pick<ServiceContext, 'app' | 'db'>, iamid: string): Promise<Secrets> {
  const encrypted = Object.entries(await encryptedSecretsOf(db, iamid))
  return new Map(encrypted.map(([path, secret]) => [path, decrypt(app.keys, { iamid, path, encrypted: secret })]))
}

export function mapUserInfo(
  config: IamRecord['config'],
  userid: string,
  info: UserInfo,
): { identity: Identity; faults: readonly string[] } {
  const groups = supports(config, 'syncRestGroups') ? info.groups : undefined
  const authorizations = supports(config, 'syncRestAuthorizations') ? info.authorizations : undefined
  const faults: string[] = []
  const good = groups && acceptAll(faults, groups, checkGroupName)
  const attributes: Record<string, readonly string[]> = {}
  const allBut: string[] = []
  for (const [key, values] of Object.entries(authorizations ?? {})) {
    if (!accept(faults, () => checkAttributeKey(key))) continue
    const those = acceptAll(faults, values, checkAttributeValue)
    if (those === undefined) allBut.push(key)
    else attributes[key] = those
  }
  const identity = {
    userid,
    profile: {},
    ...(good && { groups: good.map(name => ({ name, gid: null, email: null, description: null })) }),
    ...(authorizations && { attributes, allBut }),
  }
  return { identity, faults }
}

/**
 * Applies results in order, within a transaction. Failures keep stored data. `error` (`onError: deny`) is thrown
 * after recording.
 */
export async function applySourceResults(
  call: ServiceContext,
  {
    iam,
    person,
    results,
    logIn = false,
  }: { iam: Pick<IamRecord, 'id' | 'config'>; person: Person | null; results: readonly SourceResult[]; logIn?: boolean },
): Promise<AppliedResults | { readonly rejected: string }> {
  const events: AuditDraft[] = []
  let error: Unavailable | null = null
  let user = person
  let isNew = false
  for (const { source, identity, failure, faults } of results) {
    if (faults.length > 0) call.app.log.info({ iamid: iam.id, source, faults }, 'source data partly rejected')
    if (identity !== null) {
      const by = { iamid: iam.id, source, disabled: waits(iam), migrateFrom: migrateFromOf(iam), expected: user?.id, logIn }
      const named = source === iam.id || user === null ? identity : { ...identity, userid: user.userid }
      const taken = await reconcile(call, by, named)
      if ('rejected' in taken) return { rejected: taken.rejected }
      user = taken.user
      isNew ||= taken.created || taken.moved
      events.push(...taken.events)
      if (source === USER_INFO)
        await recordResponse(call.db, user.id, { now: call.now, failure: faults.length === 0 ? null : faults.join('; ') })
    } else if (failure !== null && user !== null) error = await tolerateFailure(call, { iam, user, failure })
  }
  if (user === null) throw new Error('A new user has no identity')
  // Throwing rolls the new or moved user back.
  if (error && isNew) throw error
  return { user, events, ...(error && { error }) }
}

interface AppliedResults {
  readonly user: Person
  readonly events: AuditDraft[]
  readonly error?: Unavailable
}

const waits = ({ config }: Pick<IamRecord, 'config'>): boolean =>
  (config.ldapSync as { requireManualActivation?: boolean } | undefined)?.requireManualActivation === true
export const migrateFromOf = ({ config }: Pick<IamRecord, 'config'>): string | undefined =>
  config.migrateFrom as string | undefined

type Person = Pick<UserRecord, 'id' | 'profileId' | 'iamid' | 'userid' | 'disabled'>

async function tolerateFailure(
  { db, now }: ServiceContext,
  { iam, user, failure }: { iam: Pick<IamRecord, 'config'>; user: Person; failure: string },
): Promise<Unavailable | null> {
  const { onError = 'keep', staleAfter = 0 } = iam.config.externalUserInfo as Endpoint
  const last = await lastResponse(db, user.id)
  const fresh = last !== null && now.getTime() - last.getTime() <= staleAfter * 1000
  await recordFailure(db, user.id, { now, failure })
  return onError === 'deny' && !fresh ? noResponse() : null
}

const noResponse = () =>
  new Unavailable('The user info endpoint of this IAM does not respond: try again later', { reason: 'directory' })
