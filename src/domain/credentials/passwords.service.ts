import { isSelf, type UserRef } from '../../authorization/actor.ts'
import { changed, command, rejected, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import { Forbidden, Invalid } from '../../platform/errors.ts'
import { canonical } from '../../platform/validation.ts'
import { assertMayManage } from '../users/privilege-rules.ts'
import { assertPerson, targetOf, type UserRecord } from '../users/user.ts'
import { requireUser } from '../users/users.store.ts'
import { deleteTokensOf } from './credentials.store.ts'
import { subjectsOf } from './lockout.ts'
import { lockPassword, passwordOf, setPasswordHash } from './password.store.ts'
import { verifyStored } from './password.ts'

interface SetPassword {
  ref: UserRef
  originalPassword?: string | null
  password: string
}
interface Prepared {
  user: UserRecord
  passwordHash: string | null
  original: string | null
}

const WRONG = 'originalPassword is not the present password'

export const passwords = {
  set: command(
    'user:setPassword',
    async (call, _: SetPassword, { user, passwordHash, original }: Prepared): Promise<WriteResult<{ success: true }>> => {
      const target = targetOf(user)
      if (passwordHash === null) return rejected(new Forbidden(WRONG))
      // Again: another change may have come during hashing.
      if (original !== null && !(await lockPassword(call.db, user.id, original))) return rejected(new Forbidden(WRONG))
      await assertMayManage(call, user.id)
      await setPasswordHash(call.db, user.id, { passwordHash, now: call.now })
      const { actor } = call
      const but = actor.kind === 'user' && actor.credential.kind === 'login' ? actor.credential.id : null
      const revokedTokens = await deleteTokensOf(call.db, user.id, { but, loginsOnly: true })
      return changed({ success: true }, { event: 'passwordChanged', target, after: { revokedTokens } })
    },
    { owner: ({ ref }) => ref, prepare },
  ),
} satisfies Service

async function prepare(call: ServiceContext, { ref, originalPassword, password }: SetPassword): Promise<Prepared> {
  const { app, db, address } = call
  app.passwordHasher.check('password', password)
  const self = isSelf(call.actor, ref)
  if (self && originalPassword == null) throw new Invalid('originalPassword', 'is needed to change your own password')
  const user = await requireUser(call.db, ref)
  assertPerson(user, 'which has no password: create an API key for it')
  if (user.iamid !== 'bim') throw new Invalid('iamid', `names the IAM ${user.iamid}: its users change their passwords there`)
  if (!isSelf(call.actor, { id: user.id })) {
    await assertMayManage(call, user.id)
    return { user, passwordHash: await app.passwordHasher.hash(password), original: null }
  }
  // Wrong originals count as failed log-ins, against guessing by stolen tokens.
  const subjects = subjectsOf(user.iamid, canonical(user.userid), address)
  const change = await app.loginAttempts.run(db, subjects, async turn => {
    const stored = await passwordOf(db, user.id)
    const original = stored?.passwordHash ?? null
    const right = await verifyStored(app.passwordHasher, stored, { password: originalPassword ?? '', turn })
    return right && original !== null ? { original, passwordHash: await app.passwordHasher.hash(password, turn) } : null
  })
  return { user, ...(change ?? { original: null, passwordHash: null }) }
}
