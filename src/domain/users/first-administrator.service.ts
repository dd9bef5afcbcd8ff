import type { Context } from '../../authorization/context.ts'
import { FIRST_ADMINISTRATOR } from '../../authorization/permissions.ts'
import { Conflict } from '../../platform/errors.ts'
import { generatePassword } from '../credentials/password.ts'
import { userCreation } from './user-creation.service.ts'
import { listUsers } from './users.service.ts'

export interface FirstAdministrator {
  userid: string
  password: string | null
}

/** On an empty database only; else null. */
export async function createFirstAdministrator(context: Context): Promise<FirstAdministrator | null> {
  const { adminUserid: userid, adminPassword } = context.app.config
  const anyone = await listUsers(context, { first: 1, filter: { includeDisabled: true, excludeDeletedIams: false } })
  if (anyone.nodes.length > 0) return null
  const password = adminPassword ?? generatePassword(context.app.config.password.minLength)
  const profile = { name: 'Administrator' }
  try {
    await userCreation.create(context, { userid, password, profile, permissions: [...FIRST_ADMINISTRATOR] })
  } catch (error) {
    if (error instanceof Conflict) return null
    throw error
  }
  return { userid, password: adminPassword === null ? password : null }
}
