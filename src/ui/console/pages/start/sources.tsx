import { StartSourcesDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Failed, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { texts } from '../../texts.ts'

const words = texts.start

export function Sources({ withSyncs }: { withSyncs: boolean }) {
  const { data, error, refetch } = useOperation(StartSourcesDocument, { withSyncs })
  const sources = data?.data.iams?.nodes
  return (
    <section className="card">
      <h2>{words.sources}</h2>
      {error && !sources && <Failed error={error} onRetry={() => void refetch()} />}
      {!sources && !error && <Skeleton />}
      {sources && (
        <Table heads={[words.source, words.type, words.state, ...(withSyncs ? [words.lastSync] : [])]}>
          {sources.map(source => (
            <tr key={source.id}>
              <th scope="row">{source.displayName}</th>
              <td>{texts.iamTypes[source.type]}</td>
              <td>{source.missing.length === 0 ? words.ready : words.lacks(source.missing)}</td>
              {withSyncs && (
                <td>
                  {source.type === 'LDAP' ? <When at={source.lastSuccessfulSync?.finishedAt} otherwise={texts.never} /> : '–'}
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}
