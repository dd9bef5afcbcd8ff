/** An entry of a directory with what its groups come to here. */
import type { Entry, GroupLookup, Lookup, PasswordLogin } from '../connectors/connector.ts'
import type { IamRecord } from '../iams/iam.ts'
import type { Db } from '../store/store.ts'
import { type Decided, GroupEntries } from './group.entries.ts'
import { bringsGroups } from './mapping.ts'

/** `decided`: of each group, in their order; absent where nothing was looked up. */
export interface SettledEntry extends Entry {
  readonly decided?: readonly Decided[]
}

type Configured = Pick<IamRecord, 'id' | 'config'>

/** The same directory, whose entries come with what their groups come to. */
export function settling<Directory extends PasswordLogin & Lookup & GroupLookup>(
  directory: Directory,
  db: Db,
  iam: Configured,
): Directory {
  const settle = async (entry: Entry | null): Promise<Entry | null> =>
    entry && (await settled(new GroupEntries(db, iam, directory), iam, [entry]))[0]!
  return {
    ...directory,
    logIn: async (...args) => settle(await directory.logIn(...args)),
    find: async userid => settle(await directory.find(userid)),
    findById: async id => settle(await directory.findById(id)),
  }
}

/** As many entries, each with what its groups come to. */
export async function settled<Some extends Entry>(
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
