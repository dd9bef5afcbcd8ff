/** When a run waits for an administrator instead of being done (reference: iam-rules, "Semantics"): an outage is not a fact. Pure. */

/** What a run came to before anything is done. */
export interface Seen {
  /** Why the directory was not seen whole; null when it was. */
  readonly cut: string | null
  /** People whom it showed. */
  readonly people: number
  /** People of the IAM who may log in, and how many of them would be disabled. */
  readonly enabled: number
  readonly disables: number
  /** Memberships that it shows, and those held of the same people. */
  readonly memberships?: { readonly shown: number; readonly held: number }
}

export interface Bounds {
  readonly maxDisabledCount?: number
  readonly maxDisabledPercent?: number
}

/** At most so many are disabled without being asked: the larger of the two. */
const usual = { maxDisabledCount: 10, maxDisabledPercent: 10 } as const

/** Why not to go on; null to go on. */
export function refusal({ cut, people, enabled, disables, memberships }: Seen, bounds: Bounds = {}): string | null {
  if (cut !== null) return `The directory was not seen whole: ${cut}`
  if (people === 0 && enabled > 0) return `The directory shows nobody, and ${enabled} of its people may log in here`
  const { maxDisabledCount, maxDisabledPercent } = { ...usual, ...bounds }
  if (memberships && memberships.shown === 0 && memberships.held > maxDisabledCount)
    return `The directory shows nobody in any group, and ${memberships.held} memberships are held here by its word`
  const most = Math.max(maxDisabledCount, Math.floor((enabled * maxDisabledPercent) / 100))
  return disables > most
    ? `It would disable ${disables} of ${enabled} people, and more than ${most} need an administrator's word`
    : null
}
