import { GraphiQL } from 'graphiql'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { bearer, identify, identifySession, isRefused, isUnauthenticated, send, signOut } from './api.ts'
import { type Credential, hasAuthorization, isSecret, remember, remembered, secretIn, withSecret } from './credential.ts'
import { ExampleMenu } from './example-menu.tsx'
import { examples } from './examples.ts'
import { HeaderKeeper } from './header-keeper.tsx'
import { SignIn } from './sign-in.tsx'
import { storage } from './storage.ts'

const tabs = examples.map(example => ({ query: example.query }))

/** The current credential, and former ones that no tab may send. */
function useCredential() {
  const [state, setState] = useState(() => ({
    credential: remembered(),
    dropped: new Set<string>() as ReadonlySet<string>,
    notice: '',
  }))
  const change = useCallback((credential: Credential | null, notice = '') => {
    remember(credential)
    setState(before => {
      const dropped = new Set(before.dropped)
      if (before.credential?.secret) dropped.add(before.credential.secret)
      if (credential?.secret) dropped.delete(credential.secret)
      return { credential, dropped, notice }
    })
  }, [])
  // A sign-in on the page overrides the session.
  useEffect(() => {
    if (remembered() !== null || document.getElementById('root')?.dataset.session === undefined) return
    identifySession().then(
      found => change(found),
      () => {},
    )
  }, [change])
  return { ...state, change }
}

export function Playground() {
  const { credential, dropped, notice, change } = useCredential()
  const typing = useRef<number>(undefined)

  // A new fetcher makes GraphiQL reload the schema.
  const fetcher = useMemo(
    () =>
      async (operation: Parameters<typeof send>[0], { headers }: { headers?: Record<string, string> } = {}) => {
        // The first introspection runs before the header editor exists.
        const sent = headers ?? (credential?.secret ? bearer(credential.secret) : {})
        const session = credential?.secret === null && !hasAuthorization(sent)
        const answer = await send<Record<string, unknown>>(operation, sent, { session })
        if (credential && isUnauthenticated(answer) && (await isRefused(credential))) {
          change(null, `The ${credential.secret === null ? 'session' : 'token'} has ended or was revoked. Sign in again.`)
        }
        return answer
      },
    [credential, change],
  )

  const leave = () => {
    change(null)
    if (credential)
      signOut(credential).then(
        next => next !== null && window.location.assign(next),
        error => change(null, `Signed out on this page only. ${error.message}`),
      )
  }

  /** A token pasted while signed out applies to the whole page. */
  const adopt = (text: string) => {
    clearTimeout(typing.current)
    const secret = secretIn(text)
    if (credential || !secret || !isSecret(secret)) return
    typing.current = window.setTimeout(() => {
      identify(secret).then(
        found => change(found),
        error => change(null, error.message),
      )
    }, 500)
  }

  return (
    <div className="graphiql-container roster-page">
      <SignIn credential={credential} notice={notice} onEnter={change} onLeave={leave} />
      <main>
        <GraphiQL
          fetcher={fetcher}
          // null skips introspection, which needs a credential.
          schema={credential ? undefined : null}
          schemaDescription
          inputValueDeprecation
          defaultTabs={tabs}
          defaultHeaders={withSecret('', credential?.secret ?? null)}
          defaultEditorToolsVisibility="headers"
          onEditHeaders={adopt}
          showPersistHeadersSettings={false}
          shouldPersistHeaders={false}
          storage={storage}
        >
          <GraphiQL.Logo>
            <ExampleMenu />
          </GraphiQL.Logo>
          <HeaderKeeper credential={credential} dropped={dropped} />
        </GraphiQL>
      </main>
    </div>
  )
}
