// The viewer's token or API key: where the page keeps it and how it gets into the header editor's text. No React, no network.

export type Credential = {
  /** `rt_…` or `rk_…`, as sent after "Bearer "; null for the browser's session, whose token no script can read. */
  secret: string | null
  userid: string
  iamid: string
  /** Whether the page got it by signing in, and so may end it. */
  issued: boolean
}

const KEY = 'roster.credential'

/** The credential of this browser tab, or null. sessionStorage only: it ends with the tab and no other tab can read it. */
export function remembered(): Credential | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
    if (typeof value?.secret !== 'string' || typeof value.userid !== 'string') return null
    return { secret: value.secret, userid: value.userid, iamid: String(value.iamid), issued: value.issued === true }
  } catch {
    return null
  }
}

/** A session is not kept: the server says at each load whether there is one. */
export function remember(credential: Credential | null): void {
  if (credential?.secret != null) sessionStorage.setItem(KEY, JSON.stringify(credential))
  else sessionStorage.removeItem(KEY)
}

/** The headers that a header editor's text means; null while it is not a JSON object (somebody is typing). */
function parsed(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {}
  try {
    const value = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const isAuthorization = (name: string) => name.toLowerCase() === 'authorization'

/** The secret of a header editor's text: `undefined` without an Authorization header, `''` for one that is no Bearer credential. */
export function secretIn(text: string): string | undefined {
  const found = Object.entries(parsed(text) ?? {}).find(([name]) => isAuthorization(name))
  return found && (/^Bearer (\S+)$/i.exec(String(found[1]))?.[1] ?? '')
}

/** The text with `secret` as its Authorization header (null: without one). Text that is not a JSON object stays as it is. */
export function withSecret(text: string, secret: string | null): string {
  const headers = parsed(text)
  if (!headers) return text
  const others = Object.entries(headers).filter(([name]) => !isAuthorization(name))
  if (secret === null && others.length === 0) return ''
  return JSON.stringify(
    Object.fromEntries(secret === null ? others : [['Authorization', `Bearer ${secret}`], ...others]),
    null,
    2,
  )
}

/** Whether headers name somebody: they then count, and nobody else's cookie goes along. */
export const hasAuthorization = (headers: Record<string, string>) => Object.keys(headers).some(isAuthorization)

/** Whether a value is a whole token (`rt_`) or API key (`rk_`), not one still being typed: both carry at least 192 bits. */
export const isSecret = (value: string) => /^r[tk]_[\w-]{32,}$/.test(value)
