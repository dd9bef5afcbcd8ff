import type { AuditDraft } from '../../authorization/audit-event.ts'
import { type GroupPermissionRow, groupPermissions, type IamRecord, sortKeys } from './iam.ts'

/** Fingerprints instead of secrets; ordered, for comparison. */
export const auditSnapshot = (iam: IamRecord, rules: readonly GroupPermissionRow[]) => ({
  displayName: iam.displayName,
  type: iam.type,
  defaultPermissions: iam.defaultPermissions,
  groupPermissions: sortKeys(groupPermissions([...rules].sort((a, b) => (a.permission < b.permission ? -1 : 1)))),
  config: sortKeys(iam.config),
  secrets: sortKeys(iam.secrets),
})

export const iamConfiguredEvent = (
  iam: IamRecord,
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
): AuditDraft => ({
  event: 'iamConfigured',
  target: { type: 'iam', id: iam.id, name: iam.displayName },
  before,
  after,
})
