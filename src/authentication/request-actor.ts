import { type Actor, anonymous } from '../authorization/actor.ts'
import type { App } from '../authorization/context.ts'
import { parse, withoutBasic } from '../authorization/secret.ts'
import { toUnavailable } from '../platform/database/errors.ts'
import { Forbidden, RosterError } from '../platform/errors.ts'
import { cookieOf, isTrustedOrigin, sessionCookie } from '../platform/http/cookies.ts'
import { ANONYMOUS_BODY_LIMIT, BODY_LIMIT } from '../platform/http/read-body.ts'
import type { HttpRequest } from '../platform/http/types.ts'

/**
 * 'required' and 'basic' must be valid, 'offered' if present; 'optional' ignores an invalid one; 'none' is not
 * read.
 */
export type AuthRequirement = 'required' | 'basic' | 'offered' | 'optional' | 'none'

export const bodyLimitOf = (actor: Actor): number => (actor === anonymous ? ANONYMOUS_BODY_LIMIT : BODY_LIMIT)

type RequestActorDeps = Pick<App, 'authenticate' | 'config'>

/** Throws Unauthenticated, Forbidden for cross-site writes, Unavailable. */
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

/** Browsers send cookies automatically, so writes must prove their origin. */
async function actorOfSession(
  app: RequestActorDeps,
  request: Pick<HttpRequest, 'method' | 'headers'>,
  credential: AuthRequirement,
): Promise<Actor> {
  const token = cookieOf(request.headers, sessionCookie(app.config.publicUrl))
  if (token === null || parse(token)?.kind !== 'rt') return credential === 'required' ? app.authenticate(undefined) : anonymous
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead && !isTrustedOrigin(request.headers, app.config)) {
    if (credential === 'optional') return anonymous
    throw new Forbidden(
      'A session cookie may write only from a page of this site or of CORS_ORIGINS: send a token in the header Authorization instead',
    )
  }
  try {
    return await app.authenticate(`Bearer ${token}`)
  } catch (error) {
    if (credential !== 'required' && error instanceof RosterError && error.code === 'UNAUTHENTICATED') return anonymous
    throw toUnavailable(error) ?? error
  }
}
