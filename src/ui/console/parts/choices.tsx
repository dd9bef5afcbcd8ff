import type { ReactNode } from 'react'
import { Button, Dialog, DialogTrigger, ListBox, ListBoxItem, Popover } from 'react-aria-components'
import { formatNumber } from '../texts.ts'

export interface Choice {
  readonly id: string
  readonly label: string
  readonly count?: number
  readonly hint?: string
}

/** A button that opens something small below it. */
export function Dropdown({ label, children }: { label: string; children: ReactNode | ((close: () => void) => ReactNode) }) {
  return (
    <DialogTrigger>
      <Button className="button quiet small drop">
        {label} <span aria-hidden="true">▾</span>
      </Button>
      <Popover className="popover" placement="bottom start" {...withinContent()}>
        <Dialog aria-label={label}>{({ close }) => (typeof children === 'function' ? children(close) : children)}</Dialog>
      </Popover>
    </DialogTrigger>
  )
}

/** Within the page's landmark. */
function withinContent() {
  const content = document.getElementById('content')
  return content ? { UNSTABLE_portalContainer: content } : {}
}

interface ChoicesProps {
  readonly label: string
  readonly choices: readonly Choice[]
  readonly chosen: readonly string[]
  readonly isMultiple?: boolean
  readonly otherwise: string
  readonly autoFocus?: boolean
  readonly onChange: (chosen: string[]) => void
}

export function Choices({ label, choices, chosen, isMultiple = false, otherwise, autoFocus = true, onChange }: ChoicesProps) {
  return (
    <ListBox
      aria-label={label}
      className="choices"
      items={choices}
      selectionMode={isMultiple ? 'multiple' : 'single'}
      selectedKeys={chosen}
      autoFocus={autoFocus}
      escapeKeyBehavior="none"
      renderEmptyState={() => <span className="soft">{otherwise}</span>}
      onSelectionChange={keys => onChange(keys === 'all' ? choices.map(({ id }) => id) : [...keys].map(String))}
    >
      {({ id, label, hint, count }) => (
        <ListBoxItem id={id} textValue={label} className="choice">
          <span className="tick" aria-hidden="true" />
          <span className="choice-label">
            {label}
            {hint && <span className="soft">{hint}</span>}
          </span>
          {count !== undefined && <span className="soft number">{formatNumber(count)}</span>}
        </ListBoxItem>
      )}
    </ListBox>
  )
}
