import { Invalid } from '../errors.ts'

export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor'])

export function named(name: string): string {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name
  return short.toWellFormed().replace(/\p{C}/gu, '\uFFFD')
}

export function checkText(field: string, text: string): void {
  if (text.includes('\0')) throw new Invalid(field, 'must not contain a NUL character')
  if (!text.isWellFormed()) throw new Invalid(field, 'must not contain a lone surrogate')
}

/** Throws Invalid: encoding, NUL, brackets, over `limit` pairs. */
export function* pairs(raw: string, field: 'query' | 'body', limit: number): Generator<[name: string, value: string]> {
  let count = 0
  for (let start = 0; start < raw.length; ) {
    let end = raw.indexOf('&', start)
    if (end === -1) end = raw.length
    const piece = raw.slice(start, end)
    start = end + 1
    if (piece === '') continue
    if (++count > limit) throw new Invalid(field, `must not have more than ${limit} parameters`)
    const equals = piece.indexOf('=')
    const name = decode(equals === -1 ? piece : piece.slice(0, equals), field)
    if (name.includes('[') || name.includes(']')) throw new Invalid(named(name), 'must be repeated, not written with brackets')
    checkText(field, name)
    const value = equals === -1 ? '' : decode(piece.slice(equals + 1), named(name) || field)
    checkText(named(name), value)
    yield [name, value]
  }
}

function decode(text: string, field: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    throw new Invalid(field, 'must be valid percent-encoded UTF-8')
  }
}
