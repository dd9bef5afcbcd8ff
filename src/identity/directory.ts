/** An IAM's directory, and what its entries say in the words of the porch. */
import type { Call } from '../access/guard.ts'
import type { Entry, Lookup, PasswordLogin } from '../connectors/connector.ts'
import { openLdap } from '../connectors/ldap.ts'
import type { App } from '../context.ts'
import { RosterError } from '../errors.ts'
import type { IamRecord } from '../iams/iam.ts'
import { identityOf } from './mapping.ts'
import { type News, secretsOf } from './outside.ts'

type Directory = PasswordLogin & Lookup

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
  const directory = telling(app, iam.id, openLdap(iam.config, await secretsOf({ app, db }, iam.id)))
  known.set(iam.id, { version, directory })
  return directory
}

/** Whoever looks after the instance hears once of each question that the directory does not answer. */
function telling({ log }: App, iamid: string, { logIn, find }: Directory): Directory {
  const told =
    <Given extends unknown[], Answer>(ask: (...given: Given) => Promise<Answer>) =>
    async (...given: Given) => {
      try {
        return await ask(...given)
      } catch (error) {
        if (error instanceof RosterError) log.warn({ iamid, failure: error.message }, 'the directory gave no answer')
        throw error
      }
    }
  return { logIn: told(logIn), find: told(find) }
}

/** An entry was read whole: an attribute that it lacks has no values. */
export function newsOf(iam: IamRecord, { userid, attributes, groups }: Entry): News {
  const valuesOf = (from: Entry['attributes']) => (name: string) => from.get(name.toLowerCase()) ?? []
  const { identity, faults } = identityOf(iam, {
    userid,
    values: valuesOf(attributes),
    groups: groups?.map(group => ({ name: group.name, values: valuesOf(group.attributes) })) ?? null,
  })
  return { source: iam.id, identity, failure: null, faults }
}
