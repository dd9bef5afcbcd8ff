import { MethodNotAllowed, NotFound, type RosterError } from '../errors.ts'

interface Template {
  readonly segments: readonly string[]
  readonly methods: Set<string>
}

export class Paths {
  #templates: readonly Template[] = []

  /** `:param` is a segment, `*` the rest. GET implies HEAD. */
  add(path: string, methods: readonly string[]): void {
    const segments = path.split('/').slice(1)
    const all = methods.includes('GET') ? ['HEAD', ...methods] : methods
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

  refusal(method: string, path: string): RosterError {
    const allowed = this.methodsOf(path)
    if (allowed.length > 0 && !allowed.includes(method)) return new MethodNotAllowed(method, allowed)
    return new NotFound('No such path: GET /openapi.json lists all paths')
  }

  /**
   * Removes doubled slashes before fixed segments. Empty parameters stay, to be rejected: the longest path wins,
   * so none gets a wider meaning.
   */
  rewrite(path: string): string {
    if (!path.includes('//')) return path
    const segments = segmentsOf(path)
    for (const { segments: words } of this.#templates) {
      const single = fitted(words, segments)
      // The router drops one trailing slash.
      if (single !== null) return `/${single.join('/')}${single.at(-1) === '' ? '/' : ''}`
    }
    return path
  }
}

function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1)
  if (segments.length > 1 && segments.at(-1) === '') segments.pop()
  return segments
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
