import { type IamRecord, scimEnabled } from './iam.ts'

// What an IAM needs before people can log in by it, or its SCIM client can reach it. Pure.

/** The options that each type needs, where nothing is configured: with `options` the schema requires them (schema). */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  ldap: [
    'config.options.host',
    'config.options.userSearchBase',
    'config.options.userSearchFilter or config.options.userIdAttribute',
  ],
  openid: ['config.options.clientId', 'config.options.discoverUrl'],
}

/** Each is an option, or what else has to be done. Empty when nothing is missing. */
export function missingIn(iam: Pick<IamRecord, 'type' | 'config' | 'scimKeyPrefix'>): string[] {
  const logIn =
    iam.type === 'saml'
      ? ['another type: this version has no log-in by SAML']
      : iam.config.options === undefined
        ? (NEEDED[iam.type] ?? [])
        : []
  return [...logIn, ...(scimEnabled(iam) && iam.scimKeyPrefix === null ? ['a SCIM key (generateScimKey)'] : [])]
}
