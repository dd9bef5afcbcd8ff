import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { MIMEType } from 'node:util'
import { Invalid, UnsupportedMediaType } from '../errors.ts'
import { checkText, FORBIDDEN_KEYS, named, pairs } from './text.ts'
import type { BodyKind } from './types.ts'

/** bim-wire-rules "Names and limits" 4. */
export const JSON_DEPTH = 64
/** Listing more keys would block the event loop. */
const JSON_MEMBERS = 10_000
/** 1,000 list entries and their names. */
const FORM_PARAMETERS = 2_000

const QUOTE = 0x22
const COMMA = 0x2c
const LIST_START = 0x5b
const BACKSLASH = 0x5c
const LIST_END = 0x5d
const OBJECT_START = 0x7b
const OBJECT_END = 0x7d

/** Throws UnsupportedMediaType (415) or Invalid (400). */
export function parseBody(bytes: Buffer, headers: IncomingHttpHeaders, kind: Exclude<BodyKind, 'none'>): unknown {
  if (kind === 'raw') return bytes
  if (kind === 'json' && isFormType(headers) && looksLikeJson(bytes.toString('latin1')))
    throw new UnsupportedMediaType(`The body ${AS_FORM}`)
  const form = isForm(headers, kind)
  if (!isUtf8(bytes)) throw new Invalid('body', 'must be valid UTF-8')
  const text = bytes.toString('utf8')
  if (!form) return parseJson(text)
  if (looksLikeJson(text)) throw new Invalid('body', AS_FORM)
  return parseForm(text)
}

/** curl's default type. */
const AS_FORM = 'looks like JSON but was sent as a form: add the header Content-Type: application/json'

const isFormType = (headers: IncomingHttpHeaders): boolean =>
  headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false

function looksLikeJson(text: string): boolean {
  const trimmed = text.trim()
  return (trimmed.startsWith('{') && trimmed.endsWith('}')) || (trimmed.startsWith('[') && trimmed.endsWith(']'))
}

function isForm(headers: IncomingHttpHeaders, kind: 'json' | 'json+form'): boolean {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new UnsupportedMediaType('A body must be sent without Content-Encoding')
  }
  const header = headers['content-type']
  if (header === 'application/json') return false
  const accepted = kind === 'json' ? 'application/json' : 'application/json or application/x-www-form-urlencoded'
  const type = mediaType(header)
  if (type === undefined) throw new UnsupportedMediaType(`Content-Type must be ${accepted}`)
  const charset = type.params.get('charset')?.toLowerCase()
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new UnsupportedMediaType('The charset of a body must be utf-8')
  }
  if (type.essence === 'application/json' || (type.type === 'application' && type.subtype.endsWith('+json'))) return false
  if (kind === 'json+form' && type.essence === 'application/x-www-form-urlencoded') return true
  throw new UnsupportedMediaType(`Content-Type must be ${accepted}`)
}

function mediaType(header: string | undefined): MIMEType | undefined {
  try {
    return header === undefined ? undefined : new MIMEType(header)
  } catch {
    return undefined
  }
}

/**
 * Throws Invalid: broken JSON, over 64 levels or 10,000 members, prototype keys, NUL, lone surrogates. The last
 * duplicate key wins.
 */
export function parseJson(text: string): unknown {
  // RFC 8259 8.1 allows ignoring it.
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  checkStructure(json)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new Invalid('body', `must be valid JSON${where(error)}`)
  }
  // Otherwise such characters cannot occur.
  if (json.includes('\\u') || json.includes('__proto__') || json.includes('constructor')) checkValue(value, [])
  return value
}

/** The parser quotes the body: only the position is safe. */
function where(error: unknown): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined
  return position === undefined ? '' : ` (it breaks at character ${Number(position) + 1})`
}

function checkStructure(json: string): void {
  if (json.length <= 2 * JSON_DEPTH) return
  /** Per depth; array items are unlimited. */
  const members = new Float64Array(JSON_DEPTH + 1)
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at)
        break
      case LIST_START:
      case OBJECT_START:
        if (++depth > JSON_DEPTH) throw new Invalid('body', `must not nest deeper than ${JSON_DEPTH} levels`)
        members[depth] = json.charCodeAt(at) === OBJECT_START ? 1 : Number.NEGATIVE_INFINITY
        break
      case COMMA:
        if (++members[depth]! > JSON_MEMBERS)
          throw new Invalid('body', `must not hold an object of more than ${JSON_MEMBERS} members`)
        break
      case LIST_END:
      case OBJECT_END:
        depth--
    }
  }
}

function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = end
    while (json.charCodeAt(slashes - 1) === BACKSLASH) slashes--
    if ((end - slashes) % 2 === 0) return end
    end = json.indexOf('"', end + 1)
  }
  return json.length
}

/** Depth is bounded by checkStructure; `path` is joined for errors only. */
function checkValue(value: unknown, path: string[]): void {
  if (typeof value === 'string') {
    if (isBroken(value)) checkText(placeOf(path) || 'body', value)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, path)
    return
  }
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Invalid(placeOf([...path, key]), 'is not allowed as a key')
    if (isBroken(key)) checkText(path.length > 0 ? `A key of ${placeOf(path)}` : 'A key of the body', key)
    const item: unknown = (value as Record<string, unknown>)[key]
    if (typeof item !== 'string' && (typeof item !== 'object' || item === null)) continue
    path.push(key)
    checkValue(item, path)
    path.pop()
  }
}

const isBroken = (text: string): boolean => text.includes('\0') || !text.isWellFormed()
const placeOf = (path: readonly string[]): string => path.map(named).join('.')

export function parseForm(text: string): Record<string, string | string[]> {
  const form: Record<string, string | string[]> = {}
  for (const [name, value] of pairs(text, 'body', FORM_PARAMETERS)) {
    if (FORBIDDEN_KEYS.has(name)) throw new Invalid(name, 'is not allowed as a key')
    const before = Object.hasOwn(form, name) ? form[name] : undefined
    if (before === undefined) form[name] = value
    else if (typeof before === 'string') form[name] = [before, value]
    else before.push(value)
  }
  return form
}
