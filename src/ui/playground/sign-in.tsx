import { type ReactNode, type SyntheticEvent, useId, useState } from 'react'
import { Logo } from '../logo.tsx'
import { identify, signIn } from './api.ts'
import { pathTo } from './base.ts'
import type { Credential } from './credential.ts'

export function SignIn(props: {
  credential: Credential | null
  notice: string
  onEnter: (credential: Credential) => void
  onLeave: () => void
}) {
  return (
    <header className="roster-bar">
      <h1>
        <Logo /> Roster playground
      </h1>
      {props.credential ? (
        <p className="roster-who">
          <span>
            Signed in as <strong>{props.credential.userid}</strong>
          </span>
          {props.credential.secret === null && <a href={pathTo('/account')}>Your account</a>}
          <button type="button" className="roster-quiet" onClick={props.onLeave}>
            Sign out
          </button>
        </p>
      ) : (
        <Entry notice={props.notice} onEnter={props.onEnter} />
      )}
    </header>
  )
}

function Entry({ notice, onEnter }: { notice: string; onEnter: (credential: Credential) => void }) {
  const [byPassword, setByPassword] = useState(true)
  const [busy, setBusy] = useState(false)
  const [message, setMessage] = useState<string | null>(null)

  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (busy) return
    const field = (name: string) => String(new FormData(event.currentTarget).get(name))
    const attempt = byPassword ? signIn(field('userid'), field('password')) : identify(field('secret').trim())
    setBusy(true)
    setMessage('')
    try {
      onEnter(await attempt)
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }
  const toggle = () => {
    setByPassword(!byPassword)
    setMessage(null)
  }

  return (
    <form className="roster-form" method="post" aria-label="Sign in" aria-busy={busy} onSubmit={submit}>
      {byPassword ? (
        <>
          <Field label="User name">
            {id => <input id={id} name="userid" required autoComplete="username" autoCapitalize="none" spellCheck={false} />}
          </Field>
          <Field label="Password">
            {id => <input id={id} name="password" type="password" required autoComplete="current-password" />}
          </Field>
        </>
      ) : (
        <Field label="Token or API key">
          {id => <input id={id} name="secret" type="password" required autoComplete="off" placeholder="rt_… or rk_…" />}
        </Field>
      )}
      <button type="submit" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
      <button type="button" className="roster-quiet" onClick={toggle}>
        {byPassword ? 'Paste a token instead' : 'Use a password instead'}
      </button>
      <a href={pathTo('/login')}>Other ways to sign in</a>
      <p role="alert">{message ?? notice}</p>
    </form>
  )
}

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <span className="roster-field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </span>
  )
}
