import { AndFilter, type Client, type Filter } from 'ldapts'
import { Unprocessable } from '../platform/errors.ts'
import type { Entry, GroupLookup, Listing, Lookup, PasswordLogin } from './connector.ts'
import { type LdapSearchSettings, type LdapSettings, planOf } from './ldap.config.ts'
import { bindAccount, bindPerson, connected, connectedStream, Hosts } from './ldap.connection.ts'
import { isSearchable, presenceFilter } from './ldap.filters.ts'
import { bySearch, type GroupReader, type GroupSearch } from './ldap.groups.ts'
import { idFilter } from './ldap.ids.ts'
import { listUsers } from './ldap.list.ts'
import { groupsAsked } from './ldap.lookup.ts'
import { nullWhen, search, toEntry } from './ldap.search.ts'

/** Unreadable groups get their DN's name: referral, noSuchObject, invalidDNSyntax, insufficientAccess. */
const unreadable = new Set([10, 32, 34, 50])
const noSuchObject = 32

export function openLdap(
  config: Readonly<Record<string, unknown>>,
  secrets: ReadonlyMap<string, string>,
  settings: LdapSettings,
): PasswordLogin & Lookup & GroupLookup & Listing {
  const plan = planOf(config, secrets, settings)
  const hosts = new Hosts(plan.peer)
  return {
    async logIn(userid, password) {
      // RFC 4513, 5.1.2: an empty password binds anonymously.
      if (password === '' || !isSearchable(userid)) return null
      return hosts.ask(host => logInAt(plan, { host, userid, password }))
    },
    async find(userid) {
      if (!isSearchable(userid)) return null
      return hosts.ask(host => asAccount(plan, host, client => personOf(plan, client, { userid })))
    },
    groups: query => hosts.ask(host => asAccount(plan, host, client => groupsAsked(plan, client, query))),
    async findById(entryId) {
      if (plan.entryIds.length === 0) return null
      return hosts.ask(host => asAccount(plan, host, client => personById(plan, client, entryId)))
    },
    list: (options = {}) =>
      hosts.stream(host => {
        const { peer, account } = plan
        return connectedStream(peer, host, {
          signal: options.signal,
          work: async function* (client) {
            if (account) await bindAccount(client, account.dn, account.password)
            yield* listUsers(plan, { client, asking: readerOf(plan, client), options })
          },
        })
      }, options.signal),
  }
}

async function logInAt(
  plan: LdapSearchSettings,
  { host, userid, password }: { host: string; userid: string; password: string },
): Promise<Entry | null> {
  const { userPattern } = plan
  const logIn = (dn: string, account: Client | null) =>
    connected(plan.peer, host, async own => {
      if (!(await bindPerson(own, dn, password))) return null
      if (plan.asPerson) return personOf(plan, own, { userid, dn })
      const read = (client: Client) => personOf(plan, client, { userid, dn })
      return account ? read(account) : asAccount(plan, host, read)
    })
  if (userPattern) return logIn(userPattern(userid), null)
  return asAccount(plan, host, async account => {
    const found = await personAt(plan, account, { userid, attributes: ['1.1'] })
    return found && logIn(found.dn, account)
  })
}

function asAccount<T>({ peer, account }: LdapSearchSettings, host: string, work: (client: Client) => Promise<T>): Promise<T> {
  return connected(peer, host, async client => {
    if (account) await bindAccount(client, account.dn, account.password)
    return work(client)
  })
}

async function personOf(
  plan: LdapSearchSettings,
  client: Client,
  { userid, dn }: { userid: string; dn?: string },
): Promise<Entry | null> {
  const found = await personAt(plan, client, { userid, attributes: plan.attributes, dn })
  if (!found) return null
  const id = useridOf(plan, found, userid)
  return toEntry(plan, { reader: readerOf(plan, client), found, id })
}

async function personAt(
  plan: LdapSearchSettings,
  client: Client,
  { userid, attributes, dn }: { userid: string; attributes: readonly string[]; dn?: string },
): Promise<GroupSearch | null> {
  const at = dn ?? plan.userPattern?.(userid)
  const filter = plan.userFilter(userid)
  const found =
    at === undefined
      ? await search(plan, { client, base: plan.userBase, scope: 'sub', filter, attributes })
      : await search(plan, { client, base: at, scope: 'base', filter, attributes }).catch(nullWhen(new Set([noSuchObject])))
  if (found.length > 1)
    throw new Unprocessable('the directory has several people with this userid: make the filters of config.options exact')
  return found[0] ?? null
}

async function personById(plan: LdapSearchSettings, client: Client, entryId: string): Promise<Entry | null> {
  const anyone = listingOf(plan)
  if (anyone === null) return null
  const filter = new AndFilter({ filters: [anyone, idFilter(plan.entryIds, entryId)] })
  const found = await search(plan, { client, base: plan.userBase, scope: 'sub', filter, attributes: plan.attributes })
  if (found.length > 1)
    throw new Unprocessable(
      'the directory has several entries with one id: set config.options.entryIdAttribute to a unique attribute',
    )
  const [person] = found
  return person ? toEntry(plan, { reader: readerOf(plan, client), found: person, id: useridOf(plan, person, '') }) : null
}

function listingOf(plan: LdapSearchSettings): Filter | null {
  try {
    return plan.everybody()
  } catch (error) {
    if (error instanceof Unprocessable) return null
    throw error
  }
}

function useridOf({ idAttribute }: LdapSearchSettings, { attributes }: GroupSearch, typed: string): string {
  const values = attributes.get(idAttribute.toLowerCase()) ?? []
  const same = (value: string) => value.toLowerCase() === typed.trim().toLowerCase()
  const userid = values.find(same) ?? values.toSorted()[0]
  if (userid === undefined) throw new Unprocessable(`the directory returns no ${idAttribute} for a person found by it`)
  return userid
}

function readerOf(plan: LdapSearchSettings, client: Client): GroupReader {
  return {
    naming: (level, person, attributes) =>
      bySearch(plan.groups, level, {
        person,
        ask: (base, filter) => search(plan, { client, base, scope: 'sub', filter, attributes }),
      }),
    read: async (dn, attributes) => {
      const anything = presenceFilter('objectClass')
      const [found] = await search(plan, { client, base: dn, scope: 'base', filter: anything, attributes }).catch(
        nullWhen(unreadable),
      )
      return found ? { ...found, dn } : null
    },
  }
}
