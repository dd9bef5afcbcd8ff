/**
 * OpenID Connect Back-Channel Logout 1.0: a provider tells us, from server to server, that somebody's session there is over. The walk: the
 * form's `logout_token` → its signature by the provider's keys, iss, aud, iat, exp (2.6) → what makes it no ID token: the event, and no
 * nonce → whom it is about. That it is heard once is for the caller.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { bounded, providerOf, type Relying, refused, SKEW } from './oidc.ts'

export interface LoggedOut {
  /** One of the two, at least. */
  readonly sub: string | null
  readonly sid: string | null
  readonly jti: string
  /** Afterwards the token is too old to be heard. */
  readonly until: Date
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Seconds, whatever it says of its end: one that could not be brought to us in time is of no use. */
const MAX_AGE = 300
/** Characters of names that are not ours (Core 2 allows 255 for sub). */
const MAX_NAME = 255

/** Throws Unauthenticated for what cannot be believed, and Unavailable where the provider's keys cannot be read. */
export async function readLogoutToken(relying: Relying, token: string, now: Date): Promise<LoggedOut> {
  const { issuer, jwks_uri, id_token_signing_alg_values_supported: algorithms } = (await providerOf(relying)).serverMetadata()
  const { payload, protectedHeader } = await jwtVerify(token, keysAt(jwks_uri!), {
    issuer,
    audience: relying.options.clientId,
    algorithms: algorithms as string[],
    clockTolerance: SKEW,
    maxTokenAge: MAX_AGE,
    currentDate: now,
    requiredClaims: ['jti'],
  }).catch(error => Promise.reject(error instanceof errors.JOSEError ? refused(error.code) : error))
  const { typ } = protectedHeader
  if (typ !== undefined && !['jwt', 'logout+jwt'].includes(typ.toLowerCase().replace(/^application\//, '')))
    throw refused('it is no logout token')
  return loggedOut(payload, now)
}

function loggedOut(claims: JWTPayload, now: Date): LoggedOut {
  const { jti, sub, sid, events } = claims
  const event = isObject(events) && Object.hasOwn(events, EVENT) ? events[EVENT] : undefined
  if (!isObject(event)) throw refused('it says nothing of a log-out')
  // With one it could be an ID token that somebody came by (2.4).
  if (Object.hasOwn(claims, 'nonce')) throw refused('a logout token has no nonce')
  if (!isName(jti) || (sub !== undefined && !isName(sub)) || (sid !== undefined && !isName(sid)))
    throw refused('its jti, sub or sid is no name')
  if (sub === undefined && sid === undefined) throw refused('it does not say who is logged out')
  return { sub: sub ?? null, sid: sid ?? null, jti, until: new Date(now.getTime() + (MAX_AGE + 2 * SKEW) * 1000) }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= MAX_NAME

const kept = new Map<string, JWTVerifyGetKey>()

/**
 * Anybody can send us tokens, so keys are kept: a minute, so that one that is taken back ends; one that is not among them has them read
 * again at most every five seconds.
 */
function keysAt(uri: string): JWTVerifyGetKey {
  const found = kept.get(uri)
  if (found !== undefined) return found
  const keys = createRemoteJWKSet(new URL(uri), {
    [customFetch]: (url, { headers, ...options }) =>
      bounded(url, { ...options, headers: Object.fromEntries(headers), body: undefined }),
    cacheMaxAge: 60_000,
    cooldownDuration: 5_000,
  })
  kept.set(uri, keys)
  return keys
}
