import Type, { type TSchema } from 'typebox'

// One schema for each type of IAM, with the vendor's names, so that an existing configuration can be pasted (reference: iam-rules,
// "An IAM's configuration"; the OIDC options by their names on the OpenID Connect page). Secrets are not in them: iam.config takes
// them out beforehand. What two fields say together is checked in iam.config too.

const strict = { additionalProperties: false } as const
const maxEntries = 1000
const text = (maxLength = 1024) => Type.String({ minLength: 1, maxLength })
const flag = Type.Boolean()
/** Each field may be left out, and no other may stand there. (Type.Partial would drop `strict`.) */
const optionals = (fields: Record<string, TSchema>): Record<string, TSchema> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, Type.Optional(field)]))
const optional = (fields: Record<string, TSchema>) => Type.Object(optionals(fields), strict)
/** `{name: text}` with any names. (Type.Record would let names with line breaks pass unchecked.) */
const mapping = Type.Object({}, { additionalProperties: text(254), maxProperties: maxEntries })
const list = <Item extends TSchema>(item: Item) => Type.Array(item, { maxItems: maxEntries, uniqueItems: true })

/** A user and password in an address would be a secret in clear. */
const url = Type.Refine(text(2048), isUrl, () => 'must be an http or https URL without a user, a password and a fragment')
const pem = Type.Refine(text(65_536), holdsNoKey, () => 'must not hold a private key: that belongs in key')
const pems = { ca: pem, cert: pem, rejectUnauthorized: flag }

const externalUserInfo = Type.Object(
  {
    uri: url,
    ...optionals({
      useAuth: flag,
      authentication: optional({ username: text() }),
      useSSL: flag,
      ...pems,
      /** Milliseconds. */
      timeoutMs: Type.Integer({ minimum: 1, maximum: 600_000 }),
      /** Seconds. */
      staleAfter: Type.Integer({ minimum: 0, maximum: 31_536_000 }),
      onError: Type.Enum(['keep', 'deny']),
    }),
  },
  strict,
)

const schema = optional({
  profile: optional({
    name: text(),
    email: text(),
    phone: text(),
    about: text(),
    location: text(),
    organization: text(),
    position: text(),
    sqlUser: text(),
  }),
  externalUserIds: mapping,
  authorizations: mapping,
  group: optional({ name: text(), email: text(), gid: text(), description: text() }),
  attributeSchema: Type.Array(Type.Object({ scimSchema: text(), prefix: text(254) }, strict), { maxItems: maxEntries }),
})

const common = {
  authenticationOnly: flag,
  migrateFrom: Type.Refine(text(64), isIamid, () => 'must be the id of an IAM'),
  scimEnabled: flag,
  strictScimSchema: flag,
  supportedActions: list(
    Type.Enum([
      'syncGroups',
      'syncAuthorizations',
      'syncRestGroups',
      'syncRestAuthorizations',
      'allowBIMAuthorizations',
      'allowBIMGroups',
      'syncUsers',
      'scimEnabled',
      'ldapSync',
    ]),
  ),
  schema,
  externalUserInfo,
}

const ldapOptions = Type.Object(
  {
    // Several hosts of one directory, with commas between them, are asked in turn.
    host: Type.Refine(text(), areHosts, () => 'must be a host name or an address, without a scheme and a port'),
    userSearchBase: text(),
    ...optionals({
      port: Type.Integer({ minimum: 1, maximum: 65_535 }),
      useSSL: flag,
      ...pems,
      startTLS: flag,
      userSearchFilter: Type.Refine(
        text(),
        filter => filter.includes('%s'),
        () => 'must hold %s where the userid goes',
      ),
      userIdAttribute: text(),
      groupSearchBase: text(),
      groupSearchFilter: text(),
      userGroupSearchFilter: text(),
      userDNPattern: text(),
      /** Milliseconds. */
      connectTimeout: Type.Integer({ minimum: 1, maximum: 600_000 }),
      normalizeUserId: flag,
      groupMembershipAttributes: list(text()),
      useUserAccountForSearch: flag,
      nestedGroups: flag,
      // The reference's example of an LDAP configuration has it, too.
      allowIdPInitiatedSSO: flag,
    }),
  },
  strict,
)

const ldapSync = optional({
  cronRule: Type.Refine(text(100), isCron, () => 'must be a cron rule of five fields, such as 0 */1 * * *'),
  paged: flag,
  pageSize: Type.Integer({ minimum: 1, maximum: 10_000 }),
  batchSize: Type.Integer({ minimum: 1, maximum: 10_000 }),
  requireManualActivation: flag,
  // Between two whole runs: only what the directory changed since.
  incrementalRule: Type.Refine(text(100), isCron, () => 'must be a cron rule of five fields, such as */5 * * * *'),
  // A run that would disable more than the larger of the two waits for an administrator.
  maxDisabledCount: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
  maxDisabledPercent: Type.Integer({ minimum: 0, maximum: 100 }),
})

/** Asymmetric ones only: an ID token that anybody with the client's secret can sign, or nobody, says nothing about its issuer. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const openidOptions = Type.Object(
  {
    clientId: text(),
    ...optionals({
      allowIdPInitiatedSSO: flag,
      authorizationEndpoint: url,
      discoverUrl: url,
      enableSSL: flag,
      endSessionEndpoint: url,
      issuer: url,
      jwksUri: url,
      scopes: list(
        Type.Refine(
          text(254),
          scope => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope),
          () => 'must be a scope (RFC 6749, 3.3)',
        ),
      ),
      supportedIdTokenSigningAlgorithms: list(Type.Enum([...algorithms])),
      tokenEndpoint: url,
      userInfoEndpoint: url,
      userIdClaim: text(254),
    }),
  },
  strict,
)

/** By the IAM's type. SAML's own options are named nowhere in the reference; they come with its connector. */
export const configSchemas = {
  'built-in': optional({ externalUserInfo }),
  ldap: optional({ ...common, options: ldapOptions, credentials: optional({ bind_dn: text() }), ldapSync }),
  openid: optional({ ...common, options: openidOptions }),
  saml: optional(common),
} as const
export type IamType = keyof typeof configSchemas

interface SecretPath {
  /** Characters. */
  readonly max: number
  /** The fields that name the place it is sent to, and whom we take for that place. None: it never leaves us. */
  readonly sentTo: readonly string[]
  /** Switches that protect it on its way: without the secret each may change to true only, whatever it means left out. */
  readonly guardedBy: readonly string[]
}

/** A private key signs here; nothing of it is sent. */
const privateKey: SecretPath = { max: 65_536, sentTo: [], guardedBy: [] }
const userInfoSecrets: Record<string, SecretPath> = {
  'externalUserInfo.authentication.password': {
    max: 1024,
    sentTo: ['externalUserInfo.uri', 'externalUserInfo.ca'],
    guardedBy: ['externalUserInfo.useSSL', 'externalUserInfo.rejectUnauthorized'],
  },
  'externalUserInfo.key': privateKey,
}

/**
 * Where secrets stand, and where each is sent. "Never sends a stored secret to another host" is the reference's rule for dry runs
 * (iam-rules, "Semantics"); held at every change of a configuration (iam.config, `elsewhere`), since a saved one could do the same.
 */
export const secretPaths: Record<IamType, Record<string, SecretPath>> = {
  'built-in': userInfoSecrets,
  ldap: {
    'credentials.bind_pw': {
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
      max: 4096,
      sentTo: ['options.discoverUrl', 'options.tokenEndpoint'],
      guardedBy: ['options.enableSSL'],
    },
    ...userInfoSecrets,
  },
  saml: userInfoSecrets,
}

function isUrl(value: string): boolean {
  const parsed = URL.parse(value)
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) return false
  return parsed.username === '' && parsed.password === '' && parsed.hash === '' && !/[\s\\]/.test(value)
}

function holdsNoKey(value: string): boolean {
  return !/PRIVATE KEY/i.test(value)
}

function isIamid(value: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value)
}

function areHosts(value: string): boolean {
  return value.split(',').every(host => host.trim().length <= 253 && isHost(host.trim()))
}

function isHost(value: string): boolean {
  return /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}])?\.?|\[?[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]?)$/u.test(value)
}

function isCron(value: string): boolean {
  return /^(?:[\d*][\d*/,-]*\s+){2}(?:[\d*][\d*/,-]*)\s+(?:[\dA-Za-z*][\dA-Za-z*/,-]*)\s+(?:[\dA-Za-z*][\dA-Za-z*/,-]*)$/.test(
    value,
  )
}
