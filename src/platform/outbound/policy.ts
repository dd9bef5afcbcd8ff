/** OUTBOUND_ALLOW, OUTBOUND_DENY and built-in denials. Pure. */
import { domainToASCII } from 'node:url'
import { Invalid } from '../errors.ts'
import { bitsOf, endsOf, isIn, isWithin, type Network, networkOf } from '../networks.ts'

export type OutboundRule =
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'name'; readonly name: string; readonly below: boolean }

export interface OutboundRules {
  readonly allow: readonly OutboundRule[] | null
  readonly deny: readonly OutboundRule[]
}

export interface Listening {
  readonly networks: readonly Network[]
  readonly port: number
}

const MAX_RULES = 1_000

/** Entries of OUTBOUND_ALLOW within one of them are allowed. */
const DENIED: readonly (readonly [what: string, network: Network])[] = (
  [
    ['the unspecified address', '0.0.0.0/8'],
    ['the unspecified address', '::/128'],
    ['link-local', '169.254.0.0/16'],
    ['link-local', 'fe80::/10'],
    ['an address of cloud metadata', 'fd00:ec2::/32'],
    ['an address of cloud metadata', 'fd20:ce::/32'],
    ['an address of cloud metadata', '168.63.129.16'],
    ['an address of cloud metadata', '100.100.100.200'],
    ['an address of cloud metadata', '192.0.0.192'],
  ] as const
).map(([what, text]) => [what, networkOf(text)!])

/** Addresses, CIDR networks and names. Throws Invalid(name, rule). */
export function outboundRulesOf(text: string, name: string): readonly OutboundRule[] {
  const entries = text.split(/[\s,]/).filter(entry => entry !== '')
  if (entries.length > MAX_RULES) throw new Invalid(name, `must have at most ${MAX_RULES} entries`)
  return entries.map((entry, index) => {
    const network = networkOf(entry)
    if (network !== null) return { kind: 'network', network }
    const below = entry.startsWith('*.')
    const host = nameOf(below ? entry.slice(2) : entry)
    if (!/^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/.test(host) || literalOf(host) !== null)
      throw new Invalid(
        name,
        `must be addresses, networks such as 10.0.0.0/8 (no bits behind the prefix), host names and *.names: entry ${index + 1} is none`,
      )
    return { kind: 'name', name: host, below }
  })
}

export function nameOf(host: string): string {
  const short = host.slice(0, 254)
  // URL parsing would stop at a slash.
  const ascii = (/^[\p{L}\p{M}\p{N}_.-]*$/u.test(short) && domainToASCII(short)) || short.toLowerCase()
  return ascii.endsWith('.') ? ascii.slice(0, -1) : ascii
}

/** Any notation (`2130706433`, `0x7f000001`, `127.1`, `[::1]`); null for names. */
export function literalOf(host: string): string | null {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (bitsOf(bare) !== null) return bare
  const parsed = /^[\w.-]{1,254}$/.test(host) ? URL.parse(`http://${host}/`)?.hostname : undefined
  return parsed !== undefined && bitsOf(parsed) !== null ? parsed : null
}

export function refusalOf(
  { allow, deny }: OutboundRules,
  listening: Listening | null,
  place: { readonly host: string; readonly port: number; readonly address: string | null },
): string | null {
  const name = nameOf(place.host)
  const names = (rule: OutboundRule) => rule.kind === 'name' && (rule.below ? name.endsWith(`.${rule.name}`) : rule.name === name)
  if (deny.some(names)) return 'OUTBOUND_DENY names the host'
  if (place.address === null) return null
  const bits = bitsOf(place.address)
  if (bits === null) return 'it is no address'
  const ends = endsOf(bits)
  const covers = (rule: OutboundRule) => rule.kind === 'network' && ends.some(end => isIn(rule.network, end))
  if (deny.some(covers)) return 'OUTBOUND_DENY names the address'
  if (listening !== null && listening.port === place.port && listening.networks.some(own => ends.some(end => isIn(own, end))))
    return 'Roster itself listens there, which no setting opens'
  for (const [what, network] of DENIED) {
    const hit = ends.some(end => isIn(network, end))
    const isOpened = allow?.some(rule => rule.kind === 'network' && covers(rule) && isWithin(network, rule.network)) === true
    if (hit && !isOpened) return `it is ${what}, which only an entry of OUTBOUND_ALLOW for that address opens`
  }
  return allow === null || allow.some(names) || allow.some(covers) ? null : 'OUTBOUND_ALLOW does not name it'
}
