import { type Ref, useEffect, useEffectEvent, useRef, useState } from 'react'
import { Button, Input, Label, SearchField } from 'react-aria-components'
import { texts } from '../texts.ts'

interface SearchBoxProps {
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly onChange: (text: string) => void
  /** Enter or the arrow down: on to what was found. */
  readonly onLeave: () => void
  readonly inputRef: Ref<HTMLInputElement>
}

const PAUSE = 150

/** Searches while one types. */
export function SearchBox({ label, hint, value, onChange, onLeave, inputRef }: SearchBoxProps) {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  const send = useEffectEvent((next: string) => {
    sent.current = next
    onChange(next)
  })
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    setText(value)
  }, [value])
  useEffect(() => {
    if (text === sent.current) return
    const timer = setTimeout(() => send(text), PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <SearchField
      className="search"
      value={text}
      onChange={setText}
      onKeyDown={event => {
        if (event.key === 'ArrowDown' || event.key === 'Enter') onLeave()
        else if (event.key === 'Escape' && text === '') (event.target as HTMLElement).blur()
        event.continuePropagation()
      }}
    >
      <Label className="hidden-label">{label}</Label>
      <Input ref={inputRef} placeholder={hint} maxLength={256} />
      {text !== '' && (
        <Button className="clear" aria-label={texts.clear}>
          ×
        </Button>
      )}
    </SearchField>
  )
}
