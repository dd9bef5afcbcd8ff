import { type Client, ResultCodeError } from 'ldapts'
import type { LdapSearchSettings } from './ldap.config.ts'
import { valuesOf } from './ldap.entry.ts'
import { presenceFilter } from './ldap.filters.ts'
import { type Matching, matchingBy, type Rule, ruleOf } from './ldap.matching.ts'
import { search } from './ldap.search.ts'

// Matching rules from a directory's schema (RFC 4512, 4.2).

const maxDefinitions = 50_000
const maxDefinition = 4_096
const maxDepth = 20

/** Default rules without a readable schema. Throws as a search. */
export async function matchingOf(plan: LdapSearchSettings, client: Client): Promise<Matching> {
  const anything = presenceFilter('objectClass')
  try {
    const [root] = await search(plan, { client, base: '', scope: 'base', filter: anything, attributes: ['subschemaSubentry'] })
    const [place] = valuesOf(root?.attributes ?? new Map(), ['subschemaSubentry'])
    if (place === undefined) return matchingBy()
    const [schema] = await search(plan, { client, base: place, scope: 'base', filter: anything, attributes: ['attributeTypes'] })
    return matchingBySchema(valuesOf(schema?.attributes ?? new Map(), ['attributeTypes']))
  } catch (error) {
    if (error instanceof ResultCodeError) return matchingBy()
    throw error
  }
}

interface AttributeType {
  readonly names: readonly string[]
  readonly above: string | null
  readonly rule: Rule
}

export function matchingBySchema(definitions: readonly string[]): Matching {
  const types = new Map<string, AttributeType>()
  for (const definition of definitions.slice(0, maxDefinitions)) {
    if (definition.length > maxDefinition) continue
    const type = typeOf(definition)
    for (const name of type?.names ?? []) types.set(name, type!)
  }
  const ruleFor = (type: AttributeType): Rule => {
    let at: AttributeType | undefined = type
    for (let depth = 0; at && depth < maxDepth; depth++) {
      if (at.rule !== 'unknown') return at.rule
      at = at.above === null ? undefined : types.get(at.above)
    }
    return 'unknown'
  }
  const names = new Map([...types].map(([name, type]) => [name, type.names[0]!]))
  return matchingBy(new Map([...new Set(types.values())].map(type => [type.names[0]!, ruleFor(type)])), names)
}

function typeOf(definition: string): AttributeType | null {
  const tokens: readonly string[] = definition.match(/'[^']*'|[()]|[^\s()']+/g) ?? []
  const [, oid] = tokens
  if (oid === undefined) return null
  const plain = (token: string | undefined) => token?.replaceAll("'", '').toLowerCase() ?? ''
  const after = (keyword: string) => {
    const at = tokens.indexOf(keyword)
    return at < 0 ? null : tokens[at + 1] === '(' ? tokens.slice(at + 2, tokens.indexOf(')', at)) : tokens.slice(at + 1, at + 2)
  }
  return {
    names: [...(after('NAME') ?? []), oid].map(plain),
    above: after('SUP')?.map(plain)[0] ?? null,
    rule: ruleOf(plain(after('EQUALITY')?.[0])),
  }
}
