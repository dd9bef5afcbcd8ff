import type { IncomingHttpHeaders } from 'node:http'

const SESSION_COOKIE = 'roster_session'

/** The cookie of a browser's session. On https its prefix keeps other hosts and plain http from setting it (RFC 6265bis 4.1.3). */
export function sessionCookie(publicUrl: string): string {
  const { protocol, pathname } = new URL(publicUrl)
  if (protocol !== 'https:') return SESSION_COOKIE
  return `${pathname === '/' ? '__Host-' : '__Secure-'}${SESSION_COOKIE}`
}

/** Whether the browser sent a session's cookie, under any of its names. */
export const hasSessionCookie = (headers: IncomingHttpHeaders): boolean =>
  ['', '__Host-', '__Secure-'].some(prefix => cookieOf(headers, prefix + SESSION_COOKIE) !== null)

/** The value of a cookie. Null too when it came twice: one of them was planted, by a neighbouring host or path (RFC 6265, 8.6). */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | null {
  const values = (headers.cookie ?? '')
    .split(';')
    .map(pair => pair.trim())
    .filter(pair => pair.startsWith(`${name}=`))
    .map(pair => pair.slice(name.length + 1))
  return values.length === 1 ? values[0]! : null
}

interface Cookie {
  readonly name: string
  /** Of characters that need no encoding. */
  readonly value: string
  /** Below PUBLIC_URL, such as `/login`. */
  readonly path: string
  /** Seconds. */
  readonly life: number
}

/** A Set-Cookie line: never for scripts, never with a form or a picture of another site, on https never in clear. */
export function cookieLine(publicUrl: string, { name, value, path, life }: Cookie): string {
  const { pathname, protocol } = new URL(publicUrl)
  const below = (pathname.replace(/\/$/, '') + path).replace(/(.)\/$/, '$1') || '/'
  const secure = protocol === 'https:' ? '; Secure' : ''
  return `${name}=${value}; Path=${below}; Max-Age=${life}; HttpOnly; SameSite=Lax${secure}`
}

/**
 * Whether a browser sent this from a page of ours: it then may write with what the browser adds by itself. Sec-Fetch-Site says so where
 * the connection is trustworthy, else Origin (Fetch standard); neither can be set by a page.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return headers.origin === new URL(publicUrl).origin
}
