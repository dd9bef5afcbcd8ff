import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { Settings } from 'typebox/system'
import { validateLdapConfig } from '../../../connectors/ldap.config.ts'
import { Invalid } from '../../../platform/errors.ts'
import { createOutbound } from '../../../platform/outbound/connect.ts'
import { isObject } from '../../../platform/validation.ts'
import { type IamRecord, scimEnabled } from '../iam.ts'
import { deniedEndpoints, type Refusal, unencryptedProvider, unencryptedUserInfo } from './endpoints.ts'
import { issuesFrom, pathOf, pathSegments, type ValidationIssue } from './errors.ts'
import { configSchemas, type IamType } from './schema.ts'
import { secretPaths } from './secrets.ts'

// Configurations: secrets out → schema → cross-field rules. Pure.

type Config = Record<string, unknown>
export interface CheckedConfig {
  readonly config: Config
  readonly secrets: ReadonlyMap<string, string | null>
}

type Before = Pick<IamRecord, 'config' | 'secrets'>

const builtIn: Refusal = createOutbound({ allow: null, deny: [] }).refusal

const SCIM_LIMITS = ['scimMaxDeprovisionedCount', 'scimMaxDeprovisionedPercent', 'scimRequestsPerMinute']

const maxNamed = 50
const maxErrors = 1000
Settings.Set({ maxErrors })
const validators = {
  'built-in': Compile(configSchemas['built-in']),
  ldap: Compile(configSchemas.ldap),
  openid: Compile(configSchemas.openid),
  saml: Compile(configSchemas.saml),
}

/**
 * Throws Invalid with all errors. A fingerprint counts as an absent secret. Without `options` nothing is
 * required: configuration may be gradual.
 */
export function checkConfig(
  type: IamType,
  id: string,
  { input, before = { config: {}, secrets: {} }, refusal = builtIn }: { input: unknown; before?: Before; refusal?: Refusal },
): CheckedConfig {
  if (!isObject(input)) throw new Invalid('config', 'must be an object')
  const config = structuredClone(input)
  const faults: ValidationIssue[] = []
  const secrets = takeSecrets(type, config, faults)
  for (const [path, value] of secrets) if (value === before.secrets[path]) secrets.delete(path)
  const errors = [...validators[type].Errors(config)]
  faults.push(...errors.flatMap(error => issuesFrom(type, error)))
  if (faults.length === 0) faults.push(...unwritable(config, []))
  const sound = without(config, errors)
  const has = (path: string) => (secrets.has(path) ? secrets.get(path) !== null : Object.hasOwn(before.secrets, path))
  const kept = Object.keys(before.secrets).filter(path => !secrets.has(path))
  const further =
    errors.length < maxErrors
      ? [
          ...crossFieldIssues(type, { id, config: sound, has }),
          ...requireSecretAgain(type, { before: before.config, after: sound, kept }),
          ...deniedEndpoints(sound, refusal),
        ]
      : []
  const wrong = new Set(faults.map(({ field }) => field.split('.').at(-1)))
  faults.push(...further.filter(({ field, rule }) => !`${field} ${rule}`.match(/\w+/g)?.some(name => wrong.has(name))))
  refuse(faults)
  return { config, secrets }
}

function without(config: Config, errors: readonly TLocalizedValidationError[]): Config {
  const sound = structuredClone(config)
  for (const { keyword, instancePath } of errors) {
    const steps = pathSegments(instancePath)
    const parents = parentsOf(sound, steps)
    const name = steps[parents.length - 1]
    if (keyword !== 'required' && keyword !== 'additionalProperties' && name !== undefined) delete parents.at(-1)![name]
  }
  return sound
}

function refuse(faults: readonly ValidationIssue[]): void {
  if (faults.length === 0) return
  const distinct = [...new Map(faults.map(fault => [`${fault.field} ${fault.rule}`, fault])).values()]
  const named = distinct.slice(0, maxNamed)
  const [{ field, rule } = faults[0]!, ...rest] = named
  const more = distinct.length > maxNamed ? `; and ${distinct.length - maxNamed} more` : ''
  throw new Invalid(field, [rule, ...rest.map(fault => `${fault.field} ${fault.rule}`)].join('; ') + more, named)
}

function takeSecrets(type: IamType, config: Config, faults: ValidationIssue[]): Map<string, string | null> {
  const secrets = new Map<string, string | null>()
  for (const [path, { max }] of Object.entries(secretPaths[type])) {
    const steps = path.split('.')
    const parents = parentsOf(config, steps)
    const name = steps.at(-1)!
    const holder = parents.at(-1)
    if (!holder || parents.length !== steps.length || !Object.hasOwn(holder, name)) continue
    const value = holder[name]
    delete holder[name]
    if (value === null || (typeof value === 'string' && value !== '' && value.length <= max && value.isWellFormed())) {
      secrets.set(path, value)
    } else faults.push({ field: `config.${path}`, rule: `must be a string of 1 to ${max} characters, or null` })
    if (value === null) prune(parents, steps)
  }
  return secrets
}

function parentsOf(config: Config, steps: readonly string[]): Config[] {
  const parents = [config]
  for (const step of steps.slice(0, -1)) {
    const last = parents.at(-1)!
    const next = Object.hasOwn(last, step) ? last[step] : undefined
    if (!isObject(next)) break
    parents.push(next)
  }
  return parents
}

function prune(parents: readonly Config[], steps: readonly string[]): void {
  for (let depth = parents.length - 1; depth > 0 && Object.keys(parents[depth]!).length === 0; depth--)
    delete parents[depth - 1]![steps[depth - 1]!]
}

function unwritable(value: unknown, steps: readonly string[]): ValidationIssue[] {
  const fault = (rule: string): ValidationIssue[] => [{ field: pathOf(steps), rule }]
  // Certificates have line breaks.
  if (typeof value === 'string' && (!value.isWellFormed() || /(?!\r\n|[\n\t])\p{Cc}/u.test(value)))
    return fault('must not contain control characters and lone surrogates')
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...steps, name]
    const ours = Array.isArray(value) || isName(name) ? [] : [{ field: pathOf(at), rule: 'is not a name' }]
    return [...ours, ...unwritable(inner, at)]
  })
}

const isName = (name: string): boolean =>
  name !== '' &&
  name.length <= 254 &&
  name.isWellFormed() &&
  !/\p{Cc}/u.test(name) &&
  !['__proto__', 'constructor', 'prototype'].includes(name.toLowerCase())

type Has = (path: string) => boolean

function crossFieldIssues(type: IamType, { id, config, has }: { id: string; config: Config; has: Has }): ValidationIssue[] {
  const scim = scimEnabled({ config })
  const { schema, options, credentials } = config as Record<string, Config | undefined>
  return [
    ...issueIf(config.migrateFrom === id, 'migrateFrom', 'must be another IAM'),
    ...issueIf(config.strictScimSchema === true && !scim, 'strictScimSchema', 'needs scimEnabled'),
    ...SCIM_LIMITS.flatMap(name => issueIf(config[name] !== undefined && !scim, name, 'needs scimEnabled')),
    ...issueIf(schema?.attributeSchema !== undefined && !scim, 'schema.attributeSchema', 'needs scimEnabled'),
    ...issueIf(config.externalUserInfo !== undefined && scim, 'externalUserInfo', 'cannot be combined with scimEnabled'),
    ...issueIf(
      (config.ldapSync as Config | undefined)?.askUserInfo === true && config.externalUserInfo === undefined,
      'ldapSync.askUserInfo',
      'needs externalUserInfo',
    ),
    ...userInfoFaults(config.externalUserInfo as Config | undefined, has),
    ...(type === 'ldap' ? [...ldapFaults(options, credentials, has), ...validateLdapConfig(config)] : []),
    ...(type === 'openid' && options ? [...openidFaults(options), ...unencryptedProvider(config)] : []),
    ...unencryptedUserInfo(config),
  ]
}

/** Otherwise anyone who configures could redirect stored secrets. */
function requireSecretAgain(
  type: IamType,
  { before, after, kept }: { before: Config; after: Config; kept: readonly string[] },
): ValidationIssue[] {
  const changed = (path: string) => valueAt(before, path) !== valueAt(after, path)
  return kept.flatMap(path => {
    const { sentTo = [], guardedBy = [] } = secretPaths[type][path] ?? {}
    const fields = [...sentTo.filter(changed), ...guardedBy.filter(guard => changed(guard) && valueAt(after, guard) !== true)]
    const because = `because ${fields.map(field => `config.${field}`).join(', ')} change${fields.length === 1 ? 's' : ''}`
    const rule = `must be entered again, or null, ${because}: a stored secret is never sent to a new address`
    return issueIf(fields.length > 0, path, rule)
  })
}

const valueAt = (config: Config, path: string): unknown =>
  path.split('.').reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), config)

function userInfoFaults(info: Config | undefined, has: Has): ValidationIssue[] {
  if (!info) return []
  const at = 'externalUserInfo.'
  const username = (info.authentication as Config | undefined)?.username !== undefined
  const password = has(`${at}authentication.password`)
  const clear = String(info.uri).toLowerCase().startsWith('http:')
  const needed = info.useAuth === true || (info.authentication !== undefined && (username || password))
  return [
    ...issueIf(needed && !username, `${at}authentication.username`, 'is required for authentication'),
    ...issueIf(needed && !password, `${at}authentication.password`, 'is required for authentication'),
    ...issueIf(clear && info.useSSL === true, `${at}uri`, 'must be https with useSSL'),
    ...['ca', 'cert'].flatMap(name => issueIf(clear && info[name] !== undefined, `${at}${name}`, 'needs a uri with https')),
    ...certificateFaults(at, info.cert !== undefined, has(`${at}key`)),
  ]
}

function ldapFaults(options: Config | undefined, credentials: Config | undefined, has: Has): ValidationIssue[] {
  const faults = [
    ...issueIf(
      credentials?.bind_dn !== undefined && !has('credentials.bind_pw'),
      'credentials.bind_pw',
      'is required with bind_dn',
    ),
    ...issueIf(
      credentials !== undefined && !credentials.bind_dn && has('credentials.bind_pw'),
      'credentials.bind_dn',
      'is required with bind_pw',
    ),
  ]
  if (!options) return faults
  const users = [options.userSearchFilter, options.userIdAttribute].filter(value => value !== undefined).length
  const encrypted = options.useSSL === true || options.startTLS === true
  const named = ['ca', 'cert'].filter(name => options[name] !== undefined)
  return [
    ...faults,
    ...issueIf(users === 0, 'options.userSearchFilter', 'or options.userIdAttribute is required'),
    ...issueIf(users === 2, 'options.userIdAttribute', 'cannot be combined with userSearchFilter'),
    ...issueIf(options.useSSL === true && options.startTLS === true, 'options.startTLS', 'cannot be combined with useSSL'),
    ...named.flatMap(name => issueIf(!encrypted, `options.${name}`, 'needs useSSL or startTLS')),
    ...certificateFaults('options.', options.cert !== undefined, has('options.key')),
  ]
}

const manualEndpoints = ['issuer', 'authorizationEndpoint', 'tokenEndpoint', 'jwksUri'] as const
/** `issuer` may stay: the document must match it. */
const disabledByDiscovery = [
  'authorizationEndpoint',
  'tokenEndpoint',
  'jwksUri',
  'userInfoEndpoint',
  'supportedIdTokenSigningAlgorithms',
] as const

function openidFaults(options: Config): ValidationIssue[] {
  if (options.discoverUrl !== undefined)
    return disabledByDiscovery.flatMap(name =>
      issueIf(options[name] !== undefined, `options.${name}`, 'cannot be combined with discoverUrl'),
    )
  return manualEndpoints.flatMap(name =>
    issueIf(options[name] === undefined, `options.${name}`, 'is required without discoverUrl'),
  )
}

const certificateFaults = (at: string, cert: boolean, key: boolean): ValidationIssue[] => [
  ...issueIf(cert && !key, `${at}key`, 'is required with cert'),
  ...issueIf(key && !cert, `${at}cert`, 'is required with key'),
]

const issueIf = (wrong: boolean, field: string, rule: string): ValidationIssue[] =>
  wrong ? [{ field: `config.${field}`, rule }] : []
