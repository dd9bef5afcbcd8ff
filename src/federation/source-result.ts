/** What outside sources say of one person, asked before a transaction begins, since they may be slow; and its way in, within one. */

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

/** Who says so, where the IAM's endpoint does: a source beside the IAM itself, so that neither takes away what the other gave. */
export const USER_INFO = 'user info'

/** One source's word of a person: an identity to take in, or why there is none. */
export interface SourceResult {
  readonly source: string
  readonly identity: Identity | null
  readonly failure: string | null
  /** What of it could not be taken. */
  readonly faults: readonly string[]
}

type Asking = Pick<ServiceContext, 'app' | 'db' | 'now' | 'requestId' | 'trail'>

/** An endpoint is asked about so many people at once; the rest wait, but for nobody else's endpoint. */
const AT_ONCE = 10
/** Endpoints whose turns are counted; the oldest goes first. */
const MAX_ENDPOINTS = 1_000
const semaphores = new Map<string, Semaphore>()
interface Endpoint extends UserInfoConfig {
  /** Seconds for which a good answer stands in for one that does not come, under `onError: deny`. */
  readonly staleAfter?: number
  readonly onError?: 'keep' | 'deny'
}

/** What the user info endpoint of the IAM says of a person; null where the IAM has none. */
export async function fetchUserInfo(
  call: Asking,
  iam: Pick<IamRecord, 'id' | 'config'>,
  userid: string,
): Promise<SourceResult | null> {
  if (iam.config.externalUserInfo === undefined) return null
  const { app, db, now: at, requestId, trail } = call
  const news = await callEndpoint(app.outbound, { config: iam.config, secrets: await secretsOf({ app, db }, iam.id), userid })
  const { answer, failure } = news
  const about = { iamid: iam.id, at, requestId, asked: 'ask', userid, answer, failure }
  app.exchangeLog.record({ kind: 'userinfo', ...about, trail, source: USER_INFO })
  if (news.failure !== null) app.log.warn({ iamid: iam.id, failure: news.failure }, 'the user info endpoint gave no answer')
  return news
}

/** As fetchUserInfo, by any configuration that has an endpoint. */
export async function callEndpoint(
  outbound: Outbound,
  { config, secrets, userid }: { config: IamRecord['config']; secrets: Secrets; userid: string },
): Promise<SourceResult & { readonly answer: unknown }> {
  const [password, key] = ['authentication.password', 'key'].map(path => secrets.get(`externalUserInfo.${path}`))
  const given = { ...(password !== undefined && { password }), ...(key !== undefined && { key }) }
  const endpoint = config.externalUserInfo as Endpoint
  const [fault] = unencryptedUserInfo(config)
  // Stored before https was demanded: it is not asked until the configuration names another address.
  if (fault) return { source: USER_INFO, failure: `${fault.field} ${fault.rule}`, answer: null, identity: null, faults: [] }
  const { host } = new URL(endpoint.uri)
  const semaphore = semaphores.get(host) ?? new Semaphore(AT_ONCE)
  semaphores.set(host, semaphore)
  if (semaphores.size > MAX_ENDPOINTS) semaphores.delete(semaphores.keys().next().value!)
  // From here on, or whoever waits behind a crowd would wait for each of its turns.
  const limit = limitOf(endpoint)
  const answer = await semaphore.run(() => callUserInfo(outbound, { config: endpoint, secrets: given, userid, limit }))
  return 'info' in answer
    ? { source: USER_INFO, failure: null, answer: userInfoJson(answer.info), ...mapUserInfo(config, userid, answer.info) }
    : { source: USER_INFO, failure: answer.failure, answer: null, identity: null, faults: [] }
}

/** In the form that the endpoint answers in. */
const userInfoJson = ({ groups, ...rest }: UserInfo) => ({ ...(groups && { groups: groups.map(name => ({ name })) }), ...rest })

type Secrets = ReadonlyMap<string, string>

/** The opened secrets of an IAM, by their paths. Throws Refused when they do not open. */
export async function secretsOf({ app, db }: Pick<ServiceContext, 'app' | 'db'>, iamid: string): Promise<Secrets> {
  const sealed = Object.entries(await encryptedSecretsOf(db, iamid))
  return new Map(sealed.map(([path, secret]) => [path, decrypt(app.keys, { iamid, path, sealed: secret })]))
}

/** The endpoint names groups and attributes by their own names: there is nothing to map. What the IAM is not to take was not spoken of. */
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
 * Takes the news of a person in, source by source; part of a write's transaction. `person` is who is meant, null where the first source
 * says; `rejected`: it means somebody else, and nothing was written. Without an answer what is known stays. `error`, under
 * `onError: deny` once the last good answer is too old, is for the write to end with: that there was no answer is to be kept all the same.
 */
export async function applySourceResults(
  call: ServiceContext,
  {
    iam,
    person,
    news,
    logIn = false,
  }: { iam: Pick<IamRecord, 'id' | 'config'>; person: Person | null; news: readonly SourceResult[]; logIn?: boolean },
): Promise<AppliedResults | { readonly rejected: string }> {
  const events: AuditDraft[] = []
  let error: Unavailable | null = null
  let user = person
  let isNew = false
  for (const { source, identity, failure, faults } of news) {
    if (faults.length > 0) call.app.log.info({ iamid: iam.id, source, faults }, 'some of what a source said could not be taken')
    if (identity !== null) {
      const by = { iamid: iam.id, source, disabled: waits(iam), migrateFrom: migrateFromOf(iam), expected: user?.id, logIn }
      // A further source speaks of the very person whom the first one named, and knows no id of them.
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
  if (user === null) throw new Error('Somebody new came without an identity')
  // Of somebody new there is nothing to keep: thrown, it undoes that they were made, or that an account was moved.
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

const noResponse = () => new Unavailable('The user info endpoint of this IAM gives no answer: try again later')
