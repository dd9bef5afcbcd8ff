import { useState } from 'react'
import { Button, Form } from 'react-aria-components'
import { PersonAttributesDocument, type PersonAttributesQuery } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { editAttribute } from '../../operations/writes.ts'
import { AttributeKey } from '../../parts/attribute-key.tsx'
import { Dropdown } from '../../parts/choices.tsx'
import { Field } from '../../parts/field.tsx'
import { propose } from '../../parts/proposal.tsx'
import { SourceOf } from '../../parts/source.tsx'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { changesTexts as changes } from '../../texts.changes.ts'
import { personTexts } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import { useTarget } from './actions.tsx'
import type { TabProps } from './person.tsx'

const words = personTexts.attributes
type Value = NonNullable<NonNullable<PersonAttributesQuery['user']>['effectiveAttributes']>[number]

export function Attributes({ user }: TabProps) {
  const mayWrite = useViewer().may('attribute:write')
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
        <div className="card-head">
          <h2>{words.own}</h2>
          {mayWrite && <Add user={user} />}
        </div>
        {own.length === 0 ? <Empty>{words.ownEmpty}</Empty> : <Values values={own} remove={mayWrite ? user : null} />}
        {own.some(({ source }) => source !== 'bim') && <p className="hint">{words.elsewhere}</p>}
      </section>
      <section className="card">
        <h2>{words.inherited}</h2>
        {inherited.length === 0 ? <Empty>{words.inheritedEmpty}</Empty> : <Values values={inherited} remove={null} />}
      </section>
    </>
  )
}

function Add({ user }: TabProps) {
  const { target, audit } = useTarget(user)
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const add = () => {
    const written = { key: key.trim(), value }
    propose({ title: changes.addAttributeTo(target.name), writes: [editAttribute(target, 'ADD', written)], audit })
  }
  return (
    <Dropdown label={changes.addAttribute}>
      {close => (
        <Form
          className="small-form"
          onSubmit={event => {
            event.preventDefault()
            close()
            add()
          }}
        >
          <AttributeKey label={words.attribute} value={key} onChange={setKey} />
          <Field label={words.value} value={value} onChange={setValue} isRequired maxLength={1024} />
          <Button type="submit" className="button small">
            {changes.next}
          </Button>
        </Form>
      )}
    </Dropdown>
  )
}

function Remove({ user, value: { key, value } }: TabProps & { value: Value }) {
  const { target, audit } = useTarget(user)
  return (
    <Button
      className="button quiet small"
      aria-label={changes.removeNamed(`${key} ${value}`)}
      onPress={() =>
        propose({
          title: changes.removeAttribute(key, target.name),
          writes: [editAttribute(target, 'REMOVE', { key, value })],
          audit,
          isDanger: true,
        })
      }
    >
      {changes.remove}
    </Button>
  )
}

/** A value by two sources has a badge for each. */
function Values({ values, remove }: { values: readonly Value[]; remove: TabProps['user'] | null }) {
  const rows = [...Map.groupBy(values, ({ key, value }) => JSON.stringify([key.toLowerCase(), value])).values()]
  return (
    <Table heads={[words.attribute, words.value, words.source, ...(remove ? [texts.actions] : [])]}>
      {rows.map(sources => (
        <tr key={`${sources[0]!.key} ${sources[0]!.value}`}>
          <th scope="row">{sources[0]!.key}</th>
          <td className="long">{sources[0]!.value}</td>
          <td>
            {sources.map(({ source, group }) => (
              <SourceOf key={`${source} ${group?.id}`} source={source} group={group} />
            ))}
          </td>
          {remove && <td>{sources.some(({ source }) => source === 'bim') && <Remove user={remove} value={sources[0]!} />}</td>}
        </tr>
      ))}
    </Table>
  )
}
