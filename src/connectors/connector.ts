/**
 * Interfaces of connectors: one outside system each, without domain and database. An Entry is what the directory
 * returns, uninterpreted.
 */

export interface EntryGroup {
  readonly id: string
  readonly name: string
  /** Stable ids, best first, at most 80 characters each. */
  readonly entryIds: readonly string[]
  readonly attributes: ReadonlyMap<string, readonly string[]>
}

export interface Entry {
  readonly id: string
  /** In the directory's spelling, so that case makes no second user. */
  readonly userid: string
  /** All values of the userid attribute; the first for new users. */
  readonly aliases: readonly string[]
  /** Lower-case names. Binary values are base64; passwords are omitted. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
  /** null: unknown; empty: none. */
  readonly groups: readonly EntryGroup[] | null
}

export interface PasswordLogin {
  /**
   * null: unknown user, wrong password or locked account. Throws Unavailable, or Unprocessable for other results
   * and ambiguous users.
   */
  logIn(userid: string, password: string): Promise<Entry | null>
}

export interface Lookup {
  find(userid: string): Promise<Entry | null>
  findById(entryId: string): Promise<Entry | null>
}

export interface GroupQuery {
  readonly names?: readonly string[]
  readonly ids?: readonly string[]
}

export interface GroupLookup {
  groups(query: GroupQuery): Promise<EntryGroup[]>
}

export interface InvalidEntry {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly attributes: Entry['attributes']
  readonly fault: string
}
export type Listed = Entry | InvalidEntry

/** Order: start, page…, groups, then page and users in turn. */
export type ListEvent =
  /** Also when another host restarts the listing: earlier events are void. */
  | { readonly type: 'start' }
  | { readonly type: 'page'; readonly references: readonly string[] }
  | { readonly type: 'groups'; readonly known: readonly EntryGroup[]; readonly listed: readonly EntryGroup[] }
  | { readonly type: 'users'; readonly users: readonly Listed[]; readonly last: boolean }

export interface ListOptions {
  readonly pageSize?: number | null
  readonly since?: Date | null
  /** Aborting closes the connection and throws the reason. */
  readonly signal?: AbortSignal
}

export interface Listing {
  /** A page per request; `return()` closes the connection. Throws as find. */
  list(options?: ListOptions): AsyncGenerator<ListEvent, void, undefined>
}
