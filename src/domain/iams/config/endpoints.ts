import { bitsOf, isIn, networkOf } from '../../../platform/networks.ts'
import type { Endpoint } from '../../../platform/outbound/connect.ts'
import { literalOf, nameOf } from '../../../platform/outbound/policy.ts'
import { isObject } from '../../../platform/validation.ts'
import type { ValidationIssue } from './errors.ts'

type Config = Readonly<Record<string, unknown>>
export type Refusal = (place: Endpoint) => string | null

const CALLED_ENDPOINTS = ['discoverUrl', 'tokenEndpoint', 'jwksUri', 'userInfoEndpoint'] as const
const BROWSER_ENDPOINTS = ['authorizationEndpoint', 'endSessionEndpoint'] as const

export function deniedEndpoints(config: Config, refusal: Refusal): ValidationIssue[] {
  const options = optionsOf(config)
  const urls = [
    ...CALLED_ENDPOINTS.map(name => [`options.${name}`, options[name]] as const),
    ['externalUserInfo.uri', userInfoUri(config)] as const,
  ]
  return [...urls.flatMap(([path, value]) => endpointOfUrl(path, value)), ...directoryEndpoints(options)].flatMap(
    ({ path, ...place }) => {
      const why = refusal(place)
      return why === null ? [] : [{ field: `config.${path}`, rule: `names an address that Roster may not connect to: ${why}` }]
    },
  )
}

interface NamedEndpoint extends Endpoint {
  readonly path: string
}

function endpointOfUrl(path: string, value: unknown): NamedEndpoint[] {
  const url = typeof value === 'string' ? URL.parse(value) : null
  return url === null ? [] : [{ path, host: url.hostname, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) }]
}

function directoryEndpoints({ host, port, useSSL }: Config): NamedEndpoint[] {
  if (typeof host !== 'string') return []
  const at = typeof port === 'number' ? port : useSSL === true ? 636 : 389
  return host.split(',').map(name => ({ path: 'options.host', host: name.trim(), port: at }))
}

/** HTTP only with `enableSSL: false`. */
export function unencryptedProvider(config: Config): ValidationIssue[] {
  const options = optionsOf(config)
  if (options.enableSSL === false) return []
  return [...CALLED_ENDPOINTS, ...BROWSER_ENDPOINTS]
    .filter(name => isClear(options[name]))
    .map(name => ({ field: `config.options.${name}`, rule: 'must be https, unless config.options.enableSSL is false' }))
}

/** HTTP only on loopback. */
export function unencryptedUserInfo(config: Config): ValidationIssue[] {
  const uri = userInfoUri(config)
  if (!isClear(uri) || isThisMachine(new URL(uri as string).hostname)) return []
  return [
    {
      field: 'config.externalUserInfo.uri',
      rule: 'must be https, unless its host is this machine (localhost, 127.0.0.1, [::1])',
    },
  ]
}

const isClear = (url: unknown): boolean => typeof url === 'string' && URL.parse(url)?.protocol === 'http:'

const LOOPBACK = ['127.0.0.0/8', '::1'].map(text => networkOf(text)!)

function isThisMachine(host: string): boolean {
  const literal = literalOf(host)
  if (literal !== null) return LOOPBACK.some(network => isIn(network, bitsOf(literal)!))
  return nameOf(host) === 'localhost' || nameOf(host).endsWith('.localhost')
}

const optionsOf = (config: Config): Config => (isObject(config.options) ? config.options : {})
const userInfoUri = (config: Config): unknown => (isObject(config.externalUserInfo) ? config.externalUserInfo.uri : undefined)
