/** An IAM's directory, and what its entries say in the words of the porch. */
import type { Call } from '../access/guard.ts'
import type { Entry, Listing, Lookup, PasswordLogin } from '../connectors/connector.ts'
import { openLdap } from '../connectors/ldap.ts'
import type { App } from '../context.ts'
import { RosterError } from '../errors.ts'
import type { IamRecord } from '../iams/iam.ts'
import { identityOf } from './mapping.ts'
import { type News, secretsOf } from './outside.ts'

export type Directory = PasswordLogin & Lookup & Listing

/** One connector for each IAM and state of its configuration: it remembers which of its hosts answers. */
const directories = new WeakMap<App, Map<string, { version: number; directory: Directory }>>()

/** Null for an IAM that has no directory, or none configured yet. Throws Refused when its secrets do not open. */
export async function directoryOf({ app, db }: Pick<Call, 'app' | 'db'>, iam: IamRecord): Promise<Directory | null> {
  if (iam.type !== 'ldap' || iam.config.options === undefined) return null
  const known = directories.get(app) ?? new Map<string, { version: number; directory: Directory }>()
  directories.set(app, known)
  const version = iam.updatedAt.getTime()
  const found = known.get(iam.id)
  if (found?.version === version) return found.directory
  const directory = openLdap(iam.config, await secretsOf({ app, db }, iam.id))
  known.set(iam.id, { version, directory })
  return directory
}

/** A question of a log-in or a refresh: whoever looks after the instance hears once when it has no answer. (A sync tells of itself.) */
export async function told<Answer>({ log }: App, iamid: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof RosterError) log.warn({ iamid, failure: error.message }, 'the directory gave no answer')
    throw error
  }
}

/** An entry was read whole: an attribute that it lacks has no values. One that was only told of has no place, and so an empty id. */
export function newsOf(iam: Pick<IamRecord, 'id' | 'config'>, { id, userid, attributes, groups }: Entry): News {
  const valuesOf = (from: Entry['attributes']) => (name: string) => from.get(name.toLowerCase()) ?? []
  const { identity, faults } = identityOf(iam, {
    userid,
    values: valuesOf(attributes),
    groups: groups?.map(group => ({ name: group.name, values: valuesOf(group.attributes) })) ?? null,
  })
  return { source: iam.id, identity: id === '' ? identity : { ...identity, dn: id }, failure: null, faults }
}
