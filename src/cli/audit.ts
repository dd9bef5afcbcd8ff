import { asOperator } from '../app.ts'
import { pruneAudit } from '../domain/audit/audit.pruning.service.ts'
import { AppendFile } from '../platform/append-file.ts'
import { type Environment, loadConfig } from '../platform/config/config.ts'
import { Invalid } from '../platform/errors.ts'
import type { Printed } from './command.ts'

/** Exports, then removes. The file is made when there is something to export. */
export function pruneAuditLog(env: Environment, options: { export: string; days?: string | undefined }): Promise<Printed> {
  const config = loadConfig(env)
  const days = options.days === undefined ? config.retention.auditDays : Number(options.days)
  if (days === null) throw new Invalid('days', 'must be given, or AUDIT_DAYS be set')
  if (!Number.isInteger(days)) throw new Invalid('days', 'must be a whole number')
  return asOperator(config, 'roster audit prune', async operator => {
    const file = new AppendFile(options.export)
    try {
      const removed = await pruneAudit(operator, { days, to: file })
      const text =
        removed === 0
          ? `No audit event is older than ${days} days.\n`
          : `Moved ${removed} audit event${removed === 1 ? '' : 's'} to ${file.path}.\n`
      return { text, exitCode: 0 }
    } finally {
      await file.close()
    }
  })
}
