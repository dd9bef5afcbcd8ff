/** What proves at a log-in who somebody is, and what is heard of them on the way. All of it happens before the transaction: it is slow. */
import type { Call } from '../access/guard.ts'
import { TooMany } from '../errors.ts'
import type { IamRecord } from '../iams/iam.ts'
import { findIam } from '../iams/iams.store.ts'
import { askAbout, type News } from '../identity/outside.ts'
import { lookupKey } from '../names.ts'
import { blockedFor, clearAccount, countFailure } from './lockout.store.ts'
import { subjectsOf } from './lockout.ts'
import { findLogin, type LoginRow } from './password.store.ts'

export interface LogIn {
  iamid?: string | null
  userid: string
  password: string
}

/** Somebody who proved who they are. */
export interface Proven {
  /** Null for somebody whom the IAM knows and we do not yet. */
  readonly user: LoginRow | null
  readonly iam: Pick<IamRecord, 'id' | 'config'>
  readonly news: readonly News[]
}

/** Null if anything is wrong: the same work whatever it is, and one more failure that counts. Throws TooMany. */
export async function prove(call: Call, { iamid, userid, password }: LogIn): Promise<Proven | null> {
  const { app, db, address } = call
  const iam = await findIam(db, iamid ?? 'bim')
  const key = lookupKey(userid) ?? ''
  const subjects = subjectsOf(iamid ?? 'bim', key, address)
  const wait = await blockedFor(db, subjects, new Date())
  if (wait > 0) throw tooManyFailures(wait)
  const user = await findLogin(db, iamid ?? 'bim', key)
  const right = await app.passwords.verify(user?.passwordHash ?? null, password)
  if (!right || user === null || iam === null || user.disabled) {
    await countFailure(db, subjects, new Date())
    return null
  }
  const blocked = await clearAccount(db, subjects, new Date())
  if (blocked > 0) throw tooManyFailures(blocked)
  const about = await askAbout(call, iam, user.userid)
  return { user, iam, news: about === null ? [] : [about] }
}

const tooManyFailures = (seconds: number) =>
  new TooMany(`Too many failed log-ins: try again in ${seconds} seconds`, { retryAfter: seconds })
