import { type IamRecord, scimEnabled } from './iam.ts'

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  ldap: [
    'config.options.host',
    'config.options.userSearchBase',
    'config.options.userSearchFilter or config.options.userIdAttribute',
  ],
  openid: ['config.options.clientId', 'config.options.discoverUrl'],
}

export function missingIn(iam: Pick<IamRecord, 'type' | 'config' | 'scimKeyPrefix'>): string[] {
  const logIn =
    iam.type === 'saml'
      ? ['another type: this version has no log-in by SAML']
      : iam.config.options === undefined
        ? (NEEDED[iam.type] ?? [])
        : []
  return [...logIn, ...(scimEnabled(iam) && iam.scimKeyPrefix === null ? ['a SCIM key (generateScimKey)'] : [])]
}
