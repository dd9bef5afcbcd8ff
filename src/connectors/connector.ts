/**
 * Connectors: outside systems, one file each, behind what they can do.
 * Flow of a log-in by password: an IAM's checked configuration and its opened secrets → openLdap → logIn: the person is looked up
 * (ldap.filters escapes what was typed), bound on a connection of their own (ldap.connection), read (ldap.entry) with their groups
 * (ldap.groups) → one Entry, which says what the directory says and nothing about what we make of it. Connectors know no store and
 * no policy.
 */

/** A group as the outside system has it. */
export interface EntryGroup {
  /** The group's DN, or the plain value where a membership attribute holds no DN. */
  readonly id: string
  readonly name: string
  /** By what the entry is the same whatever it is called, the best first; empty for a name without an entry. At most 80 characters each. */
  readonly entryIds: readonly string[]
  /** Names in lower case. Empty where the group itself cannot be read. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
}

/** A person as the outside system has them. */
export interface Entry {
  /** The DN. */
  readonly id: string
  /** As the system spells it, not as it was typed: one person must not become two users by a capital letter. */
  readonly userid: string
  /** All values of the userid attribute as the system spells them, in one order: the first is the userid of somebody new. */
  readonly aliases: readonly string[]
  /** Names in lower case; never empty lists. Binary values are base64; passwords, photos and certificates are not in it. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
  /** null: nothing was said about groups; an empty list: there are none. */
  readonly groups: readonly EntryGroup[] | null
}

export interface PasswordLogin {
  /**
   * null: no such person, a wrong password or an account that may not log in; nobody is told which. Throws Unavailable when the
   * directory cannot be asked, Refused when it answers with anything but success or knows several such persons.
   */
  logIn(userid: string, password: string): Promise<Entry | null>
}

export interface Lookup {
  /** null: the directory was asked and knows no such person. Throws as logIn does. */
  find(userid: string): Promise<Entry | null>
  /** As find, by the entry's stable id (ldap.entry), whatever the person is called now. null too where the configuration reads no ids, or can be asked for one userid only. */
  findById(entryId: string): Promise<Entry | null>
}

/** Groups of these names, or with one of these ids (EntryGroup.entryIds). */
export interface GroupQuery {
  readonly names?: readonly string[]
  readonly ids?: readonly string[]
}

export interface GroupLookup {
  /** All groups that the query means, and perhaps others whose names are alike. Throws as find does. */
  groups(query: GroupQuery): Promise<EntryGroup[]>
}

/** Somebody of whom the system does not say who they are, or something else that is needed. `aliases`: userids, as far as they are known. */
export interface InvalidEntry {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly attributes: Entry['attributes']
  readonly fault: string
}
export type Listed = Entry | InvalidEntry

export interface ListReader {
  /** Before all else; again, when another host is asked from the start: what came before counts for nothing. */
  begin(): Promise<void>
  /** Some of the directory was read, groups or people; `references` name other servers, which are not asked. */
  seen?(references: readonly string[]): void
  /** What groups are known; of these `listed` are there whoever is in them. */
  groups(known: readonly EntryGroup[], listed: readonly EntryGroup[]): Promise<void>
  /** A page of people; `last` when no other follows. False: no further one is wanted. */
  people(page: readonly Listed[], last: boolean): Promise<boolean>
}

export interface ListOptions {
  /** Entries per page; 500 when left out. null: all in one. */
  readonly pageSize?: number | null
  /** Only what was changed then or later, people and groups alike. */
  readonly since?: Date | null
}

export interface Listing {
  /** Everybody, page by page; the next page is read when the reader is done with one. Throws as find does, or what the reader throws. */
  list(reader: ListReader, options?: ListOptions): Promise<void>
}
