import type { AuditDraft } from '../../authorization/audit-event.ts'
import { type GroupPermissionRow, groupPermissions, type IamRecord, inOrder } from './iam.ts'

/** What the audit log says of an IAM: of its secrets only the fingerprints. In one order, so that equal facts are equal as text. */
export const facts = (iam: IamRecord, rules: readonly GroupPermissionRow[]) => ({
  displayName: iam.displayName,
  type: iam.type,
  defaultPermissions: iam.defaultPermissions,
  groupPermissions: inOrder(groupPermissions([...rules].sort((a, b) => (a.permission < b.permission ? -1 : 1)))),
  config: inOrder(iam.config),
  secrets: inOrder(iam.secrets),
})

export const configured = (
  iam: IamRecord,
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
): AuditDraft => ({
  event: 'iamConfigured',
  target: { type: 'iam', id: iam.id, name: iam.displayName },
  before,
  after,
})
