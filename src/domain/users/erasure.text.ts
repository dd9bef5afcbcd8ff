import { foldCase } from '../../platform/case-folding.ts'
import { canonical } from '../../platform/validation.ts'

export interface PersonNames {
  /** Of any identity source that they were in. */
  readonly iamids: readonly string[]
  readonly userids: readonly string[]
  /** E-mail addresses, DNs, ids: of nobody else. */
  readonly unique: readonly string[]
  /** Names and userids that others have too: replaced only where the row is about the person. */
  readonly shared: ReadonlySet<string>
  readonly names: readonly string[]
}

export interface Eraser {
  readonly pseudonym: string
  /** LIKE patterns, case folded: a text without any of them stays. */
  readonly patterns: readonly string[]
  text(value: string | null, about: About): string | null
  json(value: unknown, about: About): unknown
  /** Of what was stored about the person: keeps only what says nothing about who it is. */
  strip(value: unknown): unknown
}
/** `own`: the row is about the person. */
export type About = 'own' | 'other'

/** Below, a name may be a part of anything. */
const SHORTEST = 4
/** What stands before or after a whole name. */
const BEFORE = '(?<![\\p{L}\\p{N}_@+-]|[\\p{L}\\p{N}]\\.)'
const AFTER = '(?![\\p{L}\\p{N}_@+-]|\\.[\\p{L}\\p{N}])'

export const pseudonymOf = (userId: number): string => `erased-${userId}`

export function createEraser(userId: number, person: PersonNames, iamids: readonly string[]): Eraser {
  const pseudonym = pseudonymOf(userId)
  const isShared = (name: string) => [...name].length < SHORTEST || person.shared.has(canonical(name))
  const pairs = person.iamids.flatMap(iamid => person.userids.map(userid => `${iamid}/${userid}`))
  const names = [...person.userids, ...person.names]
  const everywhere = [...pairs.filter(pair => !person.shared.has(canonical(pair))), ...person.unique]
  const strict = matcher([...everywhere, ...names.filter(name => !isShared(name))])
  const wide = matcher([...everywhere, ...pairs, ...names])
  const own = new Set(person.iamids.map(iamid => iamid.toLowerCase()))
  const others = new Set(iamids.filter(iamid => !person.iamids.includes(iamid)))
  const replaced = (text: string, about: About) =>
    text.replace(about === 'own' ? wide : strict, (match, ...rest: unknown[]) => {
      const at = rest.find(value => typeof value === 'number') as number
      // Another person of that name, in another identity source.
      if (others.has(ownerBefore(text, at))) return match
      const iamid = match.slice(0, Math.max(match.indexOf('/'), 0))
      return own.has(iamid.toLowerCase()) ? `${iamid}/${pseudonym}` : pseudonym
    })
  const text = (value: string | null, about: About) => value && replaced(value, about)
  const json = (value: unknown, about: About): unknown => mapped(value, (inner: string) => replaced(inner, about))
  return {
    pseudonym,
    patterns: [...new Set([...everywhere, ...pairs, ...names].flatMap(variants).flatMap(patternsOf))],
    text,
    json,
    strip: value => stripped(value, { pseudonym, kept: inner => json(inner, 'own') }),
  }
}

/** As long as an iamid may be, and more. */
const OWNER = 256

/** The iamid of "iamid/" before this place, or nothing. */
function ownerBefore(text: string, at: number): string {
  if (text[at - 1] !== '/') return ''
  const before = text.slice(Math.max(0, at - 1 - OWNER), at - 1)
  const word = before.split(/[^\w-]/).at(-1)!
  return word.slice(Math.max(word.search(/[A-Za-z]/), 0))
}

const NOTHING = /(?!)/gu

function matcher(names: readonly string[]): RegExp {
  const all = [...new Set(names.flatMap(variants))].filter(name => name !== '').toSorted((a, b) => b.length - a.length)
  return all.length === 0 ? NOTHING : new RegExp(`${BEFORE}(?:${all.map(escaped).join('|')})${AFTER}`, 'giu')
}

/** As requests and answers have them too. */
const variants = (name: string): string[] => [
  ...new Set([name.normalize('NFC'), name.normalize('NFD'), encodeURIComponent(name), canonical(name)]),
]
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** Of plain text and of JSON, folded as the store folds them. */
const patternsOf = (name: string): string[] =>
  [name, JSON.stringify(name).slice(1, -1)].map(text => `%${foldCase(text).replace(/[\\%_]/g, '\\$&')}%`)

function mapped(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map(inner => mapped(inner, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [map(key), mapped(inner, map)]))
}

/** Values that are not personal. */
const KEPT = new Set([
  ...['iamid', 'permission', 'permissions', 'group', 'groups', 'source', 'sources', 'disabledBy', 'kind', 'by', 'scopes'],
  ...['createdAt', 'updatedAt', 'lastUsed', 'lastLogin', 'expiresAt', 'at', 'prefix'],
])

function stripped(value: unknown, how: { pseudonym: string; kept: (value: unknown) => unknown }): unknown {
  if (typeof value === 'string') return how.pseudonym
  if (Array.isArray(value)) return value.map(inner => stripped(inner, how))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [String(how.kept(key)), KEPT.has(key) ? how.kept(inner) : stripped(inner, how)]),
  )
}

/** Where events about a user have their names. */
const NAME_KEYS = new Set(['name', 'displayName', 'formatted', 'sqlUser'])
const UNIQUE_KEYS = new Set(['email', 'dn', 'globalUserId', 'userName'])

/** Adds the names that an event about the person has. */
export function collectNames(value: unknown, found: Record<'iamids' | 'userids' | 'names' | 'unique', Set<string>>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== 'string' || inner === '') continue
    if (key === 'iamid') found.iamids.add(inner)
    else if (key === 'userid') found.userids.add(inner)
    else if (NAME_KEYS.has(key)) found.names.add(inner)
    else if (UNIQUE_KEYS.has(key)) found.unique.add(inner)
  }
}
