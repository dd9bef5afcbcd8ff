/**
 * A source's data → Identity → diff → one transaction.
 * Each source owns its rows.
 */

import type { ProfileColumns } from '../domain/users/profile.ts'
import type { GroupChange } from './group-entries.store.ts'
import type { SourceId } from './source-ids.ts'

export const PROFILE_FIELDS = ['name', 'email', 'phone', 'about', 'location', 'organization', 'position', 'sqlUser'] as const
export type ProfileField = (typeof PROFILE_FIELDS)[number] & keyof ProfileColumns

export interface ExternalGroup {
  readonly name: string
  readonly gid: string | null
  readonly email: string | null
  readonly description: string | null
  readonly entryId?: string
}

/** Absent stays, empty clears. */
export interface Identity {
  readonly userid: string
  readonly aliases?: readonly string[]
  /** Absent without ids; null when missing. */
  readonly sourceId?: SourceId | null
  /** The former person's id (`ldapSync.onReusedUserid`). */
  readonly replaces?: string
  readonly dn?: string
  readonly profile: Readonly<Partial<Record<ProfileField, string | null>>>
  readonly externalUserIds?: Readonly<Record<string, string | null>>
  readonly groups?: readonly ExternalGroup[]
  readonly groupChanges?: readonly GroupChange[]
  /** Absent attributes stay; with `keepAttributes` only the named ones. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly allBut?: readonly string[]
}
