import type { IamRecord } from '../domain/iams/iam.ts'
import { supports } from '../domain/iams/iam.ts'
import { Invalid, Unauthenticated } from '../platform/errors.ts'
import { checkUserid, isObject } from '../platform/validation.ts'
import type { SourceRecord } from './attribute-mapping.ts'

type Claims = Readonly<Record<string, unknown>>
type Configured = Pick<IamRecord, 'config'>

export interface ClaimsResult {
  readonly record: SourceRecord
  readonly faults: readonly string[]
}

/** Throws Unauthenticated without an identity. */
export function identityFromClaims(iam: Configured, claims: Claims): ClaimsResult {
  const userid = useridOf(iam, claims)
  const faults: string[] = []
  const wanted = iam.config.authenticationOnly !== true && supports(iam.config, 'syncGroups')
  const groups = wanted ? groupsOf(iam, claims, faults) : null
  for (const name of mappedClaims(iam))
    if (claimOf(claims, name) != null && valuesOf(claimOf(claims, name)) === undefined)
      faults.push(`the claim ${name} is neither a value nor a list of values: it was ignored`)
  return { record: { userid, values: name => valuesOf(claimOf(claims, name)), groups }, faults }
}

function mappedClaims({ config }: Configured): Set<string> {
  if (config.authenticationOnly === true) return new Set()
  const schema = (config.schema ?? {}) as Record<string, Record<string, string> | undefined>
  const parts = ['profile', 'externalUserIds', ...(supports(config, 'syncAuthorizations') ? ['authorizations'] : [])]
  return new Set(parts.flatMap(part => Object.values(schema[part] ?? {})))
}

/** `sub` is case-sensitive (Core 2); other names may change case only. */
export function isSameUserid(iam: Configured, held: string, claimed: string): boolean {
  if (held === claimed) return true
  return userIdClaimOf(iam) !== 'sub' && held.toLowerCase() === claimed.toLowerCase()
}

export const userIdClaimOf = (iam: Configured): string => optionsOf(iam).userIdClaim ?? 'sub'

const optionsOf = ({ config }: Configured): { userIdClaim?: string; trustUnverifiedEmail?: boolean } => config.options ?? {}

/** Some providers send claims as text. */
export const isTrue = (claim: unknown): boolean =>
  claim === true || (typeof claim === 'string' && claim.length === 4 && claim.toLowerCase() === 'true')

function useridOf(iam: Configured, claims: Claims): string {
  const name = userIdClaimOf(iam)
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined
  // Larger numbers lose precision.
  const value = Number.isSafeInteger(claim) ? String(claim) : claim
  if (typeof value !== 'string' || value === '')
    throw new Unauthenticated(`The identity provider sent no claim ${name}, which identifies the user`)
  // Unverified addresses can be forged.
  if (name === 'email' && optionsOf(iam).trustUnverifiedEmail !== true && !isTrue(claimOf(claims, 'email_verified')))
    throw new Unauthenticated('The identity provider has not verified the e-mail address (claim email_verified)')
  try {
    return checkUserid(value, { newBim: false })
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    throw new Unauthenticated(`The claim ${name} of the identity provider cannot be a userid: it ${error.rule}`)
  }
}

function groupsOf({ config }: Configured, claims: Claims, faults: string[]): SourceRecord['groups'] {
  const name = (config.schema as { group?: { name?: string } } | undefined)?.group?.name ?? 'groups'
  const claim = claimOf(claims, name)
  const names = typeof claim === 'string' ? [claim] : claim
  if (Array.isArray(names) && names.every(entry => typeof entry === 'string'))
    return names.map(group => ({ name: group, values: () => undefined }))
  faults.push(`the claim ${name} is ${claim == null ? 'missing' : 'no list of names'}: no group was changed`)
  return null
}

function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name
    .split('.')
    .reduce<unknown>((value, step) => (isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined), claims)
}

/** Null counts as absent (Core 5.3.2). */
function valuesOf(claim: unknown): string[] | undefined {
  const values = Array.isArray(claim) ? claim : [claim]
  return values.every(value => ['string', 'number', 'boolean'].includes(typeof value)) ? values.map(String) : undefined
}
