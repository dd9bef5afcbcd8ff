import { changed, command, type Service, unchanged, type WriteResult } from '../../authorization/service.ts'
import { Invalid, NotFound } from '../../platform/errors.ts'
import { lookupKey } from '../../platform/validation.ts'
import { requireIam } from '../iams/iams.store.ts'
import { targetOf } from '../users/user.ts'
import { findUser } from '../users/users.store.ts'
import { clearLocks } from './lockout.store.ts'
import { subjectsOf } from './lockout.ts'
import { ownSubjectsOf } from './login-addresses.store.ts'

export interface Unlock {
  readonly iamid?: string | null
  readonly userid?: string | null
  readonly address?: string | null
}

export const locks = {
  /** Returns the ended locks. Throws NotFound for an unknown name without one. */
  unlock: command('user:unlock', async (call, { iamid, userid, address }: Unlock): Promise<WriteResult<{ ended: number }>> => {
    if ((userid == null) === (address == null)) throw new Invalid('userid', 'or an address is required, and not both')
    const afterCommit = async (value: { ended: number }) => {
      call.app.loginAttempts.forgetLocks()
      return value
    }
    if (address != null) {
      const ended = await clearLocks(call.db, [subjectsOf('', '', address).address])
      const target = { type: 'session' as const, id: '', name: `address ${address}` }
      return ended === 0
        ? unchanged({ ended })
        : { ...changed({ ended }, { event: 'loginUnlocked', target, after: { ended } }), afterCommit }
    }
    const iam = await requireIam(call.db, iamid ?? 'bim')
    const user = await findUser(call.db, { iamid: iam.id, userid: userid! })
    const { account } = subjectsOf(iam.id, lookupKey(userid!) ?? '', '')
    const ended = await clearLocks(call.db, [account, ...(await ownSubjectsOf(call.db, account))])
    // Directories accept further names, with their own counts.
    if (user === null && ended === 0) throw new NotFound(`No user ${iam.id}/${userid}, and no failed log-in under that name`)
    if (ended === 0) return unchanged({ ended })
    const target = user === null ? { type: 'session' as const, id: '', name: `${iam.id}/${userid}` } : targetOf(user)
    return { ...changed({ ended }, { event: 'loginUnlocked', target, after: { ended } }), afterCommit }
  }),
} satisfies Service
