import { useDeferredValue, useState } from 'react'
import { PersonChoicesDocument } from '../../../generated/ui.ts'
import { useOperation } from '../operations/hooks.ts'
import { texts } from '../texts.ts'
import { Choices } from './choices.tsx'
import { Field } from './field.tsx'
import { Failed } from './states.tsx'

interface PersonSearchProps {
  readonly label: string
  /** The person's number. */
  readonly chosen: number | null
  readonly onPick: (databaseId: number | null) => void
}

export function PersonSearch({ label, chosen, onPick }: PersonSearchProps) {
  const [text, setText] = useState('')
  const search = useDeferredValue(text.trim())
  const { data, error } = useOperation(PersonChoicesDocument, { search: search || null })
  const choices = (data?.data.users?.nodes ?? []).map(({ databaseId, iamid, userid, profile }) => ({
    id: String(databaseId),
    label: profile.name,
    hint: `${iamid}/${userid}`,
  }))
  return (
    <div className="group-search">
      <Field label={label} value={text} onChange={setText} autoFocus maxLength={256} />
      {error && <Failed error={error} />}
      <Choices
        label={label}
        choices={choices}
        chosen={chosen === null ? [] : [String(chosen)]}
        autoFocus={false}
        otherwise={data ? texts.nothingFound : texts.loading}
        onChange={([id]) => onPick(id === undefined ? null : Number(id))}
      />
    </div>
  )
}
