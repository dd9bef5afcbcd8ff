import { useState } from 'react'
import { Button, Form } from 'react-aria-components'
import { AttributeKey } from '../../parts/attribute-key.tsx'
import { Choices, Dropdown } from '../../parts/choices.tsx'
import { texts } from '../../texts.ts'
import { usersTexts as words } from '../../texts.users.ts'
import { columnOf } from './columns.tsx'
import { ATTRIBUTE_COLUMN, COLUMNS, isAttributeColumn } from './view.ts'

export function ColumnsMenu({ cols, onChange }: { cols: readonly string[]; onChange: (cols: string[]) => void }) {
  const names = [...COLUMNS, ...cols.filter(isAttributeColumn)]
  return (
    <Dropdown label={words.columnsMenu}>
      <Choices
        label={words.columnsMenu}
        choices={names.map(name => ({ id: name, label: columnOf(name).title }))}
        chosen={cols}
        isMultiple
        otherwise={words.noChoice}
        onChange={chosen => onChange(names.filter(name => chosen.includes(name)))}
      />
      <AttributeColumn onAdd={key => onChange([...cols, `${ATTRIBUTE_COLUMN}${key}`])} />
    </Dropdown>
  )
}

function AttributeColumn({ onAdd }: { onAdd: (key: string) => void }) {
  const [key, setKey] = useState('')
  return (
    <Form
      className="small-form"
      onSubmit={event => {
        event.preventDefault()
        onAdd(key.trim())
        setKey('')
      }}
    >
      <AttributeKey label={words.attributeColumn} value={key} onChange={setKey} />
      <Button type="submit" className="button quiet small" isDisabled={key.trim() === ''}>
        {texts.add}
      </Button>
    </Form>
  )
}
