import { useId, useState } from 'react'
import { Button, Form, Input, Label, TextField } from 'react-aria-components'
import { PermissionChoicesDocument } from '../../../generated/ui.ts'
import { useOperation } from '../operations/hooks.ts'
import { changesTexts as words } from '../texts.changes.ts'

/** A known permission, or one of applications. */
export function PermissionForm({ onPick }: { onPick: (permission: string) => void }) {
  const id = useId()
  const [permission, setPermission] = useState('')
  const { data } = useOperation(PermissionChoicesDocument, {}, { staleTime: 300_000 })
  return (
    <Form
      className="small-form"
      onSubmit={event => {
        event.preventDefault()
        onPick(permission.trim())
      }}
    >
      <TextField className="field" value={permission} onChange={setPermission} isRequired autoFocus maxLength={64}>
        <Label>{words.permission}</Label>
        <Input list={id} autoComplete="off" />
        <datalist id={id}>
          {data?.data.permissions?.nodes.map(({ name, meaning }) => (
            <option key={name} value={name} label={meaning ?? name} />
          ))}
        </datalist>
      </TextField>
      <Button type="submit" className="button small" isDisabled={permission.trim() === ''}>
        {words.next}
      </Button>
    </Form>
  )
}
