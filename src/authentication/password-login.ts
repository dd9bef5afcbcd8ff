/** Password log-in, before the transaction because it is slow. */
import { setTimeout } from 'node:timers/promises'
import type { ServiceContext } from '../authorization/service.ts'
import { subjectsOf } from '../domain/credentials/lockout.ts'
import { findLogin, type LoginRow } from '../domain/credentials/password.store.ts'
import { verifyStored } from '../domain/credentials/password.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { findIam } from '../domain/iams/iams.store.ts'
import { missingIn } from '../domain/iams/missing-loss.ts'
import { accountOf } from '../federation/account-lookup.ts'
import { directoryOf, mapEntry, withExchange } from '../federation/directory.ts'
import { fetchUserInfo, type SourceResult } from '../federation/source-result.ts'
import { Unavailable, Unprocessable } from '../platform/errors.ts'
import type { Turn } from '../platform/fair-queue.ts'
import { lookupKey } from '../platform/validation.ts'

export interface PasswordCredentials {
  iamid?: string | null
  userid: string
  password: string
}

export interface AuthenticatedUser {
  readonly user: Pick<LoginRow, 'id' | 'profileId' | 'iamid' | 'userid' | 'disabled'> | null
  readonly iam: IamRecord
  readonly userid: string
  readonly results: readonly SourceResult[]
  readonly passwordHash: string | null
  /** An imported password, hashed as our own. */
  readonly renewed?: string | null
  readonly rejected?: string
}

/** Null for any failure, with equal work. Throws TooManyRequests, Unavailable. */
export async function verifyCredentials(call: ServiceContext, given: PasswordCredentials): Promise<AuthenticatedUser | null> {
  const { app, db } = call
  const iamid = given.iamid ?? 'bim'
  return app.loginAttempts.run(db, subjectsOfLogIn(call, given), async turn => {
    const iam = await findIam(db, iamid)
    const directory = iam && (await directoryOf(call, iam))
    const missing = iam === null ? [] : missingIn(iam)
    // The response must not differ from a wrong password's.
    if (missing.length > 0) app.log.warn({ iamid, missing }, 'log-in at an IAM that is not configured')
    return directory
      ? byDirectory(call, { directory, iam, credentials: given })
      : byPassword(call, { iam, credentials: given, turn })
  })
}

export const subjectsOfLogIn = ({ address }: Pick<ServiceContext, 'address'>, { iamid, userid }: PasswordCredentials) =>
  subjectsOf(iamid ?? 'bim', lookupKey(userid) ?? '', address)

async function byPassword(
  call: ServiceContext,
  {
    iam,
    credentials: { iamid, userid, password },
    turn,
  }: { iam: IamRecord | null; credentials: PasswordCredentials; turn: Turn },
): Promise<AuthenticatedUser | null> {
  const { passwordHasher } = call.app
  const { user, hasImported } = await findLogin(call.db, iamid ?? 'bim', lookupKey(userid) ?? '')
  const soonest = hasImported ? setTimeout(REFUSAL_OF_IMPORTED, null) : null
  const right = await verifyStored(passwordHasher, user, { password, turn })
  if (!right || user === null || iam === null || user.disabled) return soonest
  const about = await fetchUserInfo(call, iam, user.userid)
  // A full queue leaves it to the next log-in.
  const renewed = user.imported ? await passwordHasher.hash(password, turn).catch(() => null) : null
  const results = about === null ? [] : [about]
  return { user, iam, userid: user.userid, results, passwordHash: user.passwordHash, renewed }
}

async function byDirectory(
  call: ServiceContext,
  {
    directory,
    iam,
    credentials: { userid, password },
  }: { directory: NonNullable<Awaited<ReturnType<typeof directoryOf>>>; iam: IamRecord; credentials: PasswordCredentials },
): Promise<AuthenticatedUser | null> {
  const soonest = setTimeout(REFUSAL, null)
  const entry = await withExchange(call, { iam, asked: 'log in', userid, ask: () => directory.logIn(userid, password) }).catch(
    withoutDetail,
  )
  if (entry === null) return soonest
  const own = mapEntry(iam, entry)
  const { user, userid: name, rejected } = await accountOf(call.db, { iam, entry, identity: own.identity! })
  if (rejected !== undefined) {
    await soonest
    return { user: null, iam, userid: entry.userid, results: [own], passwordHash: null, rejected }
  }
  if (user?.disabled) return soonest
  const about = await fetchUserInfo(call, iam, name)
  const results = about === null ? [own] : [own, about]
  return { user, iam, userid: name, results, passwordHash: null }
}

/** Details are for administrators: in log, exchanges and testIam. */
function withoutDetail(error: unknown): never {
  if (error instanceof Unavailable)
    throw new Unavailable('The directory of this IAM does not respond: try again later', { retryAfter: 5, reason: 'directory' })
  if (error instanceof Unprocessable)
    throw new Unprocessable('The directory of this IAM is not set up for log-in: contact your administrator')
  throw error
}

/**
 * Milliseconds. Directories reject unknown names faster than wrong passwords; rejections take at least this
 * long.
 */
const REFUSAL = 400

/** Milliseconds. Imported passwords take up to this long, so that wrong ones take it for every account. */
const REFUSAL_OF_IMPORTED = 1_000
