import type { ServiceContext } from '../authorization/service.ts'
import { detailOf, refused } from '../connectors/oidc.faults.ts'
import { type LoggedOut, readLogoutToken } from '../connectors/oidc.logout-token.ts'
import type { OpenidOptions, RelyingParty } from '../connectors/oidc.provider.ts'
import { allowsThirdPartyLogin, begin, finish, type Handshake, matchesState } from '../connectors/oidc.ts'
import { decrypt } from '../domain/iams/encryption.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { encryptedSecretsOf, findIam } from '../domain/iams/iams.store.ts'
import { missingIn } from '../domain/iams/missing-loss.ts'
import { findUser } from '../domain/users/users.store.ts'
import { identityOf } from '../federation/attribute-mapping.ts'
import { identityFromClaims, isSameUserid } from '../federation/oidc-claims.ts'
import { openidIdOf } from '../federation/source-ids.ts'
import { fetchUserInfo, type SourceResult } from '../federation/source-result.ts'
import { Conflict, NotFound, Unauthenticated, Unavailable, Unprocessable } from '../platform/errors.ts'
import { consumeOnce, type ProviderSession } from './oidc-session.store.ts'

export interface LoginRequest {
  readonly iamid: string
  readonly issuer?: string | undefined
  readonly loginHint?: string | undefined
}

export interface CallbackInput {
  readonly iamid: string
  readonly query: string
  readonly handshake: Handshake
  readonly until: Date
}

export interface OidcLoginResult {
  readonly iam: Pick<IamRecord, 'id' | 'config'>
  readonly userid: string
  readonly results: readonly SourceResult[]
  readonly endSession: string | null
  readonly session: ProviderSession
}

/** From PUBLIC_URL, never from request headers. */
export const redirectUri = (publicUrl: string, iamid: string): string => `${publicUrl}/login/${iamid}/callback`

/** Throws NotFound without a provider, Unprocessable, Unavailable. */
export async function beginOidcLogin(
  call: ServiceContext,
  { iamid, issuer, loginHint }: LoginRequest,
): Promise<{ url: string; handshake: Handshake }> {
  const { relying } = await relyingPartyOf(call, iamid)
  const ours = { redirectUri: redirectUri(call.app.config.publicUrl, iamid), loginHint }
  return warning(call, iamid, {
    work: async () => {
      if (issuer !== undefined && !(await allowsThirdPartyLogin(relying, issuer)))
        throw new Unprocessable('This IAM does not allow its provider to start a log-in, or this is another provider')
      const { url, handshake } = await begin(relying, ours)
      return { url: url.href, handshake }
    },
  })
}

/** Returns the user or a recorded rejection. Throws Unavailable, Conflict. */
export async function finishOidcLogin(
  call: ServiceContext,
  { iamid, query, handshake, until }: CallbackInput,
): Promise<OidcLoginResult | Unauthenticated> {
  const { iam, relying } = await relyingPartyOf(call, iamid)
  if (!matchesState(handshake, query))
    // Another tab's response; the latest handshake stays usable.
    return warning(call, iamid, {
      work: async () => {
        throw refused('it belongs to another sign-in, perhaps in another tab of this browser')
      },
    }).catch((error: Unauthenticated) => error)
  // First, so that only one of two identical callbacks succeeds.
  if (!(await consumeOnce(call.db, ['log-in', handshake.state], until))) throw new Conflict('This sign-in was already finished')
  try {
    const back = new URL(`${redirectUri(call.app.config.publicUrl, iamid)}?${query}`)
    const { claims, faults, endSession, session, idToken } = await warning(call, iamid, {
      work: () => finish(relying, back, handshake),
    })
    const claimed = identityFromClaims(iam, claims)
    const { userid } = claimed.record
    const held = await findUser(call.db, { iamid, userid })
    const sourceId = openidIdOf(claims)
    if (sourceId === null) throw new Unauthenticated('The subject that the identity provider names is longer than 255 characters')
    // The same subject may have changed its userid.
    if (held !== null && held.openidId !== sourceId.id && !isSameUserid(iam, held.userid, userid))
      throw new Unauthenticated('The userid differs in spelling from the stored one: ask your administrator to compare them')
    const { identity, faults: unmapped } = identityOf(iam, claimed.record)
    const all = [...faults, ...claimed.faults, ...unmapped]
    const about = await fetchUserInfo(call, iam, userid)
    const own: SourceResult = { source: iam.id, identity: { ...identity, sourceId }, failure: null, faults: all }
    const results = about === null ? [own] : [own, about]
    return {
      iam,
      userid,
      results,
      endSession: endSession?.href ?? null,
      session: { ...session, idToken: endSession && idToken },
    }
  } catch (error) {
    if (error instanceof Unauthenticated) return error
    throw error
  }
}

/** Throws NotFound, Unauthenticated or Unavailable; then nobody is logged out. */
export async function receiveLogout(
  call: ServiceContext,
  { iamid, logoutToken }: { iamid: string; logoutToken: string },
): Promise<LoggedOut> {
  const { relying } = await relyingPartyOf(call, iamid)
  return warning(call, iamid, {
    work: () => readLogoutToken(relying, logoutToken, call.now),
    what: 'a logout token was not believed',
  })
}

async function relyingPartyOf({ app, db }: ServiceContext, iamid: string): Promise<{ iam: IamRecord; relying: RelyingParty }> {
  const iam = await findIam(db, iamid)
  const options = iam?.config.options as OpenidOptions | undefined
  if (iam === null || iam.type !== 'openid' || options === undefined) {
    const missing = iam === null ? [] : missingIn(iam)
    if (missing.length > 0) app.log.warn({ iamid, missing }, 'log-in at an IAM that is not configured')
    throw new NotFound('This IAM does not exist or has no OpenID provider')
  }
  const encrypted = (await encryptedSecretsOf(db, iamid))['options.clientSecret']
  try {
    const clientSecret = encrypted ? decrypt(app.keys, { iamid, path: 'options.clientSecret', encrypted }) : null
    return { iam, relying: { options, clientSecret, outbound: app.outbound } }
  } catch (error) {
    // Problems of our keys are not for callers.
    app.log.error({ iamid, failure: (error as Error).message }, 'a client secret cannot be opened')
    throw new Unavailable('This IAM is unavailable at the moment: your administrator can see the reason in the log')
  }
}

async function warning<T>(
  { app, requestId }: ServiceContext,
  iamid: string,
  { work, what = 'a log-in with an OpenID provider failed' }: { work: () => Promise<T>; what?: string },
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    app.log.warn({ iamid, requestId, failure: detailOf(error) }, what)
    throw error
  }
}
