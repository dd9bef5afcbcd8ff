import { useState } from 'react'
import { Button, Form } from 'react-aria-components'
import { SourceNamesDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Choices, Dropdown } from '../../parts/choices.tsx'
import { Field } from '../../parts/field.tsx'
import { PersonSearch } from '../../parts/person-search.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { eventName, eventNames } from '../../texts.audit.ts'
import { logTexts as words } from '../../texts.audit-log.ts'
import { dayBefore, type LogView, OUTCOMES, type OutcomeName } from './audit-view.ts'

export type Change = (part: Partial<LogView>, replace?: boolean) => void
interface FilterProps {
  readonly view: LogView
  readonly onChange: Change
}

const outcomes = Object.keys(OUTCOMES) as OutcomeName[]

/** Who may not search people still filters by the links of a row. */
export function LogFilters({ view, onChange }: FilterProps) {
  const maySearch = useViewer().may('user:search')
  const choose = (part: Partial<LogView>, close: () => void) => {
    onChange(part)
    close()
  }
  return (
    <fieldset className="filters">
      <legend className="hidden-label">{words.filter}</legend>
      <Dropdown label={words.filters.event}>
        <Choices
          label={words.filters.event}
          choices={eventNames.map(id => ({ id, label: eventName(id) }))}
          chosen={view.event}
          isMultiple
          otherwise={words.noChoice}
          onChange={chosen => onChange({ event: eventNames.filter(name => chosen.includes(name)) })}
        />
      </Dropdown>
      <Dropdown label={words.filters.outcome}>
        {close => (
          <Choices
            label={words.filters.outcome}
            choices={outcomes.map(id => ({ id, label: words.outcomes[id] }))}
            chosen={view.outcome === null ? [] : [view.outcome]}
            otherwise={words.noChoice}
            onChange={([chosen]) => choose({ outcome: outcomes.find(name => name === chosen) ?? null }, close)}
          />
        )}
      </Dropdown>
      {maySearch && (
        <Dropdown label={words.filters.who}>
          {close => <PersonSearch label={words.person} chosen={view.who} onPick={who => choose({ who }, close)} />}
        </Dropdown>
      )}
      <Dropdown label={words.filters.target}>
        {close => <AboutFilter view={view} withPeople={maySearch} onChange={part => choose(part, close)} />}
      </Dropdown>
      <Dropdown label={words.filters.time}>{close => <TimeFilter view={view} onChange={part => choose(part, close)} />}</Dropdown>
    </fieldset>
  )
}

function AboutFilter({ view: { target }, withPeople, onChange }: FilterProps & { withPeople: boolean }) {
  const { data } = useOperation(SourceNamesDocument, {}, { staleTime: 300_000 })
  const sources = data?.data.iams?.nodes ?? []
  const person = target?.type === 'user' ? Number(target.id) : null
  return (
    <>
      {withPeople && (
        <PersonSearch
          label={words.people}
          chosen={person}
          onPick={id => onChange({ target: id === null ? null : { type: 'user', id: String(id) } })}
        />
      )}
      <p className="hint">{words.sources}</p>
      <Choices
        label={words.sources}
        choices={sources.map(({ iamid, displayName }) => ({ id: iamid, label: displayName }))}
        chosen={target?.type === 'iam' ? [target.id] : []}
        autoFocus={!withPeople}
        otherwise={words.noChoice}
        onChange={([id]) => onChange({ target: id === undefined ? null : { type: 'iam', id } })}
      />
    </>
  )
}

function TimeFilter({ view, onChange }: FilterProps) {
  const [from, setFrom] = useState(view.from ?? '')
  const [to, setTo] = useState(view.to ?? '')
  const since = (days: number) => onChange({ from: dayBefore(new Date(), days), to: null })
  return (
    <Form
      className="small-form"
      onSubmit={event => {
        event.preventDefault()
        onChange({ from: from || null, to: to || null })
      }}
    >
      <div className="buttons log-spans">
        <Button className="button quiet small" onPress={() => since(0)}>
          {words.today}
        </Button>
        {[7, 30].map(days => (
          <Button key={days} className="button quiet small" onPress={() => since(days)}>
            {words.days(days)}
          </Button>
        ))}
      </div>
      <Field type="date" label={words.from} value={from} onChange={setFrom} />
      <Field type="date" label={words.to} value={to} onChange={setTo} />
      <p className="hint">{words.timeHint}</p>
      <Button type="submit" className="button quiet small">
        {words.apply}
      </Button>
    </Form>
  )
}
