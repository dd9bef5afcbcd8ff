import { useGraphiQL } from '@graphiql/react'
import { useEffect } from 'react'
import { type Credential, secretIn, withSecret } from './credential.ts'

/**
 * Puts the page's credential into the header editor of the tab in view, where it lacks one or holds one that the page itself
 * put there and has dropped since. A different credential that somebody wrote into a tab stays: trying the same operation as
 * two people side by side is what a playground of permissions is for.
 */
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
