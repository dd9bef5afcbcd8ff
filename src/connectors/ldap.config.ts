import type { Filter } from 'ldapts'
import { Invalid, RosterError, Unprocessable } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound/connect.ts'
import { type Peer, secureContext } from './ldap.connection.ts'
import { isDn } from './ldap.dn.ts'
import { isBinary } from './ldap.entry.ts'
import {
  anyValueFilter,
  attributeFilter,
  comparedAttribute,
  dnPattern,
  type FilterTemplate,
  filterTemplate,
  isAttribute,
  presenceFilter,
} from './ldap.filters.ts'
import type { GroupPlan } from './ldap.groups.ts'
import { idAttributesOf } from './ldap.ids.ts'

// All configuration errors are found here.

export interface LdapSettings {
  /** Milliseconds of one request. */
  readonly operationTimeout?: number
  readonly outbound: Outbound
}

export interface LdapSearchSettings {
  readonly peer: Peer
  readonly account: { readonly dn: string; readonly password: string } | null
  readonly userBase: string
  readonly userFilter: (userid: string) => Filter
  /** Throws Unprocessable when the filters work for single look-ups only. */
  readonly everybody: () => Filter
  readonly userPattern: ((userid: string) => string) | null
  readonly idAttribute: string
  readonly entryIds: readonly string[]
  readonly attributes: readonly string[]
  readonly normalize: boolean
  readonly asPerson: boolean
  readonly groupBase: string
  readonly groups: GroupPlan
}

interface Options {
  readonly host: string | readonly string[]
  readonly port?: number
  readonly useSSL?: boolean
  readonly startTLS?: boolean
  readonly rejectUnauthorized?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly userSearchBase: string
  readonly userSearchFilter?: string
  readonly userIdAttribute?: string
  readonly userDNPattern?: string
  readonly groupSearchBase?: string
  readonly groupSearchFilter?: string
  readonly userGroupSearchFilter?: string
  readonly groupMembershipAttributes?: readonly string[]
  readonly connectTimeout?: number
  readonly normalizeUserId?: boolean
  readonly useUserAccountForSearch?: boolean
  readonly nestedGroups?: boolean
  readonly entryIdAttribute?: string
}
interface Config {
  readonly options?: Options
  readonly credentials?: { readonly bind_dn?: string }
  readonly schema?: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>
}
type Secrets = ReadonlyMap<string, string>

/** Milliseconds. */
const connectTimeout = 5000
const operationTimeout = 15_000

export function planOf(checked: Readonly<Record<string, unknown>>, secrets: Secrets, settings: LdapSettings): LdapSearchSettings {
  const config = checked as Config
  const { options, schema } = config
  if (!options) throw new Unprocessable('the IAM has no directory: config.options is not set')
  const membership = options.groupMembershipAttributes ?? []
  const user = userOf(options)
  const entryIds = entryIdsOf(options)
  for (const name of membership) attributeName('groupMembershipAttributes', name)
  return {
    peer: peerOf(options, secrets, settings),
    account: accountOf(config, secrets),
    userBase: options.userSearchBase,
    ...user,
    entryIds,
    // Operational attributes are returned only when named.
    attributes: [
      '*',
      ...new Set([...entryIds, ...membership, ...mapped(schema, ['profile', 'externalUserIds', 'authorizations'])]),
    ],
    // Lower case would change base64.
    normalize: options.normalizeUserId === true && !isBinary(user.idAttribute),
    asPerson: options.useUserAccountForSearch === true,
    groupBase: options.groupSearchBase ?? options.userSearchBase,
    groups: groupsPlan(options, schema),
  }
}

export function validateLdapConfig(checked: Readonly<Record<string, unknown>>): { field: string; rule: string }[] {
  const { options = {}, credentials, schema } = checked as Omit<Config, 'options'> & { readonly options?: Partial<Options> }
  const { userSearchBase = '', userDNPattern: _, ...others } = options
  const given = { ...others, host: '', userSearchBase }
  const parts = [
    () => credentials?.bind_dn !== undefined && bindName(credentials.bind_dn),
    () => (given.userSearchFilter ?? given.userIdAttribute) !== undefined && userOf(given),
    () => options.userDNPattern !== undefined && patternOf(options.userDNPattern),
    () => groupSearch(given),
    () => listedGroups(given),
    () => groupName(schema),
    () => entryIdsOf(options),
    ...(['userSearchBase', 'groupSearchBase'] as const).map(name => () => baseOf(name, options[name])),
    ...(options.groupMembershipAttributes ?? []).map(name => () => attributeName('groupMembershipAttributes', name)),
  ]
  return parts.flatMap(part => {
    try {
      part()
      return []
    } catch (error) {
      if (!(error instanceof RosterError)) throw error
      const [field = '', ...rule] = error.message.split(' ')
      return [{ field, rule: rule.join(' ') }]
    }
  })
}

function baseOf(name: string, base: string | undefined): void {
  if (base !== undefined && !isDn(base)) throw new Invalid(`config.options.${name}`, 'must be a DN, such as dc=corp,dc=example')
}

function peerOf(options: Options, secrets: Secrets, settings: LdapSettings): Peer {
  const security = options.useSSL ? 'ldaps' : options.startTLS ? 'startTLS' : 'none'
  const { host, ca, cert } = options
  const hosts = (typeof host === 'string' ? host.split(',') : host).map(name => name.trim()).filter(name => name !== '')
  if (hosts.length === 0) throw new Invalid('config.options.host', 'is required')
  return {
    hosts,
    port: options.port ?? (security === 'ldaps' ? 636 : 389),
    security,
    context: security === 'none' ? null : secureContext({ ca, cert, key: secrets.get('options.key') }),
    rejectUnauthorized: options.rejectUnauthorized !== false,
    connectTimeout: options.connectTimeout ?? connectTimeout,
    operationTimeout: settings.operationTimeout ?? operationTimeout,
    outbound: settings.outbound,
  }
}

function accountOf({ credentials }: Config, secrets: Secrets): LdapSearchSettings['account'] {
  const dn = credentials?.bind_dn
  if (dn === undefined) return null
  const password = secrets.get('credentials.bind_pw')
  if (!password) throw new Invalid('config.credentials.bind_pw', 'is required with bind_dn')
  return { dn: bindName(dn), password }
}

/**
 * A bare word would be a SASL mechanism. Active Directory accepts
 * user@domain and DOMAIN\user.
 */
function bindName(dn: string): string {
  if (!/[=@\\]/.test(dn)) throw new Invalid('config.credentials.bind_dn', 'must be a DN')
  return dn
}

function userOf(options: Options): Pick<LdapSearchSettings, 'userFilter' | 'everybody' | 'userPattern' | 'idAttribute'> {
  const { userIdAttribute, userSearchFilter, userDNPattern } = options
  const field = 'config.options.userSearchFilter'
  const template = userIdAttribute
    ? attributeFilter('config.options.userIdAttribute', userIdAttribute)
    : filterTemplate(field, userSearchFilter ?? '')
  return {
    userFilter: userid => template({ '%s': userid }),
    everybody: () => (userIdAttribute ? presenceFilter(userIdAttribute) : anyValueFilter(field, userSearchFilter ?? '')),
    userPattern: userDNPattern === undefined ? null : patternOf(userDNPattern),
    idAttribute: userIdAttribute ?? comparedAttribute(field, userSearchFilter ?? ''),
  }
}

const patternOf = (pattern: string) => dnPattern('config.options.userDNPattern', pattern)

const entryIdsOf = ({ entryIdAttribute }: Partial<Options>): readonly string[] =>
  idAttributesOf(entryIdAttribute === undefined ? undefined : attributeName('entryIdAttribute', entryIdAttribute))

function groupName(schema: Config['schema']): string {
  const name = schema?.group?.name
  return typeof name === 'string' ? attributeName('schema.group.name', name) : 'cn'
}

function groupsPlan(options: Options, schema: Config['schema']): GroupPlan {
  const nameAttribute = groupName(schema)
  return {
    search: groupSearch(options),
    listed: listedGroups(options),
    membershipAttributes: options.groupMembershipAttributes ?? [],
    nameAttribute,
    attributes: [...new Set([nameAttribute, ...entryIdsOf(options), ...mapped(schema, ['group'])])],
    entryIds: options.entryIdAttribute,
    nested: options.nestedGroups === true,
  }
}

/** Without base the users' base; without filter the usual one. */
function groupSearch({ groupSearchBase, userGroupSearchFilter, userSearchBase }: Options): GroupPlan['search'] {
  if (groupSearchBase === undefined && userGroupSearchFilter === undefined) return null
  const field = 'config.options.userGroupSearchFilter'
  const text = userGroupSearchFilter ?? '(member=<dn>)'
  if (!/<dn>|%s/.test(text)) throw new Invalid(field, 'must have <dn> in place of the DN of the person')
  const filter: FilterTemplate = filterTemplate(field, text)
  return { base: groupSearchBase ?? userSearchBase, filter, text }
}

function listedGroups({ groupSearchBase, groupSearchFilter, userSearchBase }: Options): GroupPlan['listed'] {
  if (groupSearchFilter === undefined) return null
  const field = 'config.options.groupSearchFilter'
  filterTemplate(field, groupSearchFilter)
  return { base: groupSearchBase ?? userSearchBase, filter: anyValueFilter(field, groupSearchFilter) }
}

const mapped = (schema: Config['schema'], parts: readonly string[]): string[] =>
  parts
    .flatMap(part => Object.values(schema?.[part] ?? {}))
    .filter((name): name is string => typeof name === 'string' && isAttribute(name))

function attributeName(field: string, name: string): string {
  if (!isAttribute(name))
    throw new Invalid(`config.${field.startsWith('schema') ? field : `options.${field}`}`, 'must be an attribute')
  return name
}
