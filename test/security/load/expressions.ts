// Every regular expression of src, as it stands there or as a file makes it when it is loaded, and inputs of its own alphabet.
import { readdirSync, readFileSync } from 'node:fs'
import { parseSync } from 'vite'

const SRC = new URL('../../../src/', import.meta.url)

export interface Expression {
  /** Such as `validation.ts:26`. */
  readonly place: string
  readonly pattern: RegExp
}

interface Node {
  readonly type: string
  readonly start: number
  readonly regex?: { pattern: string; flags: string }
  readonly callee?: { name?: string }
}

/** The expressions written in src, and those that `new RegExp(…)` makes while its file is loaded. */
export async function expressions(): Promise<Expression[]> {
  const found: Expression[] = []
  for (const file of sources()) {
    const text = readFileSync(new URL(file, SRC), 'utf8')
    const { program, errors } = parseSync(file, text)
    if (errors.length > 0) throw new Error(`${file} cannot be parsed`)
    const nodes = nodesOf(program)
    const line = ({ start }: Node) => text.slice(0, start).split('\n').length
    for (const node of nodes)
      if (node.regex) found.push({ place: `${file}:${line(node)}`, pattern: new RegExp(node.regex.pattern, node.regex.flags) })
    const made = nodes.filter(({ type, callee }) => /^(New|Call)Expression$/.test(type) && callee?.name === 'RegExp')
    if (made.length === 0) continue
    const patterns = await madeBy(file)
    if (patterns.length < made.length) throw new Error(`${file} makes a RegExp later than it is loaded: from what input?`)
    found.push(...patterns.map(pattern => ({ place: `${file}:${made.map(line).join()}`, pattern })))
  }
  return found
}

export const sources = (): string[] =>
  readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    file => /\.tsx?$/.test(file) && !file.endsWith('.d.ts') && !file.startsWith('generated/'),
  )

function nodesOf(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return []
  const inner = Object.values(value).flatMap(nodesOf)
  return 'type' in value && 'start' in value ? [value as Node, ...inner] : inner
}

/** Loads the file with a RegExp that records what is made. */
async function madeBy(file: string): Promise<RegExp[]> {
  const made: RegExp[] = []
  const original = globalThis.RegExp
  const text = readFileSync(new URL(file, SRC), 'utf8')
  const recording = function (this: unknown, source: string, flags?: string) {
    const pattern = new original(source, flags)
    if (text.includes('RegExp(')) made.push(pattern)
    return pattern
  } as unknown as RegExpConstructor
  Object.setPrototypeOf(recording, original)
  Object.defineProperty(recording, 'prototype', { value: original.prototype })
  globalThis.RegExp = recording
  try {
    await import(`${new URL(file, SRC).pathname}?recorded`)
  } finally {
    globalThis.RegExp = original
  }
  return made
}

/** `head`, then `unit` again and again, then `tail`. */
export interface Shape {
  readonly head: string
  readonly unit: string
  readonly tail: string
}

const CANDIDATES = [...' a0Z_-\n\0"\'\\/.,:;=<>()[]{}@#$%&*+?!|~^\t\ré', '\u0300', '\u200b', '\u2028']

/** Shapes from the parts of a pattern: each part and each literal run repeated, where it stands in the pattern and alone. */
export function shapesOf(pattern: RegExp): Shape[] {
  const parts = partsOf(pattern)
  const other = CANDIDATES.filter(char => !parts.some(part => part.includes(char))).slice(0, 1)
  const tails = [...new Set(['', ...other, '\n', '\0'])]
  const heads = parts.map((_, at) =>
    parts
      .slice(0, at)
      .map(([sample]) => sample)
      .join(''),
  )
  const repeated = parts.flatMap((samples, at) => samples.map(unit => ({ head: heads[at]!, unit })))
  // A part with one of the next, since what stands between may be optional.
  const pairs = parts.flatMap(([first], at) =>
    parts.slice(at + 1, at + 7).map(([next]) => ({ head: heads[at]!, unit: first! + next! })),
  )
  const whole = { head: '', unit: parts.map(([sample]) => sample).join('') }
  const bare = [...repeated, ...pairs].map(({ unit }) => ({ head: '', unit }))
  const all = [...repeated, ...pairs, whole, ...bare].filter(({ unit }) => unit !== '')
  const shapes = all.flatMap(({ head, unit }) => tails.map(tail => ({ head, unit, tail })))
  return [...new Map(shapes.map(shape => [JSON.stringify(shape), shape])).values()]
}

/** The parts of a pattern in their order: of a literal run its text, of a class some of its characters. Quantifiers and groups are left out. */
function partsOf({ source, flags }: RegExp): string[][] {
  const own = [...new Set([...source, ...CANDIDATES])]
  const unicode = flags.replace(/[^uvi]/g, '')
  const members = (piece: string) => own.filter(char => new RegExp(`^${piece}$`, unicode).test(char))
  const parts: string[][] = []
  let run = ''
  const end = () => {
    if (run !== '') parts.push([run])
    run = ''
  }
  for (let at = 0; at < source.length; ) {
    const [piece] = /^(?:\(\?(?:<?[=!]|:|<\w+>)|[()|^$]|[*+?]\??|\{\d+(?:,\d*)?\}\??|\\[1-9]|\\[bB])/.exec(source.slice(at)) ?? []
    if (piece !== undefined) {
      // What is repeated is a part of its own, and not the end of a run.
      if (/^[*+?{]/.test(piece) && run.length > 1) {
        parts.push([run.slice(0, -1)], [run.slice(-1)])
        run = ''
      }
      end()
      at += piece.length
      continue
    }
    const atom = source[at] === '[' ? classAt(source, at) : escapeAt(source, at)
    const found = members(atom)
    if (found.length === 1) run += found[0]
    else {
      end()
      // Characters that stand elsewhere in the pattern first: parts that overlap are what makes an engine go back.
      parts.push([...found.slice(0, 3), ...found.filter(char => CANDIDATES.includes(char)).slice(0, 2)])
    }
    at += atom.length
  }
  end()
  return parts.filter(part => part.length > 0)
}

function classAt(source: string, start: number): string {
  let depth = 0
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '[') depth++
    else if (source[at] === ']' && --depth === 0) return source.slice(start, at + 1)
    // Without the flag v a bracket inside a class is a character.
    if (depth > 1 && !source.includes('--')) depth = 1
  }
  return source.slice(start)
}

const escapeAt = (source: string, at: number): string =>
  /^(?:\\[pP]\{[^}]*\}|\\x[0-9a-f]{2}|\\u\{[^}]*\}|\\u[0-9a-f]{4}|\\.|.)/is.exec(source.slice(at))![0]
