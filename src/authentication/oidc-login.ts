/** What proves at a log-in with an OpenID provider who somebody is. As in password-login.ts all of it happens before the transaction: it is slow. */
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

/** A log-in that begins: of one's own accord, or because the provider sent one here (Core 4). */
export interface LoginRequest {
  readonly iamid: string
  readonly issuer?: string | undefined
  readonly loginHint?: string | undefined
}

/** What the browser came back with. */
export interface CallbackInput {
  readonly iamid: string
  /** Raw, without the question mark. */
  readonly query: string
  readonly handshake: Handshake
  /** When the handshake would be too old. */
  readonly until: Date
}

export interface OidcLoginResult {
  readonly iam: Pick<IamRecord, 'id' | 'config'>
  readonly userid: string
  readonly news: readonly SourceResult[]
  readonly endSession: string | null
  readonly session: ProviderSession
}

/** Where a provider sends the browser back to. From PUBLIC_URL, never from what the browser says of the host. */
export const redirectUri = (publicUrl: string, iamid: string): string => `${publicUrl}/login/${iamid}/callback`

/** Throws NotFound where no provider stands behind the IAM, Refused where it may not begin from its side, Unavailable. */
export async function beginOidcLogin(
  call: ServiceContext,
  { iamid, issuer, loginHint }: LoginRequest,
): Promise<{ url: string; handshake: Handshake }> {
  const { relying } = await relyingPartyOf(call, iamid)
  const ours = { redirectUri: redirectUri(call.app.config.publicUrl, iamid), loginHint }
  return warning(call, iamid, {
    work: async () => {
      if (issuer !== undefined && !(await allowsThirdPartyLogin(relying, issuer)))
        throw new Unprocessable('This IAM does not let its provider begin a log-in, or this is not its provider')
      const { url, handshake } = await begin(relying, ours)
      return { url: url.href, handshake }
    },
  })
}

/** Who came back; or why it is not known who, which is to be kept. Throws Unavailable, and Conflict for what came back before. */
export async function finishOidcLogin(
  call: ServiceContext,
  { iamid, query, handshake, until }: CallbackInput,
): Promise<OidcLoginResult | Unauthenticated> {
  const { iam, relying } = await relyingPartyOf(call, iamid)
  if (!matchesState(handshake, query))
    // Of another tab, or sent by somebody else. The one that was begun last in this browser may still come back.
    return warning(call, iamid, {
      work: async () => {
        throw refused('it belongs to another sign-in, perhaps in another tab of this browser')
      },
    }).catch((error: Unauthenticated) => error)
  // Before anything else is done with it: of two who come with the same one is let through, on whatever instance.
  if (!(await consumeOnce(call.db, ['log-in', handshake.state], until))) throw new Conflict('This sign-in was finished already')
  try {
    const back = new URL(`${redirectUri(call.app.config.publicUrl, iamid)}?${query}`)
    const { claims, faults, endSession, session, idToken } = await warning(call, iamid, {
      work: () => finish(relying, back, handshake),
    })
    const claimed = identityFromClaims(iam, claims)
    const { userid } = claimed.said
    const held = await findUser(call.db, { iamid, userid })
    const sourceId = openidIdOf(claims)
    if (sourceId === null) throw new Unauthenticated('The subject that the identity provider names is longer than 255 characters')
    // Where the very subject has the account its userid may have changed in anything.
    if (held !== null && held.openidId !== sourceId.id && !isSameUserid(iam, held.userid, userid))
      throw new Unauthenticated('The userid differs in spelling from the one that is known: an administrator must look at it')
    const { identity, faults: unmapped } = identityOf(iam, claimed.said)
    const all = [...faults, ...claimed.faults, ...unmapped]
    const about = await fetchUserInfo(call, iam, userid)
    const own: SourceResult = { source: iam.id, identity: { ...identity, sourceId }, failure: null, faults: all }
    const news = about === null ? [own] : [own, about]
    return { iam, userid, news, endSession: endSession?.href ?? null, session: { ...session, idToken: endSession && idToken } }
  } catch (error) {
    if (error instanceof Unauthenticated) return error
    throw error
  }
}

/** Whom a provider's logout token is about. Throws NotFound, Unauthenticated and Unavailable, which all mean: nobody is logged out. */
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
    throw new NotFound('There is no such IAM with an OpenID provider')
  }
  const sealed = (await encryptedSecretsOf(db, iamid))['options.clientSecret']
  try {
    const clientSecret = sealed ? decrypt(app.keys, { iamid, path: 'options.clientSecret', sealed }) : null
    return { iam, relying: { options, clientSecret, outbound: app.outbound } }
  } catch (error) {
    // What is wrong with our keys is not for whoever comes along.
    app.log.error({ iamid, failure: (error as Error).message }, 'a client secret cannot be opened')
    throw new Unavailable('This IAM cannot be used now: whoever looks after Roster finds the reason in the log')
  }
}

/** Whoever looks after the instance hears of a provider that does not work, or that sends what cannot be believed. */
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
