import { useGraphiQL } from '@graphiql/react'
import { useEffect } from 'react'
import { type Credential, secretIn, withSecret } from './credential.ts'

/** Writes the credential; one that the user typed stays. */
export function HeaderKeeper({ credential, dropped }: { credential: Credential | null; dropped: ReadonlySet<string> }) {
  const { headerEditor, activeTabIndex } = useGraphiQL(state => ({
    headerEditor: state.headerEditor,
    activeTabIndex: state.activeTabIndex,
  }))
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab shows another text in the same editor
  useEffect(() => {
    if (!headerEditor) return
    const text = headerEditor.getValue()
    const present = secretIn(text)
    if (present !== undefined && !dropped.has(present)) return
    const next = withSecret(text, credential?.secret ?? null)
    if (next !== text) headerEditor.setValue(next)
  }, [headerEditor, activeTabIndex, credential, dropped])
  return null
}
