import type { Writable } from 'node:stream'

export type Value = string | number | boolean | null | undefined | readonly string[] | object

/** OWASP, CSV injection. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/
const NUMBER = /^-?\d+(\.\d+)?$/

/** RFC 4180; a formula gets an apostrophe. */
export function csvLine(values: readonly Value[], { raw = false }: { raw?: boolean } = {}): string {
  return `${values.map(value => cell(value, raw)).join(',')}\r\n`
}

function cell(value: Value, raw: boolean): string {
  const plain = textOf(value)
  const text = !raw && FORMULA.test(plain) && !NUMBER.test(plain) ? `'${plain}` : plain
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text
}

/** Texts by semicolons, else JSON. */
function textOf(value: Value): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value) && value.every(each => typeof each === 'string')) return value.join(';')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Resolves once the stream takes more. */
export async function writeTo(stream: Writable, text: string): Promise<void> {
  if (stream.write(text)) return
  await new Promise<void>(resolve => stream.once('drain', resolve))
}
