/** Whose request this is: the Authorization header, or the cookie of a browser's session, which must prove where a write comes from. */

import { type Actor, anonymous } from '../authorization/actor.ts'
import type { App } from '../authorization/context.ts'
import { parse, withoutBasic } from '../authorization/secret.ts'
import { toUnavailable } from '../platform/database/errors.ts'
import { Forbidden, RosterError } from '../platform/errors.ts'
import { cookieOf, isSameOrigin, sessionCookie } from '../platform/http/cookies.ts'
import { ANONYMOUS_BODY_LIMIT, BODY_LIMIT } from '../platform/http/read-body.ts'
import type { HttpRequest } from '../platform/http/types.ts'

/**
 * 'required' must be good; so must 'basic', which may be the password of Basic credentials; 'offered' must be good if there is one;
 * 'optional' is used if it is good; 'none' is not looked at.
 */
export type AuthRequirement = 'required' | 'basic' | 'offered' | 'optional' | 'none'

/** Bytes of a body that this caller may send. */
export const bodyLimitOf = (actor: Actor): number => (actor === anonymous ? ANONYMOUS_BODY_LIMIT : BODY_LIMIT)

type RequestActorDeps = Pick<App, 'authenticate' | 'config'>

/** Throws Unauthenticated, Forbidden for a session's write from elsewhere, and Unavailable. */
export async function actorOfRequest(
  app: RequestActorDeps,
  request: Pick<HttpRequest, 'method' | 'headers'>,
  credential: AuthRequirement,
): Promise<Actor> {
  const given = request.headers.authorization
  const authorization = credential === 'basic' ? withoutBasic(given) : given
  if (credential === 'none') return anonymous
  if (authorization === undefined && credential !== 'basic') return actorOfSession(app, request, credential)
  try {
    return await app.authenticate(authorization)
  } catch (error) {
    if (credential === 'optional' && error instanceof RosterError && error.code === 'UNAUTHENTICATED') return anonymous
    throw toUnavailable(error) ?? error
  }
}

/**
 * The session's cookie stands for the header where there is none. Browsers add it by themselves, so writes must prove that a page of ours
 * sent them (GraphQL's mutations are writes: they are POST only). One that is over is as none, or nobody could log in again with it.
 */
async function actorOfSession(
  app: RequestActorDeps,
  request: Pick<HttpRequest, 'method' | 'headers'>,
  credential: AuthRequirement,
): Promise<Actor> {
  const token = cookieOf(request.headers, sessionCookie(app.config.publicUrl))
  if (token === null || parse(token)?.kind !== 'rt') return credential === 'required' ? app.authenticate(undefined) : anonymous
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead && !isSameOrigin(request.headers, app.config.publicUrl)) {
    if (credential === 'optional') return anonymous
    throw new Forbidden(
      "A session's cookie writes only from a page of this site: send a token in the header Authorization instead",
    )
  }
  try {
    return await app.authenticate(`Bearer ${token}`)
  } catch (error) {
    if (credential !== 'required' && error instanceof RosterError && error.code === 'UNAUTHENTICATED') return anonymous
    throw toUnavailable(error) ?? error
  }
}
