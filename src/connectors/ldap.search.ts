import { type Client, type Filter, type Entry as RawEntry, ResultCodeError } from 'ldapts'
import { Unprocessable } from '../platform/errors.ts'
import type { Entry } from './connector.ts'
import type { LdapSearchSettings } from './ldap.config.ts'
import { maxDn } from './ldap.dn.ts'
import { attributesOf, binaryAttributes, cutAttributes } from './ldap.entry.ts'
import { longestUserid, presenceFilter } from './ldap.filters.ts'
import { type GroupReader, type GroupSearch, groupsOf } from './ldap.groups.ts'

/** Groups of the first userid. Throws Unprocessable for a long DN. */
export async function toEntry(
  plan: LdapSearchSettings,
  { reader, found, id }: { reader: GroupReader; found: GroupSearch; id: string },
): Promise<Entry> {
  if (found.dn.length > maxDn)
    throw new Unprocessable(`the directory returned an entry with a DN longer than ${maxDn} characters`)
  const [first = id] = useridsOf(plan, found)
  const groups = await groupsOf(reader, plan.groups, { ...found, userid: first })
  return {
    id: found.dn,
    userid: normalizeUserid(plan, id),
    aliases: aliasesOf(plan, found),
    attributes: found.attributes,
    groups,
  }
}

export const useridsOf = ({ idAttribute }: LdapSearchSettings, { attributes }: GroupSearch): string[] =>
  (attributes.get(idAttribute.toLowerCase()) ?? []).toSorted()

export const aliasesOf = (plan: LdapSearchSettings, found: GroupSearch): string[] =>
  useridsOf(plan, found).map(value => normalizeUserid(plan, value))

export const normalizeUserid = ({ normalize }: LdapSearchSettings, userid: string): string =>
  // Normalising is quadratic; longer ones are rejected elsewhere.
  normalize && userid.length <= longestUserid ? userid.normalize('NFKC').trim().toLowerCase() : userid

/** Without size limit: the library would hide truncation. */
export async function search(
  plan: LdapSearchSettings,
  {
    client,
    base,
    scope,
    filter,
    attributes,
  }: { client: Client; base: string; scope: 'base' | 'sub'; filter: Filter; attributes: readonly string[] },
): Promise<GroupSearch[]> {
  const { searchEntries } = await client.search(base, { scope, filter, ...wishesOf(plan, attributes) })
  return Promise.all(searchEntries.map(raw => whole(plan, client, entryOf(raw))))
}

export const wishesOf = ({ peer }: LdapSearchSettings, attributes: readonly string[]) => ({
  attributes: [...attributes],
  explicitBufferAttributes: binaryAttributes,
  timeLimit: Math.ceil(peer.operationTimeout / 1000),
})

export const entryOf = (raw: RawEntry): GroupSearch => ({ dn: raw.dn, attributes: attributesOf(raw) })

const maxRanges = 1_000

/** Completes `member;range=0-1499` ([MS-ADTS] 3.1.1.3.1.3.3). */
export async function whole(plan: LdapSearchSettings, client: Client, entry: GroupSearch): Promise<GroupSearch> {
  const cut = cutAttributes(entry.attributes)
  if (cut.length === 0) return entry
  const attributes = new Map(entry.attributes)
  for (const { key, name, values } of cut) {
    const all = [...values]
    attributes.delete(key)
    for (let turn = 0, more = true; more; turn++) {
      const wishes = wishesOf(plan, [`${name};range=${all.length}-*`])
      const { searchEntries } = await client.search(entry.dn, { scope: 'base', filter: presenceFilter('objectClass'), ...wishes })
      const [next] = searchEntries.map(entryOf)
      const part = cutAttributes(next?.attributes ?? new Map(), name)[0]
      if (!part || part.values.length === 0 || part.from !== all.length || turn > maxRanges)
        throw new Unprocessable(`the directory returned only a part of ${name}`)
      all.push(...part.values)
      more = !part.last
    }
    attributes.set(name, all)
  }
  return { dn: entry.dn, attributes }
}

export const nullWhen =
  (codes: ReadonlySet<number>) =>
  (error: unknown): GroupSearch[] => {
    if (error instanceof ResultCodeError && codes.has(error.code)) return []
    throw error
  }
