/** Groups and memberships. Pure. */
import type { Page } from '../../platform/database/pagination.ts'

export interface GroupRecord {
  readonly id: number
  readonly iamid: string
  readonly name: string
  readonly gid: string | null
  readonly email: string | null
  readonly description: string | null
  readonly scim: Record<string, unknown> | null
  readonly scimid: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type GroupPage = Page<GroupRecord>

/** With the member's name, the sort key. */
export interface MembershipRecord {
  readonly id: number
  readonly groupId: number
  readonly userId: number
  readonly sources: readonly string[]
  readonly name: string
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type MembershipPage = Page<MembershipRecord>
export type GroupNamePage = Page<string>
