import type { Entry } from '../connectors/connector.ts'

export const entryToJson = ({ id, userid, aliases, attributes, groups }: Entry): object => ({
  id,
  userid,
  aliases,
  attributes: Object.fromEntries(attributes),
  groups: groups?.map(group => ({ id: group.id, name: group.name, attributes: Object.fromEntries(group.attributes) })) ?? null,
})

interface EntryJson {
  readonly id: string
  readonly userid: string
  readonly aliases?: readonly string[]
  readonly attributes: Record<string, readonly string[]>
  readonly groups: readonly (Pick<EntryJson, 'id' | 'attributes'> & { readonly name: string })[] | null
}

export function entryFromJson(words: unknown): Entry | null {
  if (typeof words !== 'object' || words === null || !('attributes' in words)) return null
  const { id, userid, aliases, attributes, groups } = words as EntryJson
  const attributesIn = (all: EntryJson['attributes']) =>
    new Map(Object.entries(all).filter(([, values]) => Array.isArray(values)))
  return {
    id,
    userid,
    aliases: Array.isArray(aliases) ? aliases : [userid],
    attributes: attributesIn(attributes),
    groups:
      groups?.map(group => ({ id: group.id, name: group.name, entryIds: [], attributes: attributesIn(group.attributes) })) ??
      null,
  }
}
