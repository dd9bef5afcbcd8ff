/** Users. Pure. */
import type { Visibility } from '../../authorization/policy.ts'
import type { Page } from '../../platform/database/pagination.ts'

/** `view`: how it was reached, which decides visibility. */
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
  /** `bim` or a source, which enables only users it disabled. */
  readonly disabledBy: string | null
  /** Null when never seen in a directory. */
  readonly dn: string | null
  /** Ids at each kind of source (source-ids.ts). */
  readonly directoryId: string | null
  readonly openidId: string | null
  readonly samlId: string | null
  /** Accepts the next entry of the userid, whatever its id. */
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

export type ProfileRecord = UserRecord

/** `source` 'group' names the group. */
export interface PermissionGrantRecord {
  readonly userId: number
  readonly permission: string
  readonly source: string
  readonly groupId: number | null
}

export const withVisibility = (user: UserRecord, view: Visibility): UserRecord => ({ ...user, view })

/** Local users: the last log-in or creation. */
export const lastExternalRefresh = (user: UserRecord): Date => user.lastExternalRefresh ?? user.lastLogin ?? user.createdAt
