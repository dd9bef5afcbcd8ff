/**
 * Back-Channel Logout 1.0: verifies signature, iss, aud, iat, exp (2.6), event and missing nonce. The caller
 * prevents replay.
 */

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { isObject } from '../platform/validation.ts'
import { refused } from './oidc.faults.ts'
import { fetchBy, providerOf, type RelyingParty } from './oidc.provider.ts'
import { SKEW } from './oidc.ts'

export interface LoggedOut {
  readonly sub: string | null
  readonly sid: string | null
  readonly jti: string
  readonly until: Date
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Seconds, whatever its expiry. */
const MAX_AGE = 300
const MAX_TOKEN = 16_384
/** Core 2 allows 255 for sub. */
const MAX_NAME = 255

/** Throws Unauthenticated, and Unavailable without the provider's keys. */
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
    throw refused('it is not a logout token')
  return loggedOut(payload, now)
}

function loggedOut(claims: JWTPayload, now: Date): LoggedOut {
  const { jti, sub, sid, events } = claims
  const event = isObject(events) && Object.hasOwn(events, EVENT) ? events[EVENT] : undefined
  if (!isObject(event)) throw refused('it has no log-out event')
  // A nonce would mean an ID token (2.4).
  if (Object.hasOwn(claims, 'nonce')) throw refused('a logout token has no nonce')
  if (!isName(jti) || (sub !== undefined && !isName(sub)) || (sid !== undefined && !isName(sid)))
    throw refused('its jti, sub or sid is invalid')
  if (sub === undefined && sid === undefined) throw refused('it has neither sub nor sid')
  return { sub: sub ?? null, sid: sid ?? null, jti, until: new Date(now.getTime() + (MAX_AGE + 2 * SKEW) * 1000) }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= MAX_NAME

/** Anyone can send tokens, so keys are cached; revoked ones end then. */
const KEYS_MS = 60_000
/** Unknown keys trigger a refetch: a burst, then one per period. */
const RETRIES = 5
const RETRY_MS = 5_000
const MAX_KEPT = 1_000

interface CachedKeys {
  readonly keys: Promise<ReturnType<typeof createLocalJWKSet>>
  readonly readAt: number
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
    if (!isUnknown || (cached.get(uri) === first && !mayRetry(uri))) throw error
    return jwtVerify(token, await (await keysAt(relying, uri, first)).keys, options)
  }
}

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
