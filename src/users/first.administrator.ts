import { randomBytes } from 'node:crypto'
import { FIRST_ADMINISTRATOR } from '../access/permissions.ts'
import type { Context } from '../context.ts'
import { Conflict } from '../errors.ts'
import { newcomers } from './newcomers.service.ts'
import { listUsers } from './users.service.ts'

export interface FirstAdministrator {
  userid: string
  /** To be shown once; null when the operator chose it. */
  password: string | null
}

/** On an empty store creates the first administrator, with every administrative permission. Null when there are users already. */
export async function createFirstAdministrator(context: Context): Promise<FirstAdministrator | null> {
  const { adminUserid: userid, adminPassword } = context.app.config
  const anyone = await listUsers(context, { first: 1, filter: { includeDisabled: true, excludeDeletedIams: false } })
  if (anyone.nodes.length > 0) return null
  // Base64 makes four characters of three bytes: never shorter than the instance's own rule.
  const bytes = Math.max(15, Math.ceil((context.app.config.password.minLength * 3) / 4))
  const password = adminPassword ?? randomBytes(bytes).toString('base64url')
  const profile = { name: 'Administrator' }
  try {
    await newcomers.create(context, { userid, password, profile, permissions: [...FIRST_ADMINISTRATOR] })
  } catch (error) {
    // Another process on the same database was first.
    if (error instanceof Conflict) return null
    throw error
  }
  return { userid, password: adminPassword === null ? password : null }
}
