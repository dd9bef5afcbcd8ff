import type { Target } from '../../authorization/audit-event.ts'
import type { Visibility } from '../../authorization/policy.ts'
import type { UserDisabledBy, UserKind, UserState } from '../../generated/inputs.ts'
import { flag, integer, json, orNull, type RecordOf, text, time, uuid } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'
import { Invalid } from '../../platform/errors.ts'

export const USER_COLUMNS = {
  id: integer('u.id'),
  iamid: text('u.iamid'),
  userid: text('u.userid'),
  globalUserId: uuid('u.global_user_id'),
  profileId: integer('u.profile_id'),
  authenticationId: orNull(integer('u.authentication_id')),
  name: text('u.name'),
  email: orNull(text('u.email')),
  phone: orNull(text('u.phone')),
  about: orNull(text('u.about')),
  location: orNull(text('u.location')),
  organization: orNull(text('u.organization')),
  position: orNull(text('u.position')),
  sqlUser: orNull(text('u.sql_user')),
  preferences: orNull(json<Record<string, unknown>>('u.preferences')),
  externalUserIds: json<Record<string, unknown>>('u.external_user_ids'),
  scim: orNull(json<Record<string, unknown>>('u.scim')),
  systemGenerated: flag('u.system_generated'),
  kind: text<UserKind>('u.kind'),
  ownerUserId: orNull(integer('u.owner_user_id')),
  ownerGroupId: orNull(integer('u.owner_group_id')),
  disabled: flag('u.disabled'),
  /** `bim` or a source, which enables only users it disabled. */
  disabledBy: orNull(text('u.disabled_by')),
  dn: orNull(text('u.dn')),
  directoryId: orNull(text('u.directory_id')),
  openidId: orNull(text('u.openid_id')),
  samlId: orNull(text('u.saml_id')),
  /** Accepts the next entry of the userid, whatever its id. */
  relinkable: flag('u.relinkable'),
  lastLogin: orNull(time('u.last_login')),
  lastExternalRefresh: orNull(time('u.last_external_refresh')),
  currentProjectId: orNull(integer('u.current_project_id')),
  profileCreatedAt: time('u.profile_created_at'),
  profileUpdatedAt: time('u.profile_updated_at'),
  createdAt: time('u.created_at'),
  updatedAt: time('u.updated_at'),
}

/** `view`: how it was reached, which decides visibility. */
export interface UserRecord extends RecordOf<typeof USER_COLUMNS> {
  readonly view?: Visibility
}
export interface UserPage extends Page<UserRecord> {
  /** Of the root list only. */
  facets?(): Promise<UserCounts>
}

export interface UserIamCount {
  readonly iamid: string
  readonly count: number
}

export interface UserCounts {
  readonly iams: readonly UserIamCount[]
  readonly states: readonly { readonly state: UserState; readonly count: number }[]
  readonly permissions: readonly { readonly permission: string; readonly count: number }[]
  readonly isComplete: boolean
}

export type ProfileRecord = UserRecord

export const GRANT_COLUMNS = {
  permission: text('e.permission'),
  source: text('e.source'),
  groupId: orNull(integer('e.group_id')),
}
export interface PermissionGrantRecord extends RecordOf<typeof GRANT_COLUMNS> {
  readonly userId: number
}

export const grantKey = ({ permission, source, groupId }: Omit<PermissionGrantRecord, 'userId'>): string =>
  JSON.stringify([permission, source, groupId])

export const GRANT_ORIGIN_COLUMNS = {
  ...GRANT_COLUMNS,
  userId: integer('e.user_id'),
  since: orNull(time('e.since')),
  grantedBy: orNull(text('e.granted_by')),
  ruleIamid: orNull(text('e.rule_iamid')),
  ruleGroup: orNull(text('e.rule_group')),
}
export interface GrantOriginRecord extends RecordOf<typeof GRANT_ORIGIN_COLUMNS> {}

export const withVisibility = (user: UserRecord, view: Visibility): UserRecord => ({ ...user, view })

export const disablerOf = ({ disabled, disabledBy }: Pick<UserRecord, 'disabled' | 'disabledBy'>): UserDisabledBy | null =>
  disabled ? ((disabledBy ?? 'bim') === 'bim' ? 'ADMINISTRATOR' : 'SOURCE') : null

export const lastExternalRefresh = (user: UserRecord): Date => user.lastExternalRefresh ?? user.lastLogin ?? user.createdAt

export const targetOf = (user: Pick<UserRecord, 'id' | 'iamid' | 'userid'>): Target => ({
  type: 'user',
  id: user.id,
  name: `${user.iamid}/${user.userid}`,
})

/** `why`: what a service account lacks. Throws Invalid. */
export function assertPerson({ kind }: Pick<UserRecord, 'kind'>, why: string): void {
  if (kind === 'SERVICE') throw new Invalid('ref', `names a service account, ${why}`)
}
