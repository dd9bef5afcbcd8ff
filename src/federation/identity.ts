/**
 * Federation: whatever an outside source says of a person enters here, whichever API or connector it came by.
 * Flow: a connector's answer → mapping (by the IAM's schema) → Identity → plan (against what is held) → reconcile, which writes the
 * plan in the transaction of the service that asked (outside gathers what is said before it begins). Each source owns its own rows: what
 * the hand or another source set stays.
 */

import type { ProfileColumns } from '../domain/users/users.store.ts'
import type { GroupChange } from './group-entries.store.ts'
import type { SourceId } from './source-ids.ts'

/** The fields of a profile that a source may fill. */
export const PROFILE_FIELDS = ['name', 'email', 'phone', 'about', 'location', 'organization', 'position', 'sqlUser'] as const
export type ProfileField = (typeof PROFILE_FIELDS)[number] & keyof ProfileColumns

/** A group as its source names it. */
export interface ExternalGroup {
  readonly name: string
  readonly gid: string | null
  readonly email: string | null
  readonly description: string | null
  /** Which entry of the IAM's directory it is, whatever it is called; absent for a name alone. */
  readonly entryId?: string
}

/** What a source says of one person. What it says nothing about is absent and stays as it is; what it says is empty becomes empty. */
export interface Identity {
  /** The name within the IAM that somebody new is given. */
  readonly userid: string
  /** All names by which the source knows the person, `userid` first; absent: that one alone. */
  readonly aliases?: readonly string[]
  /** By what the source knows the person, whatever they are called; absent where it has no such ids, null where it should and does not. */
  readonly sourceId?: SourceId | null
  /** The id of the account's former person, all of whose account is given up for this one (`ldapSync.onReusedUserid`). */
  readonly replaces?: string
  /** Where its directory has them. */
  readonly dn?: string
  readonly profile: Readonly<Partial<Record<ProfileField, string | null>>>
  /** Names in other systems; null takes one away. */
  readonly externalUserIds?: Readonly<Record<string, string | null>>
  readonly groups?: readonly ExternalGroup[]
  /** What becomes of groups that are here, before anybody joins them. */
  readonly groupChanges?: readonly GroupChange[]
  /** Values by attribute. An attribute that is absent stays; of these and no others with `allBut`, only those that it names. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly allBut?: readonly string[]
}
