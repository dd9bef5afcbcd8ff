/**
 * OpenID Connect Back-Channel Logout 1.0: a provider tells us, from server to server, that somebody's session there is over. Flow: the
 * form's `logout_token` → its signature by the provider's keys, iss, aud, iat, exp (2.6) → what makes it no ID token: the event, and no
 * nonce → whom it is about. That it is heard once is for the caller.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { refused } from './oidc.faults.ts'
import { fetchBy, providerOf, type RelyingParty } from './oidc.provider.ts'
import { SKEW } from './oidc.ts'

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
/** Characters of a logout token. */
const MAX_TOKEN = 16_384
/** Characters of names that are not ours (Core 2 allows 255 for sub). */
const MAX_NAME = 255

/** Throws Unauthenticated for what cannot be believed, and Unavailable where the provider's keys cannot be read. */
export async function readLogoutToken(relying: RelyingParty, token: string, now: Date): Promise<LoggedOut> {
  if (token.length > MAX_TOKEN) throw refused('it is too long')
  const { issuer, jwks_uri, id_token_signing_alg_values_supported: algorithms } = (await providerOf(relying)).serverMetadata()
  const { payload, protectedHeader } = await verified(relying, jwks_uri!, {
    token,
    options: {
      issuer,
      audience: relying.options.clientId,
      algorithms: algorithms as string[],
      clockTolerance: SKEW,
      maxTokenAge: MAX_AGE,
      currentDate: now,
      requiredClaims: ['jti'],
    },
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

/** Anybody can send tokens here, so keys are kept for a minute: one that is taken back ends then. */
const KEYS_MS = 60_000
/**
 * A token that none of the kept keys signed has them read once more, since a provider may have changed them: at most so often at once,
 * and then once in the time that follows.
 */
const RETRIES = 5
const RETRY_MS = 5_000
/** Providers whose keys are kept; the oldest goes first. */
const MAX_KEPT = 1_000

interface CachedKeys {
  readonly keys: Promise<ReturnType<typeof createLocalJWKSet>>
  readonly readAt: number
  /** How often the keys may be read again now, as of `countedAt`. */
  retries: number
  countedAt: number
}
const cached = new Map<string, CachedKeys>()

async function verified(relying: RelyingParty, uri: string, { token, options }: { token: string; options: JWTVerifyOptions }) {
  const first = await keysAt(relying, uri)
  try {
    return await jwtVerify(token, await first.keys, options)
  } catch (error) {
    const isUnknown = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
    // Where somebody had them read meanwhile, that costs nothing.
    if (!isUnknown || (cached.get(uri) === first && !mayRetry(uri))) throw error
    return jwtVerify(token, await (await keysAt(relying, uri, first)).keys, options)
  }
}

/** `not` are the keys that a token was not signed by: where they are still the kept ones, others are read. */
async function keysAt(relying: RelyingParty, uri: string, not?: CachedKeys): Promise<CachedKeys> {
  const found = cached.get(uri)
  if (found !== undefined && found !== not && found.readAt + KEYS_MS > Date.now()) return found
  const { retries = RETRIES, countedAt = Date.now() } = found ?? {}
  const next: CachedKeys = { keys: readKeys(relying, uri), readAt: Date.now(), retries, countedAt }
  cached.delete(uri)
  cached.set(uri, next)
  if (cached.size > MAX_KEPT) cached.delete(cached.keys().next().value!)
  next.keys.catch(() => cached.get(uri) === next && cached.delete(uri))
  return next
}

async function readKeys(relying: RelyingParty, uri: string): Promise<ReturnType<typeof createLocalJWKSet>> {
  const fetchKeys = fetchBy(relying, { jwks_uri: uri })
  const answer = await fetchKeys(uri, {
    method: 'GET',
    headers: { accept: 'application/json' },
    body: undefined,
    redirect: 'manual',
  })
  return createLocalJWKSet((await answer.json()) as JSONWebKeySet)
}

function mayRetry(uri: string): boolean {
  const found = cached.get(uri)
  if (found === undefined) return true
  const earned = Math.floor((Date.now() - found.countedAt) / RETRY_MS)
  found.retries = Math.min(RETRIES, found.retries + earned)
  found.countedAt += earned * RETRY_MS
  if (found.retries === 0) return false
  found.retries--
  return true
}
