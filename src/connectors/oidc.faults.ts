import * as oc from 'openid-client'
import { Unauthenticated, Unavailable } from '../platform/errors.ts'
import type { OutboundClass, OutboundError } from '../platform/outbound/connect.ts'

/** Public: reveals no network details. */
const CLASSES: Readonly<Record<OutboundClass, string>> = {
  'not allowed': 'Roster may not connect to it',
  unreachable: 'it cannot be reached',
  TLS: 'no trusted connection to it can be made',
  'no valid answer': 'it gives no valid answer',
}

/**
 * A fault of the provider or its configuration. `message` is public; `detail` names response member and option.
 * Neither contains secrets.
 */
export class ProviderFault extends Unavailable {
  readonly detail: string
  constructor(kind: OutboundClass, detail: string) {
    super(`The identity provider cannot be used now: ${CLASSES[kind]}. The log has the reason for an administrator`)
    this.detail = detail
  }
}

export const noValidAnswer = (detail: string) => new ProviderFault('no valid answer', detail)

export const detailOf = (error: unknown): string => (error instanceof ProviderFault ? error.detail : (error as Error).message)

export const refused = (why: string) => new Unauthenticated(`The response of the identity provider is not accepted: ${why}`)

export function unanswered(what: string, option: string, fault: OutboundError): ProviderFault {
  const mend: Readonly<Record<OutboundClass, string>> = {
    'not allowed': 'OUTBOUND_ALLOW and OUTBOUND_DENY decide where Roster may connect to',
    unreachable: `is ${option} right, and does a network lead there from here`,
    TLS: `the certificate must be one that Node trusts (NODE_EXTRA_CA_CERTS names further authorities) and name the host of ${option}`,
    'no valid answer': `is ${option} the address of such an answer`,
  }
  return new ProviderFault(fault.kind, `${what}: ${fault.message} (${mend[fault.kind]})`)
}

const PROVIDERS = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
])

/** RFC 6749, 5.2: client errors and the wrong option. */
const REFUSED_CLIENT: Readonly<Record<string, string>> = {
  invalid_client: 'config.options.clientId or clientSecret is not the one registered there, or the secret is over',
  unauthorized_client: 'the client is not allowed the authorization code flow there',
  unsupported_grant_type: 'the client is not allowed the authorization code flow there',
  invalid_scope: 'config.options.scopes names one that is not allowed there',
  invalid_request: 'the redirect URI registered there must be PUBLIC_URL/login/<iamid>/callback',
}

/** Only the library's message: its causes contain tokens. */
export function exchangeFault(error: unknown): ProviderFault | Unauthenticated {
  const cause = (error as { cause?: unknown }).cause
  if (cause instanceof ProviderFault) return cause
  if (error instanceof oc.AuthorizationResponseError) return refused(`the provider answers ${plain(error.error)}`)
  if (error instanceof oc.ResponseBodyError) {
    const code = plain(error.error)
    // An invalid code is the user's; other errors concern Roster's client.
    if (code === 'invalid_grant') return refused('the provider answers invalid_grant')
    const mend = Object.hasOwn(REFUSED_CLIENT, code) ? ` (${REFUSED_CLIENT[code]})` : ''
    return noValidAnswer(`the token endpoint answers ${code}${mend}`)
  }
  const reason = reasonOf(error)
  const { code } = error as { code?: unknown }
  const isOurs = error instanceof TypeError && !(error instanceof oc.ClientError)
  if (isOurs || PROVIDERS.has(String(code))) return noValidAnswer(reason)
  return refused(code === 'OAUTH_KEY_SELECTION_FAILED' ? `no single key at jwks_uri can have signed the ID token (kid)` : reason)
}

function reasonOf(error: unknown): string {
  const { code, cause, message } = error as { code?: unknown; cause?: { message?: unknown }; message?: unknown }
  const text = cause instanceof Error ? cause.message : message
  if (typeof text === 'string' && text.length <= 200 && /^[\x20-\x7e]+$/.test(text)) return text.replaceAll('"', '')
  return plain(code)
}

export const plain = (text: unknown): string => (typeof text === 'string' && /^[\w ]{1,64}$/.test(text) ? text : 'something else')
