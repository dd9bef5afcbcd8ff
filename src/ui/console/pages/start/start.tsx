import { Navigate } from '@tanstack/react-router'
import { useViewer } from '../../shell/viewer.tsx'
import { texts } from '../../texts.ts'
import { Changes } from './changes.tsx'
import { People } from './people.tsx'
import { Sources } from './sources.tsx'
import { Waiting } from './waiting.tsx'

export function Start() {
  const viewer = useViewer()
  if (!viewer.isAdministrator) return <Navigate to="/account" replace />
  return (
    <>
      <h1>{texts.start.title}</h1>
      {viewer.may('iam:listSyncs') && <Waiting />}
      {viewer.may('user:search') && <People />}
      <Sources withSyncs={viewer.may('iam:listSyncs')} />
      {viewer.may('audit:list') && <Changes />}
    </>
  )
}
