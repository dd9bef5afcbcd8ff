import { useState } from 'react'
import { Button, Form } from 'react-aria-components'
import { AttributeKey } from '../../parts/attribute-key.tsx'
import { Field } from '../../parts/field.tsx'
import { usersTexts as words } from '../../texts.users.ts'
import type { AttributeCondition } from './view.ts'

export function AttributeFilter({ onAdd }: { onAdd: (condition: AttributeCondition) => void }) {
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const add = (absent: boolean) => {
    if (key.trim() !== '') onAdd({ key: key.trim(), value: absent || value === '' ? null : value, absent })
  }
  return (
    <Form
      className="small-form"
      onSubmit={event => {
        event.preventDefault()
        add(false)
      }}
    >
      <AttributeKey label={words.attributeKey} value={key} onChange={setKey} />
      <Field label={words.attributeValue} hint={words.attributeAny} value={value} onChange={setValue} maxLength={1024} />
      <div className="buttons">
        <Button type="submit" className="button small">
          {words.attributeFind}
        </Button>
        <Button className="button quiet small" onPress={() => add(true)}>
          {words.attributeAbsent}
        </Button>
      </div>
    </Form>
  )
}
