import { isIP } from 'node:net'
import { CronExpressionParser } from 'cron-parser'
import Type from 'typebox'
import { openidOptions } from './schema.oidc.ts'
import {
  described,
  flag,
  iamid,
  list,
  mapping,
  objects,
  optional,
  optionals,
  pems,
  plain,
  strict,
  text,
  url,
  whole,
} from './schema.parts.ts'
import { scimOptions } from './schema.scim.ts'

// One schema per type, with the vendor's names (iam-rules, "An IAM's configuration"). Secrets are removed
// before, cross-field rules follow.

const externalUserInfo = described(
  'An endpoint of yours that knows the groups and attributes of users; not together with SCIM.',
  Type.Object(
    {
      uri: url('The address; called as `GET uri?userid=…` at log-in and refresh.'),
      ...optionals({
        useAuth: described(
          'Send Basic credentials. Default: true if `authentication` is complete, which true requires.',
          Type.Boolean(),
        ),
        authentication: described('Basic credentials for it.', optional({ username: text('The user name.') })),
        useSSL: flag('Must match the scheme of `uri`: true requires https.'),
        ...pems,
        timeoutMs: whole('Milliseconds for the whole exchange.', { minimum: 1, maximum: 600_000, otherwise: 5_000 }),
        staleAfter: whole('Seconds for which a good answer stands in for one that does not come, under `onError: deny`.', {
          minimum: 0,
          maximum: 31_536_000,
          otherwise: 0,
        }),
        onError: described(
          'Without an answer: `keep` what is known, or `deny` the log-in once the last good answer is stale.',
          Type.Enum(['keep', 'deny']),
          {
            default: 'keep',
          },
        ),
      }),
    },
    strict,
  ),
)

const profile = (field: string, more = '') =>
  text(`Where the ${field} of a person stands: the name of a claim or attribute.${more}`)
const schema = described(
  "Maps the provider's data to profile, attributes and groups: Roster's names, with the provider's name for each.",
  optional({
    profile: described(
      'Profile fields. A field that is mapped is not for the user to change.',
      optional({
        name: profile('name'),
        email: profile('e-mail address'),
        phone: profile('phone number'),
        about: profile('text about themselves'),
        location: profile('location'),
        organization: profile('organisation'),
        position: profile('position'),
        sqlUser: profile('SQL user name'),
      }),
    ),
    externalUserIds: mapping('Names in other systems: `{our name: their claim or attribute}`.'),
    authorizations: mapping('Attributes: `{attribute: their claim or attribute}`.'),
    group: described(
      'Groups.',
      optional({
        name: text("The attribute of a group's name; for OpenID Connect the claim with the groups. Default: `groups`."),
        email: text("Where a group's e-mail address stands."),
        gid: text("Where a group's id stands."),
        description: text("Where a group's description stands."),
      }),
    ),
    attributeSchema: described(
      'Which SCIM schemas become attributes, needs `scimEnabled`: each attribute arrives as `prefix.attribute`.',
      objects(
        Type.Object(
          { scimSchema: text('The URN of the schema.'), prefix: text('What stands in front of its attributes.', { max: 254 }) },
          strict,
        ),
      ),
    ),
  }),
)

const common = {
  authenticationOnly: flag('Import only the user name from the provider.'),
  migrateFrom: iamid(
    "Another IAM, or a removed one whose users are still here: its account of the same userid becomes the person's at the first log-in or sync.",
  ),
  ...scimOptions,
  supportedActions: described(
    'What the IAM may be used for; without the list everything it can do.',
    list(
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
  ),
  schema,
  externalUserInfo,
}

const ldapOptions = described(
  'The directory.',
  Type.Object(
    {
      host: described(
        'The host, or several hosts of one directory, separated by commas and tried in order.',
        Type.Refine(
          plain(),
          areHosts,
          () => 'must be a host name or an address, without a scheme and a port (the port is config.options.port)',
        ),
      ),
      userSearchBase: text('The DN below which people are searched.'),
      ...optionals({
        port: whole('The port. Default: 636 with `useSSL`, else 389.', { minimum: 1, maximum: 65_535 }),
        useSSL: flag('LDAPS: encrypted from the start.'),
        ...pems,
        startTLS: flag('Encrypted by StartTLS; not together with `useSSL`.'),
        userSearchFilter: described(
          'Which entry is a person, `%s` standing for the userid, such as `(mail=%s)`. This or `userIdAttribute` is required.',
          Type.Refine(
            plain(),
            filter => filter.includes('%s'),
            () => 'must hold %s where the userid goes',
          ),
        ),
        userIdAttribute: text('The attribute with the userid. This or `userSearchFilter` is required.'),
        groupSearchBase: text('The DN below which groups are searched. Default: `userSearchBase`.'),
        groupSearchFilter: text('Which entries are groups, `%s` standing for a part of the name.'),
        userGroupSearchFilter: text(
          'Which groups a person is in, `<dn>` standing for their DN, `%s` for the userid. Without it and `groupSearchBase` none are searched.',
          {
            default: '(member=<dn>)',
          },
        ),
        userDNPattern: text('Binds as this DN, `%s` standing for the userid, without searching first.'),
        connectTimeout: whole('Milliseconds that a host may take to answer.', { minimum: 1, maximum: 600_000, otherwise: 5_000 }),
        normalizeUserId: flag('Keep userids in lower case.'),
        groupMembershipAttributes: described(
          'Attributes of a person that hold the DNs of their groups, such as `memberOf`.',
          list(plain()),
        ),
        useUserAccountForSearch: flag("Search with the person's own credentials instead of `credentials`."),
        entryIdAttribute: text(
          'The attribute with the stable id of an entry, which identifies a person when the userid changes. Default: the first of `entryUUID`, `objectGUID`, `nsUniqueId`, `ipaUniqueID` and `GUID` that the entry has; `none`: people are identified by userid only.',
        ),
        nestedGroups: flag('Whether the groups of a group count, too.'),
        allowIdPInitiatedSSO: flag('Ignored for directories; accepted for compatibility.'),
      }),
    },
    strict,
  ),
)

const ldapSync = described(
  'How users and groups are read from the directory.',
  optional({
    cronRule: described(
      'When, as five fields of cron, in UTC.',
      Type.Refine(plain(100), isCron, () => 'must be a cron rule of five fields, such as 0 */1 * * *'),
      {
        default: '0 */1 * * *',
      },
    ),
    paged: flag('Whether the directory is read page by page.', true),
    pageSize: whole('Entries a page.', { minimum: 1, maximum: 10_000, otherwise: 500 }),
    batchSize: whole('Entries that are written at once; more than 1,000 never are.', {
      minimum: 1,
      maximum: 10_000,
      otherwise: 500,
    }),
    requireManualActivation: flag('Create new users disabled, until an administrator enables them.'),
    incrementalRule: described(
      'The schedule of incremental syncs, which read only changes and never disable users.',
      Type.Refine(plain(100), isCron, () => 'must be a cron rule of five fields, such as */5 * * * *'),
    ),
    onReusedUserid: described(
      'The action for an account whose userid now belongs to another entry: `fault` reports it and changes nothing, `replace` empties the account for the new person.',
      Type.Enum(['fault', 'replace']),
      { default: 'fault' },
    ),
    askUserInfo: flag('Also call `externalUserInfo` for all users.'),
    maxDisabledCount: whole(
      'A sync that would disable more people than this and `maxDisabledPercent` allow waits for an administrator.',
      { minimum: 0, maximum: 10_000_000, otherwise: 10 },
    ),
    maxDisabledPercent: whole('As `maxDisabledCount`, in percent of the users who may log in; the larger of the two applies.', {
      minimum: 0,
      maximum: 100,
      otherwise: 10,
    }),
    maxLostCount: whole(
      'A sync by which more memberships, e-mails or attribute values than this and `maxLostPercent` allow are lost waits for an administrator.',
      { minimum: 0, maximum: 10_000_000, otherwise: 50 },
    ),
    maxLostPercent: whole(
      'As `maxLostCount`, in percent of the memberships, e-mails or attribute values that the IAM has set; the larger of the two applies.',
      { minimum: 0, maximum: 100, otherwise: 30 },
    ),
  }),
)

export const configSchemas = {
  'built-in': optional({ externalUserInfo }),
  ldap: optional({
    ...common,
    options: ldapOptions,
    credentials: described(
      'With what the directory is searched; anonymously without them.',
      optional({ bind_dn: text('The DN to bind as.') }),
    ),
    ldapSync,
  }),
  openid: optional({ ...common, options: openidOptions }),
  saml: optional(common),
} as const
export type IamType = keyof typeof configSchemas

function areHosts(value: string): boolean {
  return value.split(',').every(host => host.trim().length <= 253 && isHost(host.trim()))
}

function isHost(value: string): boolean {
  const bare = value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value
  if (bare !== value || value.includes(':')) return isIP(bare) === 6
  return /^[\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}])?\.?$/u.test(value)
}

function isCron(value: string): boolean {
  if (value.trim().split(/\s+/).length !== 5) return false
  try {
    CronExpressionParser.parse(value)
    return true
  } catch {
    return false
  }
}
