export type Credential = {
  secret: string | null
  userid: string
  iamid: string
  issued: boolean
}

const KEY = 'roster.credential'

/** In sessionStorage: it ends with the tab. */
export function remembered(): Credential | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
    if (typeof value?.secret !== 'string' || typeof value.userid !== 'string') return null
    return { secret: value.secret, userid: value.userid, iamid: String(value.iamid), issued: value.issued === true }
  } catch {
    return null
  }
}

export function remember(credential: Credential | null): void {
  if (credential?.secret != null) sessionStorage.setItem(KEY, JSON.stringify(credential))
  else sessionStorage.removeItem(KEY)
}

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

export function secretIn(text: string): string | undefined {
  const found = Object.entries(parsed(text) ?? {}).find(([name]) => isAuthorization(name))
  return found && (/^Bearer (\S+)$/i.exec(String(found[1]))?.[1] ?? '')
}

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

export const hasAuthorization = (headers: Record<string, string>) => Object.keys(headers).some(isAuthorization)

/** Complete secrets only, not while typing. */
export const isSecret = (value: string) => /^r[tk]_[\w-]{32,}$/.test(value)
