import { flag, integer, orNull, type RecordOf, text, time } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export const PROJECT_COLUMNS = {
  id: integer('p.id'),
  name: text('p.name'),
  projectKey: text('p.project_key'),
  status: text('p.status'),
  description: orNull(text('p.description')),
  documentation: orNull(text('p.documentation')),
  allowMaskedJoins: flag('p.allow_masked_joins'),
  subscriptionType: text('p.subscription_type'),
  type: text('p.type'),
  schema: orNull(text('p.schema')),
  createdBy: orNull(integer('p.created_by')),
  updatedBy: orNull(integer('p.updated_by')),
  createdAt: time('p.created_at'),
  updatedAt: time('p.updated_at'),
}
export interface ProjectRecord extends RecordOf<typeof PROJECT_COLUMNS> {}
export type ProjectPage = Page<ProjectRecord>

export const DOMAIN_COLUMNS = {
  id: text('d.id::text'),
  name: text('d.name'),
  description: orNull(text('d.description')),
  createdAt: time('d.created_at'),
  updatedAt: time('d.updated_at'),
}
export interface DomainRecord extends RecordOf<typeof DOMAIN_COLUMNS> {}
export type DomainPage = Page<DomainRecord>

export const DOMAIN_PERMISSION_COLUMNS = {
  id: text('p.id::text'),
  domainId: text('p.domain_id::text'),
  permission: text('p.permission'),
  userId: orNull(integer('p.user_id')),
  profileId: orNull(integer('h.profile_id')),
  groupId: orNull(integer('p.group_id')),
  createdAt: time('p.created_at'),
}
export interface DomainPermissionRecord extends RecordOf<typeof DOMAIN_PERMISSION_COLUMNS> {}
export type DomainPermissionPage = Page<DomainPermissionRecord>

export const DATA_SOURCE_COLUMNS = {
  id: integer('s.id'),
  name: text('s.name'),
  createdAt: time('s.created_at'),
}
export interface DataSourceRecord extends RecordOf<typeof DATA_SOURCE_COLUMNS> {}
export type DataSourcePage = Page<DataSourceRecord>
