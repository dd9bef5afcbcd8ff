import type { IamType } from './schema.ts'

export interface SecretPath {
  /** For whoever configures. */
  readonly description: string
  /** Characters. */
  readonly max: number
  /** The fields that name the place it is sent to, and whom we take for that place. None: it never leaves us. */
  readonly sentTo: readonly string[]
  /** Switches that protect it on its way: without the secret each may change to true only, whatever it means left out. */
  readonly guardedBy: readonly string[]
}

/** A private key signs here; nothing of it is sent. */
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
 * Where secrets stand, and where each is sent. "Never sends a stored secret to another host" is the reference's rule for dry runs
 * (iam-rules, "Semantics"); held at every change of a configuration (validate, `elsewhere`), since a saved one could do the same.
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
    // Sent to the token endpoint alone, which discovery names when it is used.
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
