/** What a user is. Pure: no I/O, no clock. */
import type { Visibility } from '../../authorization/policy.ts'
import type { Page } from '../../platform/database/pagination.ts'

/** A row of `users`. `view` is how the record was reached, which decides what of it may be seen (policy: fields). */
export interface UserRecord {
  readonly id: number
  readonly iamid: string
  readonly userid: string
  readonly globalUserId: string
  readonly profileId: number
  readonly authenticationId: number | null
  readonly name: string
  readonly email: string | null
  readonly phone: string | null
  readonly about: string | null
  readonly location: string | null
  readonly organization: string | null
  readonly position: string | null
  readonly sqlUser: string | null
  readonly preferences: Record<string, unknown> | null
  readonly externalUserIds: Record<string, unknown>
  readonly scim: Record<string, unknown> | null
  readonly systemGenerated: boolean
  readonly disabled: boolean
  /** `bim` (locally) or a source, which may enable only whom it disabled itself. */
  readonly disabledBy: string | null
  /** Where the directory of the IAM has them; null where none spoke of them. */
  readonly dn: string | null
  /** By what each kind of source of the IAM knows them (source-ids.ts); null: by nothing yet. */
  readonly directoryId: string | null
  readonly openidId: string | null
  readonly samlId: string | null
  /** Whether the next entry of the userid is the same person, whatever its id. */
  readonly relinkable: boolean
  readonly lastLogin: Date | null
  readonly lastExternalRefresh: Date | null
  readonly currentProjectId: number | null
  readonly profileCreatedAt: Date
  readonly profileUpdatedAt: Date
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly view?: Visibility
}
export type UserPage = Page<UserRecord>

/** A profile is a part of its user's row. */
export type ProfileRecord = UserRecord

/** One permission of one user from one source. `source` 'group' names its group. */
export interface PermissionGrantRecord {
  readonly userId: number
  readonly permission: string
  readonly source: string
  readonly groupId: number | null
}

/** The record as reached by `view`. */
export const withVisibility = (user: UserRecord, view: Visibility): UserRecord => ({ ...user, view })

/** `bim` users were last refreshed when they last logged in, before that when they were created. */
export const lastExternalRefresh = (user: UserRecord): Date => user.lastExternalRefresh ?? user.lastLogin ?? user.createdAt
