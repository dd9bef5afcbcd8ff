import { orNull, type RecordOf, text } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export interface PermissionRecord {
  readonly name: string
}
export type PermissionPage = Page<PermissionRecord>

/** `group`: null for the IAM's defaults. */
export const PERMISSION_RULE_COLUMNS = { iamid: text('r.iamid'), group: orNull(text('r.group_name')) }
export interface PermissionRuleRecord extends RecordOf<typeof PERMISSION_RULE_COLUMNS> {}
export type PermissionRulePage = Page<PermissionRuleRecord>
