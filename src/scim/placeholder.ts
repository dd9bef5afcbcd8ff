// SCIM keeps its place until it is built: whoever knocks is unknown. Paths, credentials and bodies are not looked at, so nothing
// can be learnt from them, and a client that is set up early sees the error body it will see later (RFC 7644 3.12).
import type { Http, WireResponse } from '../http/wire.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']
const PREFIX = '/scim/v2'

export function registerScim(http: Http): void {
  // Also for a path that cannot be decoded, or a method that has no route: they meet the translator first.
  http.translate(PREFIX, unauthorized)
  for (const path of [PREFIX, `${PREFIX}/*`])
    http.route({ method: METHODS, path, body: 'none', handler: async () => unauthorized() })
}

function unauthorized(): WireResponse {
  return {
    status: 401,
    headers: { 'content-type': 'application/scim+json', 'www-authenticate': 'Bearer' },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '401',
      detail: 'No IAM of this Roster accepts SCIM with this credential',
    },
  }
}
