/** What can be wrong at a log-in with an OpenID provider: whose fault it is, and what the person and what administrators read of it. */
import * as oc from 'openid-client'
import { Unauthenticated, Unavailable } from '../platform/errors.ts'
import type { OutboundClass, OutboundError } from '../platform/outbound/connect.ts'

/** For anybody: none of it describes the network behind Roster. */
const CLASSES: Readonly<Record<OutboundClass, string>> = {
  'not allowed': 'Roster may not connect to it',
  unreachable: 'it cannot be reached',
  TLS: 'no trusted connection to it can be made',
  'no valid answer': 'it gives no valid answer',
}

/**
 * The provider cannot be used, which is no fault of who logs in. The message is for anybody; `detail` is for administrators and names
 * the member of the answer that is wrong, and the option that mends it. Neither holds a token, a code or a secret.
 */
export class ProviderFault extends Unavailable {
  readonly detail: string
  constructor(kind: OutboundClass, detail: string) {
    super(`The identity provider cannot be used now: ${CLASSES[kind]}. The log has the reason for an administrator`)
    this.detail = detail
  }
}

export const noValidAnswer = (detail: string) => new ProviderFault('no valid answer', detail)

/** The reason of any error for administrators. */
export const detailOf = (error: unknown): string => (error instanceof ProviderFault ? error.detail : (error as Error).message)

export const refused = (why: string) => new Unauthenticated(`The answer of the identity provider is not accepted: ${why}`)

/** `what` was asked for and not answered; `option` names where it is. */
export function unanswered(what: string, option: string, fault: OutboundError): ProviderFault {
  const mend: Readonly<Record<OutboundClass, string>> = {
    'not allowed': 'OUTBOUND_ALLOW and OUTBOUND_DENY decide where Roster may connect to',
    unreachable: `is ${option} right, and does a network lead there from here`,
    TLS: `the certificate must be one that Node trusts (NODE_EXTRA_CA_CERTS names further authorities) and name the host of ${option}`,
    'no valid answer': `is ${option} the address of such an answer`,
  }
  return new ProviderFault(fault.kind, `${what}: ${fault.message} (${mend[fault.kind]})`)
}

/** Codes of the library that are the provider's fault or the configuration's, wherever they come up. */
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

/** Errors of the token endpoint (RFC 6749, 5.2) that mean the client, and which option is wrong then. */
const REFUSED_CLIENT: Readonly<Record<string, string>> = {
  invalid_client: 'config.options.clientId or clientSecret is not the one registered there, or the secret is over',
  unauthorized_client: 'the client is not allowed the authorization code flow there',
  unsupported_grant_type: 'the client is not allowed the authorization code flow there',
  invalid_scope: 'config.options.scopes names one that is not allowed there',
  invalid_request: 'the redirect URI registered there must be PUBLIC_URL/login/<iamid>/callback',
}

/** From an error of the library in the code exchange to ours. Only what it calls the error is repeated: its causes hold tokens. */
export function exchangeFault(error: unknown): ProviderFault | Unauthenticated {
  const cause = (error as { cause?: unknown }).cause
  if (cause instanceof ProviderFault) return cause
  if (error instanceof oc.AuthorizationResponseError) return refused(`the provider answers ${plain(error.error)}`)
  if (error instanceof oc.ResponseBodyError) {
    const code = plain(error.error)
    // A code that is no good is what this person brought; anything else means that the provider does not take Roster.
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

/** What the library calls an error: a fixed text with the names of members, without their values. */
function reasonOf(error: unknown): string {
  const { code, cause, message } = error as { code?: unknown; cause?: { message?: unknown }; message?: unknown }
  const text = cause instanceof Error ? cause.message : message
  if (typeof text === 'string' && text.length <= 200 && /^[\x20-\x7e]+$/.test(text)) return text.replaceAll('"', '')
  return plain(code)
}

/** Texts of others, as far as they are harmless in a log and on a page. */
export const plain = (text: unknown): string => (typeof text === 'string' && /^[\w ]{1,64}$/.test(text) ? text : 'something else')
