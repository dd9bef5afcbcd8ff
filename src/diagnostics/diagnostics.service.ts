import { redirectUri } from '../authentication/oidc-login.ts'
import { query, requirePermissionFor, type Service, type ServiceContext } from '../authorization/service.ts'
import type { Entry } from '../connectors/connector.ts'
import { openLdap } from '../connectors/ldap.ts'
import { type CheckedProvider, checkProvider } from '../connectors/oidc.check.ts'
import type { OpenidOptions } from '../connectors/oidc.provider.ts'
import { answerOf } from '../connectors/userinfo.ts'
import { normalizeVendorConfig } from '../domain/iams/config/input.ts'
import type { IamType } from '../domain/iams/config/schema.ts'
import { checkConfig } from '../domain/iams/config/validate.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { requireIam } from '../domain/iams/iams.store.ts'
import { missingIn } from '../domain/iams/missing-loss.ts'
import { identityOf, type Mapped } from '../federation/attribute-mapping.ts'
import { mapEntry } from '../federation/directory.ts'
import { identityFromClaims, userIdClaimOf } from '../federation/oidc-claims.ts'
import { settling } from '../federation/resolved-groups.ts'
import { directoryIdOf, hasNoEntryIds, openidIdOf } from '../federation/source-ids.ts'
import { callEndpoint, mapUserInfo, type SourceResult, secretsOf, USER_INFO } from '../federation/source-result.ts'
import type { Direction, SimulateIdentityInput, TestIamInput } from '../generated/inputs.ts'
import { type Page, type PageArgs, readPage } from '../platform/database/pagination.ts'
import { Invalid, RosterError, Unauthenticated } from '../platform/errors.ts'
import { checkList } from '../platform/validation.ts'
import { type DriftRecord, type DriftState, type DriftTotals, driftList, driftTotals } from './drift.store.ts'
import { simulateScim } from './simulate.scim.ts'
import { type IdentitySimulation, simulateIdentity } from './simulate.ts'

export interface IamTestResult {
  readonly directory: IdentitySimulation | null
  readonly userInfo: IdentitySimulation | null
  readonly provider: Omit<CheckedProvider, 'failures'> | null
  readonly failures: string[]
}

export const identities = {
  simulate: query('iam:simulate', async (call: ServiceContext, input: SimulateIdentityInput): Promise<IdentitySimulation> => {
    const iam = await requireIam(call.db, input.iamid)
    const { scim } = input.data
    if (scim != null) return simulateScim(call, { iam, userid: input.userid, body: scim })
    return simulateIdentity(call, {
      iam,
      source: input.data.userInfo == null ? iam.id : USER_INFO,
      mapped: mappedFrom(iam, input),
    })
  }),

  test: query('iam:test', async (call: ServiceContext, { iamid, config, userid }: TestIamInput): Promise<IamTestResult> => {
    // The result shows a directory entry.
    requirePermissionFor(call, 'user:read')
    const saved = await requireIam(call.db, iamid)
    const checked =
      config == null
        ? null
        : checkConfig(saved.type as IamType, iamid, {
            input: normalizeVendorConfig({ id: iamid, config }).config,
            before: saved,
            refusal: call.app.outbound.refusal,
          })
    const iam = { ...saved, config: checked?.config ?? saved.config }
    const secrets = new Map(await secretsOf(call, iamid))
    for (const [path, secret] of checked?.secrets ?? []) secret === null ? secrets.delete(path) : secrets.set(path, secret)
    const failures = missingIn(iam).map(what => `The IAM is not configured: it needs ${what}`)
    const provider = await testProvider(call, { iam, secrets, failures })
    const entry = await testDirectory(call, { iam, secrets, userid, failures })
    if (entry !== null && !hasNoEntryIds(iam) && directoryIdOf(iam, entry) === null) failures.push(NO_ID)
    const about =
      iam.config.externalUserInfo === undefined
        ? null
        : await callEndpoint(call.app.outbound, { config: iam.config, secrets, userid: entry?.userid ?? userid })
    if (about?.failure != null) failures.push(`The user info endpoint: ${about.failure}`)
    const { identity = null, faults = [] } = about ?? {}
    return {
      directory: entry && (await simulateIdentity(call, { iam, source: iam.id, mapped: toMapped(mapEntry(iam, entry)) })),
      userInfo: identity && (await simulateIdentity(call, { iam, source: USER_INFO, mapped: { identity, faults } })),
      provider,
      failures,
    }
  }),

  drift: query('iam:drift', async (call: ServiceContext, { iamid, state, direction, ...page }: DriftArgs): Promise<DriftPage> => {
    requirePermissionFor(call, 'user:read')
    const { config } = await requireIam(call.db, iamid)
    const endpoint = config.externalUserInfo as { staleAfter?: number } | undefined
    if (endpoint === undefined) throw new Invalid('iamid', 'must name an IAM with a user info endpoint')
    const { staleAfter } = endpoint
    const staleBefore = staleAfter === undefined ? null : new Date(call.now.getTime() - staleAfter * 1000)
    const drifted = { iamid, staleBefore }
    const found = await readPage(call.db, driftList(drifted, state ?? null, direction === 'DESC'), page)
    return Object.assign(found, { totals: () => driftTotals(call.db, drifted) })
  }),
} satisfies Service

interface DriftArgs extends PageArgs {
  readonly iamid: string
  readonly state?: DriftState | null
  readonly direction?: Direction | null
}
export interface DriftPage extends Page<DriftRecord> {
  readonly totals: () => Promise<DriftTotals>
}

const NO_ID =
  'The directory returns no stable id for the entry (entryUUID, objectGUID, nsUniqueId, ipaUniqueID or GUID, or what config.options.entryIdAttribute names): a userid that now belongs to another person cannot be detected. Let the account of config.credentials read it, set another attribute, or set entryIdAttribute to none'

export const NO_SUCH_USER = 'The directory has no such user: no entry below config.options.userSearchBase matches the userid'

const toMapped = ({ identity, faults }: SourceResult): Mapped => ({ identity: identity!, faults })

async function testProvider(
  { app: { outbound, config } }: Pick<ServiceContext, 'app'>,
  { iam, secrets, failures }: { iam: IamRecord; secrets: ReadonlyMap<string, string>; failures: string[] },
): Promise<CheckedProvider | null> {
  const options = iam.config.options as OpenidOptions | undefined
  if (iam.type !== 'openid' || options === undefined) return null
  const relying = { options, clientSecret: secrets.get('options.clientSecret') ?? null, outbound }
  const checked = await checkProvider(relying, redirectUri(config.publicUrl, iam.id))
  failures.push(...checked.failures.map(failure => `The provider: ${failure}`))
  return checked
}

async function testDirectory(
  { app: { outbound }, db }: ServiceContext,
  {
    iam,
    secrets,
    userid,
    failures,
  }: { iam: IamRecord; secrets: ReadonlyMap<string, string>; userid: string; failures: string[] },
): Promise<Entry | null> {
  if (iam.type !== 'ldap' || iam.config.options === undefined) return null
  try {
    const entry = await settling(openLdap(iam.config, secrets, { outbound }), db, iam).find(userid)
    if (entry === null) failures.push(NO_SUCH_USER)
    return entry
  } catch (error) {
    if (!(error instanceof RosterError)) throw error
    failures.push(`The directory: ${error.message}`)
    return null
  }
}

function mappedFrom(iam: IamRecord, { userid, data: { claims, ldap, userInfo } }: SimulateIdentityInput): Mapped {
  if (userInfo != null) {
    const answer = answerOf(userInfo)
    if ('failure' in answer) throw new Invalid('data.userInfo', `is not a valid response: ${answer.failure}`)
    return mapUserInfo(iam.config, userid, answer.info)
  }
  if (ldap != null) {
    if (iam.type !== 'ldap') throw new Invalid('data.ldap', 'needs an IAM of the type ldap')
    return toMapped(mapEntry(iam, entryOf(userid, checkObject('data.ldap.entry', ldap.entry), ldap.groups)))
  }
  if (iam.type !== 'openid') throw new Invalid('data.claims', 'needs an IAM of the type openid')
  try {
    const claimed = identityFromClaims(iam, { [userIdClaimOf(iam)]: userid, ...checkObject('data.claims', claims) })
    const { identity: mapped, faults } = identityOf(iam, claimed.record)
    const sourceId = openidIdOf(checkObject('data.claims', claims))
    const identity = sourceId === null ? mapped : { ...mapped, sourceId }
    return { identity, faults: [...claimed.faults, ...faults] }
  } catch (error) {
    throw error instanceof Unauthenticated ? new Invalid('data.claims', `would be rejected at log-in: ${error.message}`) : error
  }
}

function entryOf(userid: string, attributes: object, groups: readonly string[] | null | undefined): Entry {
  const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)
  const found = Object.entries(attributes).flatMap(([name, value]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.every(isPlain) ? [[name.toLowerCase(), values.map(String)] as const] : []
  })
  const names = groups == null ? null : checkList('data.ldap.groups', groups)
  return {
    id: '',
    userid,
    aliases: [userid],
    attributes: new Map(found),
    groups: names?.map(name => ({ id: name, name, entryIds: [], attributes: new Map() })) ?? null,
  }
}

function checkObject(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Invalid(field, 'must be an object')
  return value as Record<string, unknown>
}
