import { Invalid } from './errors.ts'

// What a name, a key, a value, an address and an id may be, for every API: the rules of the wire's "Names and limits".
// "Characters" are Unicode code points, as PostgreSQL counts them: an emoji is one, whatever UTF-16 needs for it.
// A message names the field and the rule and never repeats the value.

const maxName = 254
const maxValue = 1024
const maxEmailLocal = 64
const maxText = 10_000
const maxEntries = 1000
const maxId = 2_147_483_647
/** A canonical form stands in a btree index, whose entries end at 2,704 bytes; one code point (U+FDFA) can become 33 bytes. */
const maxCanonicalBytes = 2048

const control = /[\p{Cc}\p{Zl}\p{Zp}]/u
/** Unicode Cf, and what else is drawn as nothing (Hangul fillers, the grapheme joiner) and would make two names look alike. */
const invisible = /[\p{Cf}[\p{Default_Ignorable_Code_Point}--\p{Variation_Selector}]]/v
const variation = /\p{Variation_Selector}/u
const edgeSpace = /^[\p{White_Space}]|[\p{White_Space}]$/u
const scripts = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u]
const textControl = /(?!\r\n|[\n\t])\p{Cc}/u
// RFC 5321 mailbox without quoted strings, source routes and address literals; letters of any script as in RFC 6531.
const atom = "[\\p{L}\\p{M}\\p{Nd}!#$%&'*+\\-/=?^_`{|}~]+"
const label = '[\\p{L}\\p{Nd}](?:[\\p{L}\\p{M}\\p{Nd}\\-]{0,61}[\\p{L}\\p{M}\\p{Nd}])?'
const mailbox = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`, 'u')

/**
 * The form by which names are compared, unique and sorted: NFKC and case folding, to a fixed point.
 * JavaScript has no case folding: upper then lower is one, if repeated, except for the final sigma, which would make the
 * form of a part depend on where it stands. Every code point and every known sequence is stable within three rounds.
 */
export function canonical(text: string): string {
  let form = text
  for (let round = 0; round < 8; round++) {
    const next = form.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
    if (next === form) return form
    form = next
  }
  return form
}

/**
 * The canonical form to look a name up by, or null when no stored name can have it (NUL, broken Unicode, too long): the
 * caller answers "not found" without asking the store, which would refuse such text with an error of its own.
 */
export function lookupKey(text: string): string | null {
  if (text.length > 2 * maxName || text.includes('\0') || !text.isWellFormed()) return null
  return canonical(text)
}

/** A name kept as sent: 1 to `max` characters. Throws Invalid. */
export function checkName(field: string, value: unknown, { max = maxName }: { max?: number } = {}): string {
  const name = checkCharacters(field, value, max)
  if (Buffer.byteLength(canonical(name)) > maxCanonicalBytes) throw new Invalid(field, 'is too long in its normalised form')
  return name
}

/** `newBim` for a userid being created in the IAM `bim`, where people choose names and could choose look-alikes. */
export function checkUserid(value: unknown, { newBim, field = 'userid' }: { newBim: boolean; field?: string }): string {
  const userid = checkName(field, value)
  const key = canonical(userid)
  // The canonical form, because U+2025 and full-width dots become these too.
  if (key === '.' || key === '..') throw new Invalid(field, 'must not be "." or ".."')
  if (newBim && scripts.filter(script => script.test(key)).length > 1)
    throw new Invalid(field, 'must not mix Latin, Greek and Cyrillic letters')
  if (newBim && variation.test(userid)) throw new Invalid(field, 'must not contain variation selectors')
  return userid
}

export function checkGroupName(value: unknown, field = 'name'): string {
  return checkName(field, value)
}

/** Keys become members of JSON objects, so the two names with a meaning in JavaScript are refused in any case. */
export function checkAttributeKey(value: unknown, field = 'key'): string {
  const key = checkName(field, value)
  if (['__proto__', 'constructor'].includes(canonical(key))) throw new Invalid(field, 'must not be a reserved word')
  return key
}

/** Values are compared exactly, so they have no canonical form to bound. */
export function checkAttributeValue(value: unknown, field = 'value'): string {
  return checkCharacters(field, value, maxValue)
}

/** The name of an API key. */
export function checkKeyName(value: unknown, field = 'name'): string {
  return checkName(field, value)
}

/** Syntax only: a practical part of RFC 5321 that is safe in a mail header, a link and a page once encoded. */
export function checkEmail(field: string, value: unknown): string {
  const email = checkName(field, value)
  // Its canonical form too, or a letter like U+FDFA would bring blanks into the form that is unique and searched.
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

/** Free text of a profile: 0 to `max` characters, lines and tabs allowed. What empty text means is the caller's rule. */
export function checkText(field: string, value: unknown, max = maxText): string {
  const text = checkString(field, value)
  if (textControl.test(text)) throw new Invalid(field, 'must not contain control characters')
  if (countCharacters(text) > max) throw new Invalid(field, `must have at most ${max} characters`)
  return text
}

/** Any text that the store can hold; it is searched for and not kept. */
export function checkStorable(field: string, text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw new Invalid(field, 'must not contain NUL or lone surrogates')
  return text
}

/** A part of a name, in the form that names are compared in. */
export function checkPart(field: string, text: string): string {
  checkStorable(field, text)
  // Before folding: normalising a long run of combining marks takes time that grows with its square.
  if (text.length > 1024) throw new Invalid(field, 'must be at most 1,024 characters')
  return canonical(text)
}

/** One list of one request. Entries are checked by whoever knows what they are. */
export function checkList<Entry>(field: string, list: readonly Entry[], max = maxEntries): readonly Entry[] {
  if (!Array.isArray(list)) throw new Invalid(field, 'must be a list')
  if (list.length > max) throw new Invalid(field, `must have at most ${max} entries`)
  return list
}

/** An id as a JSON number. Digits of a path or query become numbers in the API that read them. */
export function checkId(field: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > maxId)
    throw new Invalid(field, `must be an integer from 1 to ${maxId}`)
  return value
}

function checkCharacters(field: string, value: unknown, max: number): string {
  const text = checkString(field, value)
  // The length comes first: normalising a long run of combining marks takes time that grows with its square.
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
