// Short messages after a change.
import { Link } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'
import { Button } from 'react-aria-components'
import { texts } from '../texts.ts'
import { useKeys } from './keys.ts'

export interface Notice {
  readonly text: string
  readonly undo?: { readonly label: string; readonly run: () => void }
  /** The number of the person whose timeline has it. */
  readonly audit?: { readonly label: string; readonly id: string }
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

function undo({ id, undo }: ShownNotice): void {
  drop(id)
  undo?.run()
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices)
  const undoable = shown.findLast(notice => notice.undo)
  useKeys(undoable ? { z: () => undo(undoable) } : {})
  return (
    <div className="notices" role="status">
      {shown.map(notice => (
        <div key={notice.id} className="notice-bar">
          <span>{notice.text}</span>
          {notice.undo && (
            <Button className="button quiet" onPress={() => undo(notice)}>
              {notice.undo.label}
            </Button>
          )}
          {notice.audit && (
            <Link to="/console/users/$id/{-$tab}" params={{ id: notice.audit.id, tab: 'timeline' }}>
              {notice.audit.label}
            </Link>
          )}
          <Button className="button quiet" aria-label={texts.close} onPress={() => drop(notice.id)}>
            ×
          </Button>
        </div>
      ))}
    </div>
  )
}
