import { PersonAttributesDocument, type PersonAttributesQuery } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { SourceOf } from '../../parts/source.tsx'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { personTexts } from '../../texts.person.ts'
import type { TabProps } from './person.tsx'

const words = personTexts.attributes
type Value = NonNullable<NonNullable<PersonAttributesQuery['user']>['effectiveAttributes']>[number]

export function Attributes({ user }: TabProps) {
  const { data, error, refetch } = useOperation(PersonAttributesDocument, { ref: { databaseId: user.databaseId } })
  const found = data?.data.user
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (found?.id !== user.id) return <Skeleton rows={5} />
  const values = found.effectiveAttributes
  if (values === null) return <Needs permission="USER_ADMIN" />
  const own = values.filter(({ group }) => group === null)
  const inherited = values.filter(({ group }) => group !== null)
  return (
    <>
      <section className="card">
        <h2>{words.own}</h2>
        {own.length === 0 ? <Empty>{words.ownEmpty}</Empty> : <Values values={own} />}
        {own.some(({ source }) => source !== 'bim') && <p className="hint">{words.elsewhere}</p>}
      </section>
      <section className="card">
        <h2>{words.inherited}</h2>
        {inherited.length === 0 ? <Empty>{words.inheritedEmpty}</Empty> : <Values values={inherited} />}
      </section>
    </>
  )
}

/** A value by two sources has a badge for each. */
function Values({ values }: { values: readonly Value[] }) {
  const rows = [...Map.groupBy(values, ({ key, value }) => JSON.stringify([key.toLowerCase(), value])).values()]
  return (
    <Table heads={[words.attribute, words.value, words.source]}>
      {rows.map(sources => (
        <tr key={`${sources[0]!.key} ${sources[0]!.value}`}>
          <th scope="row">{sources[0]!.key}</th>
          <td className="long">{sources[0]!.value}</td>
          <td>
            {sources.map(({ source, group }) => (
              <SourceOf key={`${source} ${group?.id}`} source={source} group={group} />
            ))}
          </td>
        </tr>
      ))}
    </Table>
  )
}
