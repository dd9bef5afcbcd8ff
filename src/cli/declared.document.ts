import { isNode, LineCounter, parseDocument } from 'yaml'
import { EXIT, Failure } from './exit.ts'

/** Bytes. */
export const MAX_SIZE = 1_048_576
const MAX_DEPTH = 32

export type Path = readonly (string | number)[]
export type Values = Readonly<Record<string, unknown>>

export interface Document {
  readonly values: Values
  /** Such as `roster.yaml:7`. */
  placeOf(path: Path): string
}

export const isValues = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws Failure with the line for what is no YAML mapping. */
export function readDocument(name: string, text: string): Document {
  const refuse = (reason: string) => new Failure(`${name}: ${reason}`, EXIT.failed)
  if (Buffer.byteLength(text) > MAX_SIZE) throw refuse(`is longer than ${MAX_SIZE} bytes`)
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, version: '1.2' })
    const fault = document.errors[0] ?? document.warnings[0]
    if (fault) throw new Failure(`${name}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`)
    const values: unknown = document.toJS({ maxAliasCount: 0 })
    if (depthOf(values) > MAX_DEPTH) throw refuse(`is nested deeper than ${MAX_DEPTH}`)
    if (!isValues(values)) throw refuse('must be a YAML mapping that begins with iams:')
    const placeOf = (path: Path): string => {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true)
        if (isNode(node) && node.range) return `${name}:${lines.linePos(node.range[0]).line}`
      }
      return name
    }
    return { values, placeOf }
  } catch (error) {
    if (error instanceof Failure) throw error
    if (error instanceof RangeError) throw refuse(`is nested deeper than ${MAX_DEPTH}`)
    if (error instanceof ReferenceError) throw refuse('must not use aliases (*name): repeat the value')
    throw error
  }
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return depth
  return Object.values(value).reduce<number>((most, inner) => Math.max(most, depthOf(inner, depth + 1)), depth + 1)
}

export const joined = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const shown = /^[\w$:/@-]{1,64}$/.test(step) ? step : JSON.stringify(step.slice(0, 64))
    return text === '' ? shown : `${text}.${shown}`
  }, '')
