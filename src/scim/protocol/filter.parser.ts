/** Filters and value paths (RFC 7644 3.4.2.2, 3.5.2): bounded, linear. Pure. */
import { ScimError } from './errors.ts'
import { type Compare, type Filter, OPERATORS, type Presence, type Tree, type ValueFilter, type ValuePath } from './filter.ts'

const MAX_CHARACTERS = 4096
const MAX_DEPTH = 20
const MAX_COMPARISONS = 100

/** Throws ScimError invalidFilter with the position. */
export function parseFilter(text: string): Filter {
  return new Parser(text, 0, 'invalidFilter').filter()
}

export function parseValuePath(path: string): { attribute: string; filter: ValueFilter; sub: string | null } | null {
  const open = path.indexOf('[')
  if (open === -1) return null
  return { attribute: path.slice(0, open), ...new Parser(path, open, 'invalidPath').bracketsToEnd() }
}

const SPACES = /\s*/y
// URNs contain colons and dots; `$ref` (RFC 7643 2.4).
const WORD = /[\w$][-\w.:/%$]*/y
const SUB = /[A-Za-z$][-\w$]*/y
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![-+\w.:/%$])/y
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
] as const)
const isOperator = (word: string): word is Compare['op'] => OPERATORS.some(operator => operator === word)

/** One method per grammar rule. */
class Parser {
  readonly #text: string
  readonly #scimType: 'invalidFilter' | 'invalidPath'
  #at: number
  #depth = 0
  #comparisons = 0

  constructor(text: string, from: number, scimType: 'invalidFilter' | 'invalidPath') {
    this.#text = text
    this.#at = from
    this.#scimType = scimType
    if (text.length - from > MAX_CHARACTERS) throw this.#fault(`must be at most ${MAX_CHARACTERS} characters`)
  }

  filter(): Filter {
    const filter = this.#or(() => this.#attribute())
    if (this.#next() !== '') throw this.#expected('"and", "or" or its end')
    return filter
  }

  bracketsToEnd(): { filter: ValueFilter; sub: string | null } {
    const filter = this.#brackets()
    const sub = this.#dot() ? this.#name(SUB) : null
    if (this.#at < this.#text.length) throw this.#expected(sub === null ? '"." or its end' : 'its end')
    return { filter, sub }
  }

  #or<Leaf>(leaf: () => Tree<Leaf>): Tree<Leaf> {
    return this.#joined('or', () => this.#joined('and', () => this.#operand(leaf)))
  }

  #joined<Leaf>(op: 'and' | 'or', next: () => Tree<Leaf>): Tree<Leaf> {
    const filters = [next()]
    while (this.#keyword(op)) filters.push(next())
    return filters.length === 1 ? filters[0]! : { op, filters }
  }

  /** `not` without parentheses negates one operand. */
  #operand<Leaf>(leaf: () => Tree<Leaf>): Tree<Leaf> {
    if (this.#keyword('not')) {
      const isGroup = this.#next() === '('
      return { op: 'not', filter: isGroup ? this.#operand(leaf) : this.#deeper(() => this.#operand(leaf)) }
    }
    if (this.#next() !== '(') return leaf()
    this.#at++
    const filter = this.#deeper(() => this.#or(leaf))
    this.#close(')')
    return filter
  }

  #attribute(): Compare | Presence | ValuePath {
    const attrPath = this.#path()
    if (this.#next() !== '[') return this.#comparison(attrPath)
    const filter = this.#brackets()
    if (!this.#dot()) return { op: '[]', attrPath, valFilter: filter }
    // Both conditions apply to the same value, unlike `and`.
    return { op: '[]', attrPath, valFilter: { op: 'and', filters: [filter, this.#comparison(this.#name(SUB))] } }
  }

  #brackets(): ValueFilter {
    this.#at++
    const filter = this.#deeper(() => this.#or<Compare | Presence>(() => this.#comparison(this.#path())))
    this.#close(']')
    return filter
  }

  #comparison(attrPath: string): Compare | Presence {
    if (++this.#comparisons > MAX_COMPARISONS) throw this.#fault(`must have at most ${MAX_COMPARISONS} comparisons`)
    this.#next()
    const begun = this.#at
    const op = this.#match(WORD).toLowerCase()
    if (op === 'pr') return { op, attrPath }
    if (isOperator(op)) return { op, attrPath, compValue: this.#value() }
    this.#at = begun
    throw this.#expected(`an operator (${OPERATORS.join(', ')}, pr)`)
  }

  /** A JSON literal, or Entra ID's `True`. */
  #value(): Compare['compValue'] {
    this.#next()
    const number = this.#match(NUMBER)
    if (number !== '') return Number(number)
    const begun = this.#at
    const literal = LITERALS.get(this.#match(WORD).toLowerCase())
    if (literal !== undefined) return literal
    this.#at = begun
    try {
      return JSON.parse(this.#match(STRING))
    } catch {
      this.#at = begun
      throw this.#expected('a JSON string, number, true, false or null')
    }
  }

  #path(): string {
    this.#next()
    return this.#name(WORD)
  }

  #name(pattern: RegExp): string {
    const name = this.#match(pattern)
    if (name === '') throw this.#expected('an attribute')
    return name
  }

  #keyword(keyword: string): boolean {
    this.#next()
    const begun = this.#at
    if (this.#match(WORD).toLowerCase() === keyword) return true
    this.#at = begun
    return false
  }

  #close(bracket: ')' | ']'): void {
    if (this.#next() !== bracket) throw this.#expected(`"and", "or" or "${bracket}"`)
    this.#at++
  }

  #dot(): boolean {
    if (this.#text[this.#at] !== '.') return false
    this.#at++
    return true
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.#fault(`must not nest deeper than ${MAX_DEPTH} levels`)
    const parsed = parse()
    this.#depth--
    return parsed
  }

  #next(): string {
    this.#match(SPACES)
    return this.#text[this.#at] ?? ''
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #expected(what: string): ScimError {
    const place = [...this.#text.slice(0, this.#at)].length + 1
    return this.#fault(`must have ${what} at character ${place}`)
  }

  #fault(rule: string): ScimError {
    return new ScimError(this.#scimType, this.#scimType === 'invalidFilter' ? 'filter' : 'path', rule)
  }
}
