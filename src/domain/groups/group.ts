import { integer, json, orNull, type RecordOf, text, texts, time } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export const GROUP_COLUMNS = {
  id: integer('g.id'),
  iamid: text('g.iamid'),
  name: text('g.name'),
  gid: orNull(text('g.gid')),
  email: orNull(text('g.email')),
  description: orNull(text('g.description')),
  scim: orNull(json<Record<string, unknown>>('g.scim')),
  scimid: orNull(text('g.scimid')),
  createdAt: time('g.created_at'),
  updatedAt: time('g.updated_at'),
}
export interface GroupRecord extends RecordOf<typeof GROUP_COLUMNS> {}
export type GroupPage = Page<GroupRecord>

export const MEMBERSHIP_COLUMNS = {
  id: integer('m.id'),
  groupId: integer('m.group_id'),
  userId: integer('m.user_id'),
  sources: texts('m.sources'),
  addedBy: orNull(text('m.added_by')),
  name: text('u.name'),
  createdAt: time('m.created_at'),
  updatedAt: time('m.updated_at'),
}
export interface MembershipRecord extends RecordOf<typeof MEMBERSHIP_COLUMNS> {}
export type MembershipPage = Page<MembershipRecord>
export type GroupNamePage = Page<string>
