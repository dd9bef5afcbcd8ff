import type { App } from '../authorization/context.ts'
import type { ServiceContext } from '../authorization/service.ts'
import type { Entry, GroupLookup, Listing, Lookup, PasswordLogin } from '../connectors/connector.ts'
import { openLdap } from '../connectors/ldap.ts'
import { recordEntryIds } from '../domain/iams/iam.ids.store.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { UserRecord } from '../domain/users/user.ts'
import type { Db } from '../platform/database/store.ts'
import { Invalid, RosterError } from '../platform/errors.ts'
import { checkUserid } from '../platform/validation.ts'
import { identityOf } from './attribute-mapping.ts'
import { entryToJson } from './entry-json.ts'
import { type ResolvedEntry, settling } from './resolved-groups.ts'
import { directoryIdOf, hasNoEntryIds } from './source-ids.ts'
import { type SourceResult, secretsOf } from './source-result.ts'

export type Directory = PasswordLogin & Lookup & GroupLookup & Listing

/** Cached per configuration; remembers the responsive host. */
const directories = new WeakMap<App, Map<string, { version: number; directory: Directory }>>()

/** Null without a directory. Throws Unprocessable when secrets are unreadable. */
export async function directoryOf({ app, db }: Pick<ServiceContext, 'app' | 'db'>, iam: IamRecord): Promise<Directory | null> {
  if (iam.type !== 'ldap' || iam.config.options === undefined) return null
  const known = directories.get(app) ?? new Map<string, { version: number; directory: Directory }>()
  directories.set(app, known)
  const version = iam.updatedAt.getTime()
  const found = known.get(iam.id)
  if (found?.version === version) return found.directory
  const opened = openLdap(iam.config, await secretsOf({ app, db }, iam.id), { outbound: app.outbound })
  const directory = settling(opened, app.store.db, iam)
  known.set(iam.id, { version, directory })
  return directory
}

export async function logFailure<Answer>({ log }: App, iamid: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof RosterError) log.warn({ iamid, failure: error.message }, 'the directory gave no answer')
    throw error
  }
}

/**
 * Missing attributes have no values. New users get the first userid. Entries without a position have an empty
 * id.
 */
export function mapEntry(iam: Pick<IamRecord, 'id' | 'config'>, entry: ResolvedEntry): SourceResult {
  const { id, aliases, attributes, groups, decided, along = [] } = entry
  const names = aliases.filter(isUserid)
  const [userid = entry.userid] = names
  const valuesOf = (from: Entry['attributes']) => (name: string) => from.get(name.toLowerCase()) ?? []
  const { identity, faults } = identityOf(iam, {
    userid,
    values: valuesOf(attributes),
    groups:
      groups
        ?.filter((_, at) => decided?.[at]?.taken ?? true)
        .map(group => ({ name: group.name, entryId: group.entryIds[0], values: valuesOf(group.attributes) })) ?? null,
  })
  const changes = [...(decided?.flatMap(({ change }) => change ?? []) ?? []), ...along]
  const groupFaults = decided?.flatMap(({ fault }) => fault ?? []) ?? []
  const named = {
    ...(id !== '' && { dn: id }),
    ...(names.length > 1 && { aliases: names }),
    ...(changes.length > 0 && { groupChanges: changes }),
    ...(!hasNoEntryIds(iam) && { sourceId: directoryIdOf(iam, entry) }),
  }
  return { source: iam.id, identity: { ...identity, ...named }, failure: null, faults: [...groupFaults, ...faults] }
}

/** By id, else by userid, possibly another person's. */
export async function entryOfUser(
  directory: Lookup,
  iam: Pick<IamRecord, 'config'>,
  { userid, directoryId }: Pick<UserRecord, 'userid' | 'directoryId'>,
): Promise<Entry | null> {
  const named = await directory.find(userid)
  if (directoryId === null || hasNoEntryIds(iam) || (named && directoryIdOf(iam, named)?.id === directoryId)) return named
  return (await directory.findById(directoryId)) ?? named
}

function isUserid(name: string): boolean {
  try {
    checkUserid(name, { newBim: false })
    return true
  } catch (error) {
    if (error instanceof Invalid) return false
    throw error
  }
}

type FetchedEntry = Pick<ServiceContext, 'app' | 'db' | 'now' | 'requestId' | 'trail'>

/** A sync, or a log-in without one, clears it. */
async function recordEntryId(db: Db, iam: IamRecord, { entry, now }: { entry: Entry; now: Date }): Promise<void> {
  if (hasNoEntryIds(iam)) return
  const isMissing = directoryIdOf(iam, entry) === null
  if (isMissing || iam.config.ldapSync === undefined)
    await recordEntryIds(db, iam, { state: isMissing ? 'missing' : 'given', now })
}

/** Failed log-ins are not recorded: they would evict others. */
export async function withExchange(
  { app, db, now: at, requestId, trail }: FetchedEntry,
  { iam, asked, userid, ask }: { iam: IamRecord; asked: 'find' | 'log in'; userid: string; ask: () => Promise<Entry | null> },
): Promise<Entry | null> {
  const about = { kind: 'ldap', iamid: iam.id, at, requestId, asked, trail, source: iam.id } as const
  try {
    const entry = await logFailure(app, iam.id, ask)
    if (entry !== null) {
      app.exchangeLog.record({ ...about, userid: entry.userid, resource: entry.id, answer: entryToJson(entry) })
      await recordEntryId(db, iam, { entry, now: at })
    } else if (asked === 'find') app.exchangeLog.record({ ...about, userid, failure: 'The directory knows no such person' })
    return entry
  } catch (error) {
    const failure = error instanceof RosterError ? error.message : 'Unexpected error; see the log'
    app.exchangeLog.record({ ...about, userid, failure })
    throw error
  }
}
