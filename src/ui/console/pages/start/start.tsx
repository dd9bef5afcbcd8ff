import { Navigate } from '@tanstack/react-router'
import { useViewer } from '../../shell/viewer.tsx'
import { texts } from '../../texts.ts'

export function Start() {
  const viewer = useViewer()
  if (!viewer.isAdministrator) return <Navigate to="/account" replace />
  return <h1>{texts.start.title}</h1>
}
