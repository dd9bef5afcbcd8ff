import { useId } from 'react'
import { Input, Label, TextField } from 'react-aria-components'
import { AttributeKeyChoicesDocument } from '../../../generated/ui.ts'
import { useOperation } from '../operations/hooks.ts'

/** A key in use, or a new one. */
export function AttributeKey({ label, value, onChange }: { label: string; value: string; onChange: (key: string) => void }) {
  const id = useId()
  const { data } = useOperation(AttributeKeyChoicesDocument, {})
  return (
    <TextField className="field" value={value} onChange={onChange} isRequired maxLength={254}>
      <Label>{label}</Label>
      <Input list={id} autoComplete="off" />
      <datalist id={id}>
        {data?.data.attributeKeys?.nodes.map(({ key }) => (
          <option key={key} value={key} />
        ))}
      </datalist>
    </TextField>
  )
}
