import { ERROR_CODES, MethodNotAllowed, NotFound, type RosterError } from '../../platform/errors.ts'
import { errorHeaders } from '../../platform/http/errors.ts'
import type { HttpResponse } from '../../platform/http/types.ts'

export const SCIM_JSON = 'application/scim+json'
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** RFC 7644 3.12. */
export function scimError(error: RosterError): HttpResponse {
  const { status } = ERROR_CODES[error.code]
  return {
    status,
    headers: { 'content-type': SCIM_JSON, ...errorHeaders(status, error) },
    body: { schemas: [ERROR], status: String(status), ...scimType(error), detail: error.message },
  }
}

function scimType(error: RosterError): { scimType?: string } {
  if ('scimType' in error && typeof error.scimType === 'string') return { scimType: error.scimType }
  if (error.code !== 'BAD_USER_INPUT') return {}
  return { scimType: error.field === 'body' ? 'invalidSyntax' : 'invalidValue' }
}

/** The same for all unknown clients. */
export const unauthorized = (): HttpResponse => ({
  status: 401,
  headers: { 'content-type': SCIM_JSON, 'www-authenticate': 'Bearer' },
  body: { schemas: [ERROR], status: '401', detail: 'No IAM of this Roster accepts SCIM with this credential' },
})

export const notFound = () => new NotFound('No such path: see ResourceTypes')

export const notAllowed = (method: string, allowed: readonly string[]): HttpResponse => ({
  status: 405,
  headers: { 'content-type': SCIM_JSON, allow: allowed.join(', ') },
  body: { schemas: [ERROR], status: '405', detail: new MethodNotAllowed(method, allowed).message },
})

export const notImplemented = (detail: string): HttpResponse => ({
  status: 501,
  headers: { 'content-type': SCIM_JSON },
  body: { schemas: [ERROR], status: '501', detail },
})

export const optionsOf = (allowed: readonly string[]): HttpResponse => ({ status: 204, headers: { allow: allowed.join(', ') } })
