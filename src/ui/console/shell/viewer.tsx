import { createContext, type ReactNode, useContext } from 'react'
import { isAdministrative } from '../../../authorization/permissions.ts'
import { ViewerDocument, type ViewerQuery } from '../../../generated/ui.ts'
import { useOperation } from '../operations/hooks.ts'
import { Failed, Skeleton } from '../parts/states.tsx'

type User = NonNullable<ViewerQuery['viewer']>['user']
export interface Viewer {
  readonly user: User
  readonly impersonator: string | null
  /** By the name of the policy's action, such as `user:disable`. */
  readonly may: (action: string) => boolean
  readonly isAdministrator: boolean
}

const Context = createContext<Viewer | null>(null)

export function useViewer(): Viewer {
  const viewer = useContext(Context)
  if (viewer === null) throw new Error('useViewer needs a ViewerProvider')
  return viewer
}

export function ViewerProvider({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useOperation(ViewerDocument, {}, { staleTime: 60_000 })
  const viewer = data?.data.viewer
  if (error && !viewer) return <Failed error={error} onRetry={() => void refetch()} />
  if (!viewer) return <Skeleton />
  return <Context value={viewerOf(viewer)}>{children}</Context>
}

function viewerOf({ can, user, impersonator }: NonNullable<ViewerQuery['viewer']>): Viewer {
  const actions = new Set(can)
  return {
    user,
    impersonator: impersonator && `${impersonator.iamid}/${impersonator.userid}`,
    may: action => actions.has(action),
    isAdministrator: user.permissions.some(isAdministrative),
  }
}
