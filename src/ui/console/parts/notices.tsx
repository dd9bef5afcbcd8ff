// Short messages after a change.
import { useSyncExternalStore } from 'react'
import { Button } from 'react-aria-components'
import { texts } from '../texts.ts'

export interface Notice {
  readonly text: string
  readonly undo?: { readonly label: string; readonly run: () => void }
}

interface ShownNotice extends Notice {
  readonly id: number
}

const LIFE = 10_000
let notices: readonly ShownNotice[] = []
let last = 0
const listeners = new Set<() => void>()

function change(next: readonly ShownNotice[]): void {
  notices = next
  for (const listener of listeners) listener()
}
const drop = (id: number) => change(notices.filter(notice => notice.id !== id))

export function notify(notice: Notice): void {
  const id = ++last
  change([...notices, { ...notice, id }])
  setTimeout(() => drop(id), LIFE)
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices)
  return (
    <div className="notices" role="status">
      {shown.map(({ id, text, undo }) => (
        <div key={id} className="notice-bar">
          <span>{text}</span>
          {undo && (
            <Button
              className="button quiet"
              onPress={() => {
                drop(id)
                undo.run()
              }}
            >
              {undo.label}
            </Button>
          )}
          <Button className="button quiet" aria-label={texts.close} onPress={() => drop(id)}>
            ×
          </Button>
        </div>
      ))}
    </div>
  )
}
