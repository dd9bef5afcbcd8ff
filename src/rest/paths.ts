/** Doubled slashes, of clients that join a base and a path by one too many (bim-wire-rules "Requests" 3). */
import { rows } from './table.ts'

/** The path as the router knows it: see `createRewrite`. Takes it still encoded and without its query. */
export const rewrite: (path: string) => string = createRewrite(
  rows.flatMap(row => [row.path, ...row.aliases.map(alias => alias.path)]),
)

/**
 * Tolerates doubled slashes before a fixed word of a path, given the paths there are: answers the path with single ones, or the path as
 * it is when it fits none. A parameter takes exactly one segment, also an empty one, and the longest path wins: an empty parameter stays
 * one, to be refused, and never turns a path into a shorter one with a wider meaning.
 */
export function createRewrite(templates: readonly string[]): (path: string) => string {
  const words = [...new Set(templates)].map(template => template.split('/').slice(1)).sort((a, b) => b.length - a.length)
  return path => {
    if (!path.includes('//')) return path
    const segments = path.split('/').slice(1)
    // The one trailing slash that the router takes off.
    if (segments.at(-1) === '') segments.pop()
    for (const template of words) {
      const single = fitted(template, segments)
      // An empty parameter at the end keeps a slash for the router to take, or it would be gone with it.
      if (single !== null) return `/${single.join('/')}${single.at(-1) === '' ? '/' : ''}`
    }
    return path
  }
}

/** The segments without the empty ones that the template tolerates, or null where it does not fit. */
function fitted(template: readonly string[], segments: readonly string[]): string[] | null {
  const taken: string[] = []
  let next = 0
  for (const word of template) {
    const parameter = word.startsWith(':')
    while (!parameter && segments[next] === '') next++
    const segment = segments[next++]
    if (segment === undefined || (!parameter && segment !== word)) return null
    taken.push(segment)
  }
  const rest = segments.slice(next)
  return rest.length === 0 || (!template.at(-1)!.startsWith(':') && rest.every(segment => segment === '')) ? taken : null
}
