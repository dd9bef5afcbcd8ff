/** What proves at a log-in with an OpenID provider who somebody is. As in proof.ts all of it happens before the transaction: it is slow. */
import type { Call } from '../authorization/service.ts'
import { detailOf, refused } from '../connectors/oidc.faults.ts'
import { type LoggedOut, readLogoutToken } from '../connectors/oidc.logout-token.ts'
import type { OpenidOptions, Relying } from '../connectors/oidc.provider.ts'
import { begin, finish, type Handshake, isAnswerTo, mayInitiate } from '../connectors/oidc.ts'
import { open } from '../domain/iams/encryption.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { findIam, sealedOf } from '../domain/iams/iams.store.ts'
import { missingIn } from '../domain/iams/missing-loss.ts'
import { findUser } from '../domain/users/users.store.ts'
import { identityOf } from '../federation/attribute-mapping.ts'
import { isSameUserid, saidBy } from '../federation/oidc-claims.ts'
import { openidIdOf } from '../federation/source-ids.ts'
import { askAbout, type News } from '../federation/source-result.ts'
import { Conflict, NotFound, Refused, Unauthenticated, Unavailable } from '../platform/errors.ts'
import { type ProviderSession, takeOnce } from './oidc-session.store.ts'

/** A log-in that begins: of one's own accord, or because the provider sent one here (Core 4). */
export interface Beginning {
  readonly iamid: string
  readonly issuer?: string | undefined
  readonly loginHint?: string | undefined
}

/** What the browser came back with. */
export interface Return {
  readonly iamid: string
  /** Raw, without the question mark. */
  readonly query: string
  readonly handshake: Handshake
  /** When the handshake would be too old. */
  readonly until: Date
}

export interface ProvenByProvider {
  readonly iam: Pick<IamRecord, 'id' | 'config'>
  readonly userid: string
  readonly news: readonly News[]
  readonly endSession: string | null
  readonly session: ProviderSession
}

/** Where a provider sends the browser back to. From PUBLIC_URL, never from what the browser says of the host. */
export const redirectUri = (publicUrl: string, iamid: string): string => `${publicUrl}/login/${iamid}/callback`

/** Throws NotFound where no provider stands behind the IAM, Refused where it may not begin from its side, Unavailable. */
export async function beginAtProvider(
  call: Call,
  { iamid, issuer, loginHint }: Beginning,
): Promise<{ url: string; handshake: Handshake }> {
  const { relying } = await relyingOn(call, iamid)
  const ours = { redirectUri: redirectUri(call.app.config.publicUrl, iamid), loginHint }
  return warning(call, iamid, async () => {
    if (issuer !== undefined && !(await mayInitiate(relying, issuer)))
      throw new Refused('This IAM does not let its provider begin a log-in, or this is not its provider')
    const { url, handshake } = await begin(relying, ours)
    return { url: url.href, handshake }
  })
}

/** Who came back; or why it is not known who, which is to be kept. Throws Unavailable, and Conflict for what came back before. */
export async function proveByProvider(
  call: Call,
  { iamid, query, handshake, until }: Return,
): Promise<ProvenByProvider | Unauthenticated> {
  const { iam, relying } = await relyingOn(call, iamid)
  if (!isAnswerTo(handshake, query))
    // Of another tab, or sent by somebody else. The one that was begun last in this browser may still come back.
    return warning(call, iamid, async () => {
      throw refused('it belongs to another sign-in, perhaps in another tab of this browser')
    }).catch((error: Unauthenticated) => error)
  // Before anything else is done with it: of two who come with the same one is let through, on whatever instance.
  if (!(await takeOnce(call.db, ['log-in', handshake.state], until))) throw new Conflict('This sign-in was finished already')
  try {
    const back = new URL(`${redirectUri(call.app.config.publicUrl, iamid)}?${query}`)
    const { claims, faults, endSession, session, idToken } = await warning(call, iamid, () => finish(relying, back, handshake))
    const claimed = saidBy(iam, claims)
    const { userid } = claimed.said
    const held = await findUser(call.db, { iamid, userid })
    const sourceId = openidIdOf(claims)
    if (sourceId === null) throw new Unauthenticated('The subject that the identity provider names is longer than 255 characters')
    // Where the very subject has the account its userid may have changed in anything.
    if (held !== null && held.openidId !== sourceId.id && !isSameUserid(iam, held.userid, userid))
      throw new Unauthenticated('The userid differs in spelling from the one that is known: an administrator must look at it')
    const { identity, faults: unmapped } = identityOf(iam, claimed.said)
    const all = [...faults, ...claimed.faults, ...unmapped]
    const about = await askAbout(call, iam, userid)
    const own: News = { source: iam.id, identity: { ...identity, sourceId }, failure: null, faults: all }
    const news = about === null ? [own] : [own, about]
    return { iam, userid, news, endSession: endSession?.href ?? null, session: { ...session, idToken: endSession && idToken } }
  } catch (error) {
    if (error instanceof Unauthenticated) return error
    throw error
  }
}

/** Whom a provider's logout token is about. Throws NotFound, Unauthenticated and Unavailable, which all mean: nobody is logged out. */
export async function hearLogout(call: Call, { iamid, logoutToken }: { iamid: string; logoutToken: string }): Promise<LoggedOut> {
  const { relying } = await relyingOn(call, iamid)
  return warning(call, iamid, () => readLogoutToken(relying, logoutToken, call.now), 'a logout token was not believed')
}

async function relyingOn({ app, db }: Call, iamid: string): Promise<{ iam: IamRecord; relying: Relying }> {
  const iam = await findIam(db, iamid)
  const options = iam?.config.options as OpenidOptions | undefined
  if (iam === null || iam.type !== 'openid' || options === undefined) {
    const missing = iam === null ? [] : missingIn(iam)
    if (missing.length > 0) app.log.warn({ iamid, missing }, 'log-in at an IAM that is not configured')
    throw new NotFound('There is no such IAM with an OpenID provider')
  }
  const sealed = (await sealedOf(db, iamid))['options.clientSecret']
  try {
    const clientSecret = sealed ? open(app.keys, iamid, 'options.clientSecret', sealed) : null
    return { iam, relying: { options, clientSecret, outbound: app.outbound } }
  } catch (error) {
    // What is wrong with our keys is not for whoever comes along.
    app.log.error({ iamid, failure: (error as Error).message }, 'a client secret cannot be opened')
    throw new Unavailable('This IAM cannot be used now: whoever looks after Roster finds the reason in the log')
  }
}

/** Whoever looks after the instance hears of a provider that does not work, or that sends what cannot be believed. */
async function warning<T>(
  { app, requestId }: Call,
  iamid: string,
  work: () => Promise<T>,
  what = 'a log-in with an OpenID provider failed',
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    app.log.warn({ iamid, requestId, failure: detailOf(error) }, what)
    throw error
  }
}
