import { Link } from '@tanstack/react-router'
import { AuditLogEventDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Empty, Failed, Skeleton } from '../../parts/states.tsx'
import { logTexts as words } from '../../texts.audit-log.ts'
import { LogRows } from './log-rows.tsx'

/** What a permanent link leads to. */
export function OneEvent({ id }: { id: string }) {
  const { data, error, isPlaceholderData, refetch } = useOperation(AuditLogEventDocument, { id })
  const node = data && !isPlaceholderData ? data.data.node : undefined
  const event = node?.__typename === 'AuditEvent' ? node : null
  return (
    <section className="card" aria-label={words.title}>
      <div className="found">
        <p className="count">{words.one}</p>
        <Link to="." search={{}} className="button quiet small">
          {words.whole}
        </Link>
      </div>
      {error && error.code !== 'BAD_USER_INPUT' && <Failed error={error} onRetry={() => void refetch()} />}
      {(error?.code === 'BAD_USER_INPUT' || (node !== undefined && event === null)) && <Empty>{words.gone}</Empty>}
      {node === undefined && !error && <Skeleton rows={3} />}
      {event && <LogRows events={[event]} open={[event.id]} isOld={false} />}
    </section>
  )
}
