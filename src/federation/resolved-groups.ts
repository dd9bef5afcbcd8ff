import type { Entry, GroupLookup, Lookup, PasswordLogin } from '../connectors/connector.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Db } from '../platform/database/store.ts'
import { bringsGroups } from './attribute-mapping.ts'
import type { GroupChange } from './group-entries.store.ts'
import { type GroupDecision, GroupEntries } from './group-entries.ts'

export interface ResolvedEntry extends Entry {
  readonly decided?: readonly GroupDecision[]
  readonly along?: readonly GroupChange[]
}

type Configured = Pick<IamRecord, 'id' | 'config'>

export function settling<Directory extends PasswordLogin & Lookup & GroupLookup>(
  directory: Directory,
  db: Db,
  iam: Configured,
): Directory {
  const settle = async (entry: Entry | null): Promise<ResolvedEntry | null> => {
    if (!entry) return null
    const entries = new GroupEntries(db, iam, directory)
    const [one] = await resolveGroups<ResolvedEntry>(entries, iam, [entry])
    const own = new Set(one!.decided?.map(({ change }) => change))
    const along = entries.takePending().flatMap(({ decided: { change } }) => (change === null || own.has(change) ? [] : change))
    return { ...one!, ...(along.length > 0 && { along }) }
  }
  return {
    ...directory,
    logIn: async (...args) => settle(await directory.logIn(...args)),
    find: async userid => settle(await directory.find(userid)),
    findById: async id => settle(await directory.findById(id)),
  }
}

export async function resolveGroups<Some extends Entry>(
  entries: GroupEntries,
  iam: Configured,
  people: readonly Some[],
): Promise<Some[]> {
  if (!bringsGroups(iam)) return [...people]
  const groups = people.flatMap(person => person.groups ?? [])
  const found = await entries.decide(groups)
  const decided = new Map(groups.map((group, at) => [group, found[at]!]))
  return people.map(person => ({ ...person, decided: person.groups?.map(group => decided.get(group)!) ?? [] }))
}
