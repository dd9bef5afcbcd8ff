// One suite (conformance.ts) for each federation source, with a real peer (sources.*.ts).
import { conforms } from './conformance.ts'
import { openid, userInfo } from './sources.http.ts'
import { ldapLogIn, ldapRefresh, ldapSync } from './sources.ldap.ts'
import { scim } from './sources.scim.ts'

for (const kind of [ldapLogIn, ldapRefresh, ldapSync, openid, userInfo, scim]) {
  if (kind.missing !== null) console.warn(`SKIPPED: the conformance of ${kind.name}. ${kind.missing}`)
  conforms(kind)
}
