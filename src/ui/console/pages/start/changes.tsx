import { StartChangesDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Failed, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { texts } from '../../texts.ts'

const words = texts.start

export function Changes() {
  const { data, error, refetch } = useOperation(StartChangesDocument, {}, { refetchInterval: 30_000 })
  const events = data?.data.auditEvents?.nodes
  return (
    <section className="card">
      <h2>{words.changes}</h2>
      {error && !events && <Failed error={error} onRetry={() => void refetch()} />}
      {!events && !error && <Skeleton rows={10} />}
      {events && (
        <Table heads={[words.when, words.who, words.what, words.toWhom]}>
          {events.map(event => (
            <tr key={event.id}>
              <td>
                <When at={event.at} otherwise={texts.never} />
              </td>
              <td>{event.actor}</td>
              <td>
                {event.event} {event.outcome === 'DENIED' && <span className="denied">{words.denied}</span>}
              </td>
              <td>
                {event.targetType} {event.targetName ?? event.targetId}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}
