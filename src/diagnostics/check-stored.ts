import type { Context } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { iams } from '../domain/iams/iams.service.ts'
import { secrets } from '../domain/iams/reencrypt.service.ts'
import { listUsers } from '../domain/users/users.service.ts'
import { RosterError } from '../platform/errors.ts'
import { expiryOf, firstExpiry } from '../platform/expiry.ts'
import type { Finding } from '../platform/finding.ts'
import { identities, NO_SUCH_USER } from './diagnostics.service.ts'

const MAX_IAMS = 1_000
/** Sources tested at one time; milliseconds for one, and for all. */
const AT_ONCE = 4
const ONE = 10_000
const ALL = 45_000
/** Where no user is known. */
const NOBODY = 'roster-doctor'

/** What is in the store and outside of it. Changes nothing; with `sources` it contacts them. */
export async function checkStored(operator: Context, { sources }: { sources: boolean }): Promise<Finding[]> {
  const { nodes } = await iams.list(operator, { first: MAX_IAMS })
  const found = [...(await checkSecrets(operator)), ...nodes.flatMap(certificatesOf)]
  return sources ? [...found, ...(await checkSources(operator, nodes))] : found
}

async function checkSecrets(operator: Context): Promise<Finding[]> {
  const about = 'stored secrets'
  const all = await secrets.check(operator, {})
  const of = (opens: string) => all.filter(secret => secret.opens === opens)
  if (of('no').length > 0)
    return of('no').map(({ iamid, path }) => ({
      about,
      status: 'fault',
      detail: `${path} of ${iamid} does not open with SECRET_KEY`,
      fix: 'Restore the key that it was stored with, give it as SECRET_KEY_PREVIOUS, or set the secret again.',
    }))
  const previous = of('previous').length
  if (previous === 0) return [{ about, status: 'ok', detail: all.length === 0 ? 'there are none' : `all ${all.length} open` }]
  const detail = `${previous} of ${all.length} open with SECRET_KEY_PREVIOUS only`
  return [{ about, status: 'warning', detail, fix: 'Run `roster secrets`, then remove SECRET_KEY_PREVIOUS.' }]
}

const PLACES = ['options.ca', 'options.cert', 'externalUserInfo.ca', 'externalUserInfo.cert']

function certificatesOf({ id, config }: IamRecord): Finding[] {
  return PLACES.flatMap(place => {
    const [part, name] = place.split('.') as [string, string]
    const pem = (config[part] as Record<string, unknown> | undefined)?.[name]
    const until = typeof pem === 'string' ? firstExpiry(pem) : null
    const fix = `Set another one: config.${place} of ${id}.`
    return until === null ? [] : [expiryOf(`config.${place} of ${id}`, until, { now: new Date(), fix })]
  })
}

const isOutside = ({ type, config }: IamRecord): boolean =>
  type === 'ldap' || type === 'openid' || config.externalUserInfo !== undefined

async function checkSources(operator: Context, all: readonly IamRecord[]): Promise<Finding[]> {
  const waiting = all.filter(isOutside)
  if (waiting.length === 0) return [{ about: 'sources', status: 'ok', detail: 'there are none outside' }]
  const findings = new Map<string, Finding[]>()
  const end = performance.now() + ALL
  const worker = async (queue: IterableIterator<IamRecord>) => {
    for (const iam of queue)
      if (performance.now() < end) findings.set(iam.id, await inTime(iam.id, checkSource(operator, iam.id)))
  }
  const queue = waiting.values()
  await Promise.all(Array.from({ length: AT_ONCE }, () => worker(queue)))
  return waiting.flatMap(({ id }) => findings.get(id) ?? [late(id, `not tested: the others took ${ALL / 1000} s`)])
}

const late = (iamid: string, detail: string): Finding => ({
  about: `source ${iamid}`,
  status: 'warning',
  detail,
  fix: `Test it alone: testIam(input: {iamid: "${iamid}", userid: …}).`,
})

async function inTime(iamid: string, work: Promise<Finding[]>): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<Finding[]>(resolve => {
    timer = setTimeout(() => resolve([late(iamid, `its test did not end within ${ONE / 1000} s`)]), ONE)
  })
  return Promise.race([work, over]).finally(() => clearTimeout(timer))
}

async function checkSource(operator: Context, iamid: string): Promise<Finding[]> {
  const about = `source ${iamid}`
  try {
    const sort = { field: 'LAST_LOGIN', direction: 'DESC' } as const
    const { nodes } = await listUsers(operator, { first: 1, filter: { iamids: [iamid] }, sort })
    const userid = nodes[0]?.userid ?? null
    const { failures } = await identities.test(operator, { iamid, userid: userid ?? NOBODY })
    const fix = `Look at it with testIam, and correct the configuration of ${iamid} or the source.`
    const faults = failures.filter(failure => userid !== null || failure !== NO_SUCH_USER)
    if (faults.length === 0) return [{ about, status: 'ok', detail: 'answers as it is configured' }]
    // An endpoint may refuse whom it does not know.
    const statusOf = (failure: string) =>
      failure === NO_SUCH_USER || (userid === null && failure.startsWith('The user info endpoint:')) ? 'warning' : 'fault'
    const asked = userid === null ? 'a userid that nobody has' : `the userid ${userid}`
    return faults.map(failure => ({ about, status: statusOf(failure), detail: `${failure} (asked with ${asked})`, fix }))
  } catch (error) {
    if (!(error instanceof RosterError)) throw error
    const fix = `Correct the configuration of ${iamid}.`
    return [{ about, status: 'fault', detail: error.message, fix }]
  }
}
