import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { HttpResponse } from '../../platform/http/types.ts'
import { Html, html } from './html.ts'

export interface Instance {
  readonly publicUrl: string
  readonly minLength: number
}

export interface InvitedUser {
  readonly userid: string
  readonly name: string
}

export interface SignedInUser extends InvitedUser {
  readonly iamid: string
  readonly isAdministrator: boolean
}

const DESIGN = readFileSync(new URL('./design.css', import.meta.url), 'utf8')

const style = `${DESIGN}
main { max-width: 32rem; margin: 0 auto; padding: 1.5rem; background: var(--paper); min-height: 100vh }
@media (min-width: 36rem) { main { min-height: 0; margin: 8vh auto; padding: 2rem 2.25rem; border-radius: .75rem; box-shadow: 0 1px 4px rgb(0 0 0 / .18) } }
.where { margin: 0 0 1.25rem; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.1rem }
p { margin: 0 0 1rem; overflow-wrap: anywhere }
form { margin: 0 0 1.25rem }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input, select { width: 100%; padding: .65rem .75rem; border: 1px solid var(--edge); border-radius: var(--radius); background: var(--paper); color: inherit; font: inherit }
input[readonly] { background: var(--ground); color: var(--soft) }
.hint { margin: .25rem 0 0; color: var(--soft); font-size: .9rem }
.error { padding: .6rem .75rem; border-left: .25rem solid var(--red); background: var(--ground); color: var(--red) }
button, .button { display: block; width: 100%; margin-top: 1.5rem; padding: .75rem; border: 0; border-radius: var(--radius); background: var(--blue); color: var(--on-blue); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
.other { margin-top: .75rem; background: none; color: var(--blue); box-shadow: inset 0 0 0 1px var(--edge) }
pre { margin: 0; padding: .75rem; border-radius: var(--radius); background: var(--ground); font-size: .8rem; white-space: pre-wrap; overflow-wrap: anywhere }
`

/** Includes `formTo`: browsers apply the policy to redirects. */
const policy = (formTo: string | null) =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    formTo === null ? "form-action 'self'" : `form-action 'self' ${formTo}`,
    "img-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy(null),
  // The page's address contains the token.
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
}

/** Under no-referrer, forms send `Origin: null`, which proves nothing. */
const traceable = { 'referrer-policy': 'same-origin' }

export interface SignInOption {
  readonly id: string
  readonly displayName: string
  readonly byPassword: boolean
}

export interface Problem {
  readonly status: number
  readonly message: string
  readonly iamid: string
  readonly userid: string
}

export interface Welcome {
  readonly entrances: readonly SignInOption[]
  /** Path of Roster to open afterwards, or empty. */
  readonly returnTo: string
  readonly refusal?: Problem
}

export function welcomePage({ publicUrl }: Instance, { entrances, returnTo, refusal }: Welcome): HttpResponse {
  const curl = `curl -X POST ${publicUrl}/bim/iam/bim/user/authenticate \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "you", "password": "your password"}'`
  const answer = page(publicUrl, {
    status: refusal?.status ?? 200,
    title: 'Sign in',
    pieces: [
      html`<p>Sign in to Roster, your organisation's directory of people and access.</p>`,
      refusal && html`<p class="error" id="fault" role="alert">${refusal.message}</p>`,
      signInForm(
        entrances.filter(({ byPassword }) => byPassword),
        returnTo,
        refusal,
      ),
      ...entrances
        .filter(({ byPassword }) => !byPassword)
        .map(
          ({ id, displayName }) =>
            html`<p><a class="button other" href="${pathOf(publicUrl)}/login/${id}${after(returnTo)}">Sign in with ${displayName}</a></p>`,
        ),
      html`<p><a href="${pathOf(publicUrl)}/graphiql">Open the playground</a></p>`,
      html`<h2>Get a token for a program</h2>`,
      html`<p>Send your user name and password. The response has a token: send it in the header Authorization.</p>`,
      html`<pre><code>${curl}</code></pre>`,
      html`<h2>You have no password yet</h2>`,
      html`<p>Open the link of your invitation. If it has expired, ask your administrator for a new one.</p>`,
    ],
  })
  return { ...answer, headers: { ...answer.headers, ...traceable } }
}

/** The vendor's name of `bim`, unless an administrator renames it. */
const VENDOR_NAME = 'Immuta'
const nameOf = (iamid: string, displayName: string): string =>
  iamid === 'bim' && displayName === VENDOR_NAME ? 'Local account' : displayName

const after = (returnTo: string): string => (returnTo === '' ? '' : `?${new URLSearchParams({ returnTo })}`)

function signInForm(entrances: readonly SignInOption[], returnTo: string, refusal?: Problem): Html {
  const chosen = refusal?.iamid ?? 'bim'
  const options = entrances.reduce<Html>(
    (before, { id, displayName }) =>
      html`${before}<option value="${id}"${id === chosen && html` selected`}>${nameOf(id, displayName)}</option>`,
    html``,
  )
  return html`<form method="post" action="?">
${
  entrances.length > 1
    ? html`<label for="iamid">Account of</label>
<select id="iamid" name="iamid">${options}</select>`
    : html`<input type="hidden" name="iamid" value="bim">`
}
${returnTo !== '' && html`<input type="hidden" name="returnTo" value="${returnTo}">`}
<label for="userid">User name</label>
<input id="userid" name="userid" type="text" value="${refusal?.userid ?? ''}" autocomplete="username" autocapitalize="none" spellcheck="false"${refusal && html` aria-describedby="fault"`} required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>`
}

export function passwordPage(
  { publicUrl, minLength }: Instance,
  invited: InvitedUser,
  { token, fault }: { token: string; fault?: { status: number; message: string } },
): HttpResponse {
  const described = fault ? 'fault rule' : 'rule'
  // "?" keeps the path behind any proxy.
  return page(publicUrl, {
    status: fault?.status ?? 200,
    title: 'Choose your password',
    pieces: [
      html`<p>Welcome, ${invited.name}. This link works once.</p>`,
      fault && html`<p class="error" id="fault" role="alert">${fault.message}</p>`,
      html`<form method="post" action="?">
<input type="hidden" name="token" value="${token}">
<label for="userid">User name</label>
<input id="userid" type="text" value="${invited.userid}" autocomplete="username" autocapitalize="none" spellcheck="false" readonly>
${passwordField('password', { label: 'New password', minLength, describedBy: described, isInvalid: fault !== undefined })}
<p class="hint" id="rule">${minLength > 1 ? `At least ${minLength} characters; longer is safer.` : 'Longer is safer: a few words of your own are good.'}</p>
${passwordField('confirmation', { label: 'The same password again', minLength, describedBy: described, isInvalid: fault !== undefined })}
<button type="submit">Set password</button>
</form>`,
    ],
  })
}

function passwordField(
  name: string,
  { label, minLength, describedBy, isInvalid }: { label: string; minLength: number; describedBy: string; isInvalid: boolean },
): Html {
  return html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="password" autocomplete="new-password" minlength="${minLength}" aria-describedby="${describedBy}"${
    isInvalid && html` aria-invalid="true"`
  }${name === 'password' && html` autofocus`} required>`
}

/** One page for all dead links reveals nothing. */
export function deadLinkPage({ publicUrl }: Instance): HttpResponse {
  return page(publicUrl, {
    status: 404,
    title: 'This link does not work',
    pieces: [
      html`<p>An invitation works once and for a limited time. It was already used, has expired, or is incomplete.</p>`,
      html`<p>If you have set your password already, you are done: <a href="${pathOf(publicUrl)}/login">sign in</a>. Otherwise ask your administrator for a new invitation.</p>`,
    ],
  })
}

export function donePage({ publicUrl }: Instance, { userid, name }: InvitedUser): HttpResponse {
  return page(publicUrl, {
    status: 200,
    title: 'Your password is set',
    pieces: [
      html`<p>Thank you, ${name}. From now on you sign in with the user name <strong>${userid}</strong>.</p>`,
      html`<p><a class="button" href="${pathOf(publicUrl)}/login">Sign in</a></p>`,
    ],
  })
}

export function signedInPage({ publicUrl }: Instance, person: SignedInUser, formTo: string | null): HttpResponse {
  const answer = page(publicUrl, {
    status: 200,
    title: 'You are signed in',
    pieces: [
      html`<p>You are <strong>${person.name}</strong>.</p>`,
      html`<p>User name: <strong>${person.userid}</strong>, ${person.iamid === 'bim' ? 'a local account' : `of ${person.iamid}`}.</p>`,
      person.isAdministrator
        ? html`<p><a class="button" href="${pathOf(publicUrl)}/console">Open the console</a></p>`
        : undefined,
      html`<p><a class="button${person.isAdministrator && ' other'}" href="${pathOf(publicUrl)}/account">Your account</a></p>`,
      html`<p><a class="button other" href="${pathOf(publicUrl)}/graphiql">Open the playground</a></p>`,
      html`<form method="post" action="${pathOf(publicUrl)}/login/${person.iamid}/logout"><button class="other" type="submit">Sign out</button></form>`,
    ],
  })
  return { ...answer, headers: { ...answer.headers, ...traceable, 'content-security-policy': policy(formTo) } }
}

export function problemPage(
  { publicUrl }: Instance,
  { status, title, reason }: { status: number; title: string; reason: string },
): HttpResponse {
  return page(publicUrl, {
    status,
    title,
    pieces: [html`<p>${reason}</p>`, html`<p><a class="button" href="${pathOf(publicUrl)}/login">Sign in again</a></p>`],
  })
}

export function foreignFormPage({ publicUrl }: Instance): HttpResponse {
  return page(publicUrl, {
    status: 403,
    title: 'This form came from another site',
    pieces: [html`<p>Nothing was changed. Open the page here, or the link of your invitation, and send the form from there.</p>`],
  })
}

/** Of the same origin, also where people use another address than PUBLIC_URL. */
export const pathOf = (publicUrl: string): string => new URL(publicUrl).pathname.replace(/\/$/, '')

export function page(
  publicUrl: string,
  { status, title, pieces }: { status: number; title: string; pieces: (Html | undefined)[] },
): HttpResponse {
  const body = pieces.reduce<Html>((before, piece) => html`${before}${piece}\n`, html``)
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Roster</title>
<link rel="icon" href="${pathOf(publicUrl)}/favicon.ico">
<style>${new Html(style)}</style>
</head>
<body>
<main>
<p class="where">Roster at ${new URL(publicUrl).host}</p>
<h1>${title}</h1>
${body}</main>
</body>
</html>
`
  return { status, headers, body: document.text }
}
