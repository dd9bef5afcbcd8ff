import { MethodNotAllowed, NotFound, type RosterError } from '../errors.ts'
import { editsTo } from '../suggestions.ts'
import { isUnder } from './request.ts'
import { NO_ROUTE } from './request-line.ts'
import type { HttpResponse } from './types.ts'

interface Template {
  readonly segments: readonly string[]
  readonly methods: Set<string>
}

export class Paths {
  #templates: readonly Template[] = []
  readonly #prefix: string

  constructor(prefix = '') {
    this.#prefix = prefix.replace(/\/$/, '')
  }

  /** Without the prefix; a path that is known as it stands has lost it already. */
  below(path: string): string {
    if (this.#prefix === '') return path
    const single = path.replace(/^\/+/, '/')
    if (!isUnder(single, this.#prefix) || this.methodsOf(path).length > 0) return path
    return single.slice(this.#prefix.length) || '/'
  }

  /** `:param` is a segment, `*` the rest. GET implies HEAD. */
  add(path: string, methods: readonly string[]): void {
    const segments = path.split('/').slice(1)
    const all = methods.includes('GET') ? ['HEAD', 'OPTIONS', ...methods] : ['OPTIONS', ...methods]
    const known = this.#templates.find(template => template.segments.join('/') === segments.join('/'))
    if (known) for (const method of all) known.methods.add(method)
    else {
      const added = [...this.#templates, { segments, methods: new Set(all) }]
      this.#templates = added.sort((a, b) => b.segments.length - a.segments.length)
    }
  }

  methodsOf(path: string): string[] {
    const segments = segmentsOf(path).map(decoded)
    const found = this.#templates.filter(({ segments: words }) => fitted(words, segments)?.length === segments.length)
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted()
  }

  /** The longest template, of those the one with fewest parameters. */
  templateOf(path: string): string {
    const segments = segmentsOf(path).map(decoded)
    const fits = this.#templates.filter(({ segments: words }) => fitted(words, segments)?.length === segments.length)
    const [best] = fits.toSorted((a, b) => b.segments.length - a.segments.length || openness(a) - openness(b))
    return best === undefined ? NO_ROUTE : `/${best.segments.join('/')}`
  }

  refusal(method: string, path: string): RosterError {
    const allowed = this.methodsOf(path)
    // OPTIONS that is not answered is the preflight of another origin.
    if (allowed.length > 0 && (method === 'OPTIONS' || !allowed.includes(method))) return new MethodNotAllowed(method, allowed)
    return new NotFound(`No such path${this.#suggestion(path) || ':'} GET /openapi.json lists all paths`)
  }

  /** RFC 9110 9.3.7; null for other methods and unknown paths. */
  options(method: string, path: string): HttpResponse | null {
    const allowed = method === 'OPTIONS' ? this.methodsOf(path) : []
    return allowed.length === 0 ? null : { status: 204, headers: { allow: allowed.join(', ') } }
  }

  /** Paths are public, so every caller gets it. */
  #suggestion(path: string): string {
    const segments = segmentsOf(path).map(decoded)
    let best: { words: readonly string[]; edits: number } | null = null
    for (const { segments: words } of this.#templates) {
      const edits = editsToTemplate(segments, words)
      if (edits !== null && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { words, edits }
    }
    return best === null ? '' : `: did you mean /${best.words.map(word => word.replace(/^:(.*)/, '{$1}')).join('/')}?`
  }

  /**
   * Removes doubled slashes before fixed segments. Empty parameters stay, to be rejected: the longest path wins,
   * so none gets a wider meaning.
   */
  rewrite(path: string): string {
    if (!path.includes('//')) return path
    if (/^\/+$/.test(path) && this.methodsOf('/').length > 0) return '/'
    const segments = segmentsOf(path)
    for (const { segments: words } of this.#templates) {
      const single = fitted(words, segments)
      // The router drops one trailing slash.
      if (single !== null) return `/${single.join('/')}${single.at(-1) === '' ? '/' : ''}`
    }
    return path
  }
}

const openness = ({ segments }: Template): number => segments.filter(word => word === '*' || word.startsWith(':')).length

function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1)
  if (segments.length > 1 && segments.at(-1) === '') segments.pop()
  return segments
}

/** A left out first segment, such as /bim, counts as one edit. */
function editsToTemplate(segments: readonly string[], words: readonly string[]): number | null {
  if (segments.length === 0 || words.at(-1) === '*') return null
  if (words.length === segments.length + 1 && words.slice(0, 2).every(word => !word.startsWith(':')))
    return fitted(words.slice(1), segments)?.length === segments.length ? 1 : null
  if (words.length !== segments.length) return null
  let total = 0
  for (const [at, word] of words.entries()) {
    const edits = word.startsWith(':') ? 0 : editsTo(segments[at]!, word)
    if (edits === null || segments[at] === '') return null
    total += edits
  }
  return total
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function fitted(template: readonly string[], segments: readonly string[]): string[] | null {
  const taken: string[] = []
  let next = 0
  for (const fixed of template) {
    if (fixed === '') return segments.every(segment => segment === '') ? [...segments] : null
    if (fixed === '*') return next < segments.length ? [...taken, ...segments.slice(next)] : null
    const parameter = fixed.startsWith(':')
    while (!parameter && segments[next] === '') next++
    const segment = segments[next++]
    if (segment === undefined || (!parameter && segment !== fixed)) return null
    taken.push(segment)
  }
  const rest = segments.slice(next)
  return rest.length === 0 || (!template.at(-1)!.startsWith(':') && rest.every(segment => segment === '')) ? taken : null
}
