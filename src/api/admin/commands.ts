/** `npm run admin`, in the process that owns the store. */

import type { Context } from '../../authorization/context.ts'
import { FIRST_ADMINISTRATOR } from '../../authorization/permissions.ts'
import { checkStored } from '../../diagnostics/check-stored.ts'
import { locks } from '../../domain/credentials/lockout.service.ts'
import { passwords } from '../../domain/credentials/passwords.service.ts'
import { permissions } from '../../domain/users/permissions.service.ts'
import { userCreation } from '../../domain/users/user-creation.service.ts'
import { Conflict, Invalid } from '../../platform/errors.ts'
import { copyStore } from './copy.ts'

export interface AdminCommand {
  readonly name: 'unlock' | 'set-password' | 'create' | 'check' | 'copy'
  readonly iamid: string
  readonly userid: string | null
  readonly address: string | null
  readonly password: string | null
  /** With `create`: grants the permissions to an existing account. */
  readonly grant: boolean
  /** With `check`: also the identity sources. */
  readonly sources?: boolean
}

export async function performAdmin(operator: Context, command: AdminCommand): Promise<string> {
  const { name, iamid, userid, address, password } = command
  if (name === 'copy') return JSON.stringify(await copyStore(operator))
  if (name === 'check') return JSON.stringify(await checkStored(operator, { sources: command.sources === true }))
  if (name === 'unlock') {
    const { ended } = await locks.unlock(operator, address === null ? { iamid, userid } : { address })
    const subject = address ?? `${iamid}/${userid}`
    return ended === 0 ? `${subject} was not locked.\n` : `${subject} is unlocked.\n`
  }
  if (userid === null) throw new Invalid('user', 'must be given')
  if (name === 'create') return createAdministrator(operator, command)
  if (password === null) throw new Invalid('password', 'must be given')
  await passwords.set(operator, { ref: { iamid, userid }, password })
  await locks.unlock(operator, { iamid, userid })
  return `The password of ${iamid}/${userid} is set, sessions and locks of the account are ended.\n`
}

async function createAdministrator(operator: Context, { iamid, userid, password, grant }: AdminCommand): Promise<string> {
  const held = [...FIRST_ADMINISTRATOR]
  if (grant) {
    const user = await permissions.grant(operator, { ref: { iamid, userid }, permissions: held })
    const note = user.disabled ? ' The account is disabled: another administrator has to enable it.' : ''
    return `${iamid}/${userid} holds every administrative permission.${note}\n`
  }
  const profile = { name: userid! }
  const input = { iamid, userid: userid!, profile, permissions: held, ...(password !== null && { password }) }
  await userCreation.create(operator, input).catch(error => {
    if (!(error instanceof Conflict)) throw error
    throw new Conflict(`${error.message}. With --grant the account that exists gets every administrative permission`)
  })
  return `${iamid}/${userid} is created, with every administrative permission.\n`
}
