import { useDeferredValue, useState } from 'react'
import { GroupChoicesDocument, type GroupChoicesQuery } from '../../../generated/ui.ts'
import { useOperation } from '../operations/hooks.ts'
import { texts } from '../texts.ts'
import { Choices } from './choices.tsx'
import { Field } from './field.tsx'
import { Failed } from './states.tsx'

export type GroupChoice = NonNullable<GroupChoicesQuery['groups']>['nodes'][number]

interface GroupSearchProps {
  readonly label: string
  readonly isMultiple?: boolean
  readonly chosen: readonly string[]
  /** What `chosen` has of a group. */
  readonly keyOf: (group: GroupChoice) => string
  readonly onChange: (chosen: string[], found: readonly GroupChoice[]) => void
}

export function GroupSearch({ label, isMultiple = false, chosen, keyOf, onChange }: GroupSearchProps) {
  const [text, setText] = useState('')
  const search = useDeferredValue(text.trim())
  const { data, error } = useOperation(GroupChoicesDocument, { search: search || null })
  const found = data?.data.groups?.nodes ?? []
  const choices = new Map(found.map(group => [keyOf(group), { id: keyOf(group), label: group.name, hint: sourceHint(group) }]))
  const shown = new Set(choices.keys())
  return (
    <div className="group-search">
      <Field label={label} value={text} onChange={setText} autoFocus maxLength={256} />
      {error && <Failed error={error} />}
      <Choices
        label={label}
        choices={[...choices.values()]}
        chosen={chosen.filter(key => shown.has(key))}
        isMultiple={isMultiple}
        autoFocus={false}
        otherwise={data ? texts.nothingFound : texts.loading}
        onChange={keys => onChange(isMultiple ? [...chosen.filter(key => !shown.has(key)), ...keys] : keys, found)}
      />
    </div>
  )
}

const sourceHint = ({ iamid }: GroupChoice): string => (iamid === 'bim' ? '' : iamid)
