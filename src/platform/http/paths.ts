/** The paths that are served: what a doubled slash means (bim-wire-rules "Requests" 3), and which methods a path has. */
import { MethodNotAllowed, NotFound, type RosterError } from '../errors.ts'

interface Template {
  readonly segments: readonly string[]
  readonly methods: Set<string>
}

export class Paths {
  /** The longest first. */
  #templates: readonly Template[] = []

  /** Adds methods to a path: `:param` is one segment, `*` at the end the rest. A GET path has HEAD too. */
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

  /** The methods of a path, sorted; empty for an unknown path. Takes it still encoded and without its query. */
  methodsOf(path: string): string[] {
    const segments = segmentsOf(path).map(decoded)
    const found = this.#templates.filter(({ segments: words }) => fitted(words, segments)?.length === segments.length)
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted()
  }

  /** Why nothing was found for this method: MethodNotAllowed (405) for a path of other methods, else NotFound. */
  refusal(method: string, path: string): RosterError {
    const allowed = this.methodsOf(path)
    // A method that is among them met a file that is not there.
    if (allowed.length > 0 && !allowed.includes(method)) return new MethodNotAllowed(method, allowed)
    return new NotFound('There is nothing at this path: GET /openapi.json lists the paths that there are')
  }

  /**
   * Tolerates doubled slashes before a fixed word of a path: returns the path with single ones, or the path as it is when it fits none.
   * Takes it still encoded and without its query. A parameter takes exactly one segment, also an empty one, and the longest path wins:
   * an empty parameter stays one, to be refused, and never turns a path into a shorter one with a wider meaning.
   */
  rewrite(path: string): string {
    if (!path.includes('//')) return path
    const segments = segmentsOf(path)
    for (const { segments: words } of this.#templates) {
      const single = fitted(words, segments)
      // An empty parameter at the end keeps a slash for the router to take, or it would be gone with it.
      if (single !== null) return `/${single.join('/')}${single.at(-1) === '' ? '/' : ''}`
    }
    return path
  }
}

/** Without the one trailing slash that the router takes off. */
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

/** The segments without the empty ones that the template tolerates, or null where it does not fit. */
function fitted(template: readonly string[], segments: readonly string[]): string[] | null {
  const taken: string[] = []
  let next = 0
  for (const word of template) {
    if (word === '*') return next < segments.length ? [...taken, ...segments.slice(next)] : null
    const parameter = word.startsWith(':')
    while (!parameter && segments[next] === '') next++
    const segment = segments[next++]
    if (segment === undefined || (!parameter && segment !== word)) return null
    taken.push(segment)
  }
  const rest = segments.slice(next)
  return rest.length === 0 || (!template.at(-1)!.startsWith(':') && rest.every(segment => segment === '')) ? taken : null
}
