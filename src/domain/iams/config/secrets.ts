import type { IamType } from './schema.ts'

export interface SecretPath {
  readonly description: string
  readonly max: number
  /** Fields that determine the recipient; none: it is never sent. */
  readonly sentTo: readonly string[]
  /** Without the secret these may only become true. */
  readonly guardedBy: readonly string[]
}

const privateKey: SecretPath = {
  description: 'The private key (PEM) of `cert`.',
  max: 65_536,
  sentTo: [],
  guardedBy: [],
}
const userInfoSecrets: Record<string, SecretPath> = {
  'externalUserInfo.authentication.password': {
    description: 'The password.',
    max: 1024,
    sentTo: ['externalUserInfo.uri', 'externalUserInfo.ca'],
    guardedBy: ['externalUserInfo.useSSL', 'externalUserInfo.rejectUnauthorized'],
  },
  'externalUserInfo.key': privateKey,
}

/**
 * Secrets by path, with their recipients. Changing the recipient requires the secret again (iam-rules,
 * "Semantics").
 */
export const secretPaths: Record<IamType, Record<string, SecretPath>> = {
  'built-in': userInfoSecrets,
  ldap: {
    'credentials.bind_pw': {
      description: 'Its password; required with `bind_dn`.',
      max: 1024,
      sentTo: ['options.host', 'options.port', 'options.ca'],
      guardedBy: ['options.useSSL', 'options.startTLS', 'options.rejectUnauthorized'],
    },
    'options.key': privateKey,
    ...userInfoSecrets,
  },
  openid: {
    'options.clientSecret': {
      description: 'The secret it was given there; without one Roster is a public client.',
      max: 4096,
      sentTo: ['options.discoverUrl', 'options.tokenEndpoint'],
      guardedBy: ['options.enableSSL'],
    },
    ...userInfoSecrets,
  },
  saml: userInfoSecrets,
}
