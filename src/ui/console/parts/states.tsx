import type { ReactNode } from 'react'
import { Button } from 'react-aria-components'
import type { RequestError } from '../operations/request.ts'
import { texts } from '../texts.ts'

/** Grey lines in the place of rows that load. */
export function Skeleton({ rows = 3 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status" aria-label={texts.loading}>
      {Array.from({ length: rows }, (_, row) => row).map(row => (
        <span key={row} />
      ))}
    </div>
  )
}

export function Failed({ error, onRetry }: { error: RequestError; onRetry?: () => void }) {
  return (
    <div className="notice bad" role="alert">
      <p>
        <strong>{texts.failed.title}.</strong> {error.message}
      </p>
      {error.requestId && <p className="soft">{texts.requestId(error.requestId)}</p>}
      {onRetry && (
        <Button className="button quiet" onPress={onRetry}>
          {texts.retry}
        </Button>
      )}
    </div>
  )
}

/** Says the next step, not only that there is nothing. */
export function Empty({ children }: { children: ReactNode }) {
  return <div className="empty">{children}</div>
}

/** In the place of a value that the viewer may not see. */
export function Needs({ permission }: { permission: string }) {
  return <span className="needs">{texts.needs(permission)}</span>
}
