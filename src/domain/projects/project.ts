/** Projects, domains and data sources. Pure. */
import type { Page } from '../../platform/database/pagination.ts'

export interface ProjectRecord {
  readonly id: number
  readonly name: string
  readonly projectKey: string
  readonly status: string
  readonly description: string | null
  readonly documentation: string | null
  readonly allowMaskedJoins: boolean
  readonly subscriptionType: string
  readonly type: string
  readonly schema: string | null
  readonly createdBy: number | null
  readonly updatedBy: number | null
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type ProjectPage = Page<ProjectRecord>

export interface DomainRecord {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type DomainPage = Page<DomainRecord>

/** Held by a user or a group. */
export interface DomainPermissionRecord {
  readonly id: string
  readonly domainId: string
  readonly permission: string
  readonly userId: number | null
  readonly profileId: number | null
  readonly groupId: number | null
  readonly createdAt: Date
}
export type DomainPermissionPage = Page<DomainPermissionRecord>

export interface DataSourceRecord {
  readonly id: number
  readonly name: string
  readonly createdAt: Date
}
export type DataSourcePage = Page<DataSourceRecord>
