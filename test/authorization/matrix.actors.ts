// The people of the matrix: one actor for each column, with every credential that the column stands for.

import type { World } from '../contract/world.ts'
import { userPath } from '../contract/world.ts'
import type { TestApp } from '../harness/app.ts'
import type { Column } from './matrix.ts'

export interface Actor {
  column: Column
  /** Whose rights these are; for an impersonation token, the one acted as. */
  id: number
  userid: string
  password: string
  /** Sent as bearer, one after the other; undefined sends none. */
  credentials: (string | undefined)[]
  /** An API key of this user, for the calls that take one in the body. */
  apikey: string
  /** Whether the column acts on the actor's own record. */
  onSelf: boolean
}

/** What everybody holds is not listed. Nobody has no record, but may hold a key of somebody who may impersonate. */
const permissionsOf: Partial<Record<Column, string[]>> = {
  anonymous: ['IMPERSONATE_USER'],
  USER_ADMIN: ['USER_ADMIN'],
  AUDIT: ['AUDIT'],
  GOVERNANCE: ['GOVERNANCE'],
  APPLICATION_ADMIN: ['APPLICATION_ADMIN'],
  IMPERSONATE_USER: ['IMPERSONATE_USER'],
}

/** A new actor, since some rows change their caller. */
export async function makeActor(app: TestApp, w: World, column: Column): Promise<Actor> {
  const user = await app.as(permissionsOf[column] ?? [])
  const apikey = await user.key()
  const base = { column, id: user.id, userid: user.userid, password: user.password, apikey, onSelf: false }
  switch (column) {
    case 'anonymous':
      return { ...base, credentials: [undefined] }
    case 'self':
      return { ...base, credentials: [user.token], onSelf: true }
    case 'disabled':
      await w.must('PUT', `${userPath(user.userid)}/disable/true`)
      return { ...base, credentials: [user.token, apikey] }
    case 'impersonation': {
      const chief = await app.as(['IMPERSONATE_USER'])
      return { ...base, credentials: [await w.impersonate(await chief.key(), user.userid)], onSelf: true }
    }
    case 'key':
      return { ...base, credentials: [apikey, await w.keyToken(apikey)], onSelf: true }
    default:
      return { ...base, credentials: [user.token] }
  }
}
