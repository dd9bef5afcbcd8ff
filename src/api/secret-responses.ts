/**
 * Not compressed: the length would show a secret beside the caller's text (BREACH).
 * Of GraphQL every mutation is one of them.
 */
export const SECRET_RESPONSES: readonly string[] = [
  'POST /bim/iam/:iamid/user/authenticate',
  'POST /bim/apikey',
  'POST /apikey',
  'POST /bim/apikey/authenticate',
  'POST /apikey/authenticate',
  'POST /bim/apikey/impersonate',
  'POST /apikey/impersonate',
  'POST /bim/token',
  'POST /bim/iam/bim/user',
  'GET /login',
  'POST /login',
  'GET /login/:iamid',
  'POST /login/:iamid',
  'GET /login/:iamid/callback',
  'POST /login/:iamid/logout',
  'POST /login/:iamid/backchannel',
]
