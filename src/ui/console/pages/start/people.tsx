import { StartPeopleDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Failed, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { formatNumber, texts } from '../../texts.ts'

const words = texts.start

export function People() {
  const { data, error, refetch } = useOperation(StartPeopleDocument, {})
  const facets = data?.data.users?.facets
  return (
    <section className="card">
      <h2>{words.peopleTitle}</h2>
      {error && !facets && <Failed error={error} onRetry={() => void refetch()} />}
      {!facets && !error && <Skeleton />}
      {facets && (
        <>
          <dl>
            {facets.states.map(({ state, count }) => (
              <div key={state}>
                <dt>{words.states[state]}</dt>
                <dd className="number">{formatNumber(count)}</dd>
              </div>
            ))}
          </dl>
          <Table heads={[words.source, words.type, words.people]} caption={words.bySource}>
            {facets.iams.map(({ iamid, iam, count }) => (
              <tr key={iamid}>
                <th scope="row">{iam?.displayName ?? iamid}</th>
                <td>{iam ? texts.iamTypes[iam.type] : words.removed}</td>
                <td>{formatNumber(count)}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </section>
  )
}
