/**
 * Interfaces of connectors: one outside system each, without domain and database. An Entry is what the directory
 * returns, uninterpreted.
 */

export interface EntryGroup {
  /** The DN, or the value of a membership attribute without DNs. */
  readonly id: string
  readonly name: string
  /** Stable ids, best first; empty for a bare name. At most 80 characters each. */
  readonly entryIds: readonly string[]
  /** Lower-case names. Empty when unreadable. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
}

export interface Entry {
  /** The DN. */
  readonly id: string
  /** In the directory's spelling, so that case makes no second user. */
  readonly userid: string
  /** All values of the userid attribute, sorted; the first is for new users. */
  readonly aliases: readonly string[]
  /** Lower-case names, never empty. Binary values are base64; passwords, photos and certificates are omitted. */
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
  /** null: not found. Throws as logIn. */
  find(userid: string): Promise<Entry | null>
  /** By the entry's stable id. null also when ids are not configured. */
  findById(entryId: string): Promise<Entry | null>
}

/** By name or EntryGroup.entryIds. */
export interface GroupQuery {
  readonly names?: readonly string[]
  readonly ids?: readonly string[]
}

export interface GroupLookup {
  /** May return further groups of similar names. Throws as find. */
  groups(query: GroupQuery): Promise<EntryGroup[]>
}

/** An entry without usable identity. `aliases`: known userids. */
export interface InvalidEntry {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly attributes: Entry['attributes']
  readonly fault: string
}
export type Listed = Entry | InvalidEntry

/** Order: start, page…, groups, then page and users in turn. */
export type ListEvent =
  /** First, and again when another host restarts the listing: earlier events are void. */
  | { readonly type: 'start' }
  /** A page was read; `references` name servers that are not followed. */
  | { readonly type: 'page'; readonly references: readonly string[] }
  /** Known groups; `listed` exist regardless of members. */
  | { readonly type: 'groups'; readonly known: readonly EntryGroup[]; readonly listed: readonly EntryGroup[] }
  /** `last`: no page follows. */
  | { readonly type: 'users'; readonly users: readonly Listed[]; readonly last: boolean }

export interface ListOptions {
  /** Default 500; null: a single page. */
  readonly pageSize?: number | null
  /** Only entries changed since. */
  readonly since?: Date | null
  /** Aborting closes the connection and throws the reason. */
  readonly signal?: AbortSignal
}

export interface Listing {
  /** Requests a page when the consumer asks for it; `return()` closes the connection. Throws as find, or the signal's reason. */
  list(options?: ListOptions): AsyncGenerator<ListEvent, void, undefined>
}
