import { Invalid } from './errors.ts'

// Names, keys, values and ids of all APIs ("Names and limits"). Characters are code points, as in PostgreSQL.
// Messages never repeat values.

const maxName = 254
const maxValue = 1024
const maxEmailLocal = 64
const maxText = 10_000
const maxEntries = 1000
const maxId = 2_147_483_647
/** Index entries end at 2,704 bytes; U+FDFA becomes 33 bytes. */
const maxCanonicalBytes = 2048

const control = /[\p{Cc}\p{Zl}\p{Zp}]/u
/** Invisible characters, which make names look alike. */
const invisible = /[\p{Cf}[\p{Default_Ignorable_Code_Point}--\p{Variation_Selector}]]/v
const variation = /\p{Variation_Selector}/u
const edgeSpace = /^[\p{White_Space}]|[\p{White_Space}]$/u
const scripts = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u]
const textControl = /(?!\r\n|[\n\t])\p{Cc}/u
// RFC 5321 without quoted strings and literals; RFC 6531 letters.
const atom = "[\\p{L}\\p{M}\\p{Nd}!#$%&'*+\\-/=?^_`{|}~]+"
const label = '[\\p{L}\\p{Nd}](?:[\\p{L}\\p{M}\\p{Nd}\\-]{0,61}[\\p{L}\\p{M}\\p{Nd}])?'
const mailbox = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`, 'u')

const beyondAscii = /[^\0-\x7f]/

/**
 * NFKC and case folding to a fixed point: upper then lower, repeated. The final sigma is special: it would
 * depend on position.
 */
export function canonical(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase()
  let form = text
  for (let round = 0; round < 8; round++) {
    const next = form.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
    if (next === form) return form
    form = next
  }
  return form
}

/** null when no stored name can match. */
export function lookupKey(text: string): string | null {
  if (text.length > 2 * maxName || text.includes('\0') || !text.isWellFormed()) return null
  return canonical(text)
}

export function checkName(field: string, value: unknown, { max = maxName }: { max?: number } = {}): string {
  const name = checkCharacters(field, value, max)
  if (Buffer.byteLength(canonical(name)) > maxCanonicalBytes) throw new Invalid(field, 'is too long in its normalised form')
  return name
}

/** `newBim`: people choose these names, so look-alikes are rejected. */
export function checkUserid(value: unknown, { newBim, field = 'userid' }: { newBim: boolean; field?: string }): string {
  const userid = checkName(field, value)
  const key = canonical(userid)
  // U+2025 and full-width dots fold to these.
  if (key === '.' || key === '..') throw new Invalid(field, 'must not be "." or ".."')
  if (newBim && scripts.filter(script => script.test(key)).length > 1)
    throw new Invalid(field, 'must not mix Latin, Greek and Cyrillic letters')
  if (newBim && variation.test(userid)) throw new Invalid(field, 'must not contain variation selectors')
  return userid
}

export function checkGroupName(value: unknown, field = 'name'): string {
  return checkName(field, value)
}

export function checkAttributeKey(value: unknown, field = 'key'): string {
  const key = checkName(field, value)
  if (['__proto__', 'constructor'].includes(canonical(key))) throw new Invalid(field, 'must not be a reserved word')
  return key
}

/** Compared exactly: no canonical form. */
export function checkAttributeValue(value: unknown, field = 'value'): string {
  return checkCharacters(field, value, maxValue)
}

export function checkKeyName(value: unknown, field = 'name'): string {
  return checkName(field, value)
}

export function checkEmail(field: string, value: unknown): string {
  const email = checkName(field, value)
  // Letters like U+FDFA fold to blanks.
  if (!mailbox.test(email) || !mailbox.test(canonical(email))) throw new Invalid(field, 'must be an e-mail address')
  if (countCharacters(email.slice(0, email.indexOf('@'))) > maxEmailLocal)
    throw new Invalid(field, `must have at most ${maxEmailLocal} characters before the @`)
  return email
}

export function checkPermissionName(value: unknown, field = 'permission'): string {
  if (!/^[A-Z][A-Z0-9_]{1,63}$/.test(checkString(field, value)))
    throw new Invalid(field, 'must be 2 to 64 upper-case letters A-Z, digits and underscores, starting with a letter')
  return value as string
}

export function checkIamid(value: unknown, field = 'iamid'): string {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(checkString(field, value)))
    throw new Invalid(field, 'must be 1 to 64 letters A-Z, digits, hyphens and underscores, starting with a letter')
  return value as string
}

export function checkText(field: string, value: unknown, max = maxText): string {
  const text = checkString(field, value)
  if (textControl.test(text)) throw new Invalid(field, 'must not contain control characters')
  if (countCharacters(text) > max) throw new Invalid(field, `must have at most ${max} characters`)
  return text
}

export function checkStorable(field: string, text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw new Invalid(field, 'must not contain NUL or lone surrogates')
  return text
}

export function checkPart(field: string, text: string): string {
  checkStorable(field, text)
  // Normalising combining marks is quadratic.
  if (text.length > 1024) throw new Invalid(field, 'must be at most 1,024 characters')
  return canonical(text)
}

export function checkList<Entry>(field: string, list: readonly Entry[], max = maxEntries): readonly Entry[] {
  if (!Array.isArray(list)) throw new Invalid(field, 'must be a list')
  if (list.length > max) throw new Invalid(field, `must have at most ${max} entries`)
  return list
}

export function checkId(field: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > maxId)
    throw new Invalid(field, `must be an integer from 1 to ${maxId}`)
  return value
}

function checkCharacters(field: string, value: unknown, max: number): string {
  const text = checkString(field, value)
  if (text === '' || countCharacters(text) > max) throw new Invalid(field, `must be 1 to ${max} characters`)
  if (control.test(text)) throw new Invalid(field, 'must not contain control characters')
  if (edgeSpace.test(text)) throw new Invalid(field, 'must not begin or end with white space')
  if (invisible.test(text)) throw new Invalid(field, 'must not contain invisible or formatting characters')
  return text
}

function checkString(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new Invalid(field, 'must be a string')
  if (!value.isWellFormed()) throw new Invalid(field, 'must not contain lone surrogates')
  return value
}

function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
