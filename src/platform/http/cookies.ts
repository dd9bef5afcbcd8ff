import type { IncomingHttpHeaders } from 'node:http'

const SESSION_COOKIE = 'roster_session'

/** The prefix protects it on https (RFC 6265bis 4.1.3). */
export function sessionCookie(publicUrl: string): string {
  const { protocol, pathname } = new URL(publicUrl)
  if (protocol !== 'https:') return SESSION_COOKIE
  return `${pathname === '/' ? '__Host-' : '__Secure-'}${SESSION_COOKIE}`
}

export const hasSessionCookie = (headers: IncomingHttpHeaders): boolean =>
  ['', '__Host-', '__Secure-'].some(prefix => cookieOf(headers, prefix + SESSION_COOKIE) !== null)

/** null when duplicated: one was planted (RFC 6265, 8.6). */
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
  readonly value: string
  readonly path: string
  /** Seconds. */
  readonly life: number
}

export function cookieLine(publicUrl: string, { name, value, path, life }: Cookie): string {
  const { pathname, protocol } = new URL(publicUrl)
  const below = (pathname.replace(/\/$/, '') + path).replace(/(.)\/$/, '$1') || '/'
  const secure = protocol === 'https:' ? '; Secure' : ''
  return `${name}=${value}; Path=${below}; Max-Age=${life}; HttpOnly; SameSite=Lax${secure}`
}

/** May use the session cookie; browsers set Origin (RFC 6454 7.3). */
export const isTrustedOrigin = (
  headers: IncomingHttpHeaders,
  { publicUrl, corsOrigins }: { publicUrl: string; corsOrigins: readonly string[] },
): boolean => isSameOrigin(headers, publicUrl) || (headers.origin !== undefined && corsOrigins.includes(headers.origin))

/** By Sec-Fetch-Site, else Origin (Fetch standard); pages can set neither. */
export function isSameOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return headers.origin === new URL(publicUrl).origin
}
