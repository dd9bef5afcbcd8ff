import type { IamType } from '../../domain/iams/config/schema.ts'
import type { SourceKind } from '../../federation/source-ids.ts'

/** Names of the schema and the values of the code. */
export const enums = {
  IamKind: { BUILT_IN: 'built-in', LDAP: 'ldap', OPENID: 'openid', SAML: 'saml' } as const satisfies Record<string, IamType>,
  SourceKind: { DIRECTORY: 'directory', OPENID: 'openid', SAML: 'saml' } as const satisfies Record<string, SourceKind>,
}
