// Comparable DNs (RFC 4514), in one bounded pass. Pure.

export const maxDn = 4_096

export interface NameValue {
  readonly type: string
  /** Unescaped. Invalid UTF-8 bytes are lone surrogates, U+DC00 plus the byte. */
  readonly value: string
}
export type Dn = readonly (readonly NameValue[])[]

/** RFC 4514, 2.4. */
export const escapeDnValue = (value: string): string =>
  value.replace(/^[ #]| $|["+,;<=>\\\0]/g, character => (character === '\0' ? '\\00' : `\\${character}`))

export const isDn = (text: string): boolean => /^ *(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *=/.test(text.slice(0, maxDn))

export const firstValue = (dn: string): string => parseDn(dn)?.[0]?.[0]?.value ?? dn

export function parseDn(text: string): Dn | null {
  if (text.length > maxDn) return null
  const names: NameValue[][] = [[]]
  let at = 0
  for (;;) {
    const equals = text.indexOf('=', at)
    if (equals < 0) return null
    const type = typeOf(text.slice(at, equals))
    if (type === null) return null
    const read = valueAt(text, equals + 1)
    if (read === null) return null
    names.at(-1)!.push({ type, value: read.value })
    if (read.end === text.length) return names
    if (text[read.end] !== '+') names.push([])
    at = read.end + 1
  }
}

function typeOf(text: string): string | null {
  const type = text
    .trim()
    .toLowerCase()
    .replace(/^oid\./, '')
  return /^(?:[a-z][a-z0-9;-]*|\d+(?:\.\d+)*)$/.test(type) ? type : null
}

interface Value {
  readonly value: string
  readonly end: number
}

function valueAt(text: string, start: number): Value | null {
  let at = start
  while (text[at] === ' ') at++
  if (text[at] === '#') return hexValueAt(text, at + 1)
  return text[at] === '"' ? quotedAt(text, at + 1) : plainAt(text, at)
}

const ends = (character: string | undefined): boolean =>
  character === undefined || character === ',' || character === ';' || character === '+'

function plainAt(text: string, start: number): Value {
  let at = start
  let value = ''
  let kept = 0
  while (!ends(text[at])) {
    if (text[at] === '\\') {
      const escaped = escapedAt(text, at)
      value += escaped.value
      at = escaped.end
      kept = value.length
    } else {
      value += text[at]
      if (text[at] !== ' ') kept = value.length
      at++
    }
  }
  return { value: value.slice(0, kept), end: at }
}

/** RFC 4514, 3: the form of RFC 2253. */
function quotedAt(text: string, start: number): Value | null {
  let at = start
  let value = ''
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\') {
      const escaped = escapedAt(text, at)
      value += escaped.value
      at = escaped.end
    } else value += text[at++]
  }
  at++
  while (text[at] === ' ') at++
  return at <= text.length && ends(text[at]) ? { value, end: at } : null
}

function escapedAt(text: string, start: number): Value {
  let at = start
  let value = ''
  let bytes: number[] = []
  const flush = () => {
    if (bytes.length > 0) value += textOf(Buffer.from(bytes))
    bytes = []
  }
  while (text[at] === '\\') {
    const pair = text.slice(at + 1, at + 3)
    if (/^[0-9A-Fa-f]{2}$/.test(pair)) {
      bytes.push(Number.parseInt(pair, 16))
      at += 3
    } else {
      flush()
      value += text[at + 1] ?? ''
      at = Math.min(at + 2, text.length)
    }
  }
  flush()
  return { value, end: at }
}

/** `#04024869`: BER; non-strings stay as they are. */
function hexValueAt(text: string, start: number): Value | null {
  let at = start
  while (!ends(text[at])) at++
  const hex = text.slice(start, at).trim()
  if (hex.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(hex)) return null
  const bytes = Buffer.from(hex, 'hex')
  const isString = stringTags.has(bytes[0]!) && bytes[1] === bytes.length - 2 && bytes.length < 130
  return { value: isString ? textOf(bytes.subarray(2)) : `#${hex.toLowerCase()}`, end: at }
}

/** OCTET STRING, UTF8String, PrintableString, IA5String. */
const stringTags = new Set([0x04, 0x0c, 0x13, 0x16])

function textOf(bytes: Buffer): string {
  const text = bytes.toString()
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text
  return Array.from(bytes, byte => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('')
}
