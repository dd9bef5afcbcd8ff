/** When a run waits for an administrator instead of being done (reference: iam-rules, "Semantics"): an outage is not a fact. Pure. */

/** What a plan can take away from people who stay, each counted by itself. */
export const LOSSES = ['memberships', 'emails', 'attributes'] as const
export type Losses = Readonly<Record<(typeof LOSSES)[number], number>>

/** What a run came to before anything is done. */
export interface RunSummary {
  /** Why the directory was not seen whole; null when it was. */
  readonly cut: string | null
  /** Whether it read the whole directory: only then those whom it did not show are gone. */
  readonly full: boolean
  /** People whom it showed. */
  readonly people: number
  /** People of the IAM who may log in, and how many of them would be disabled. */
  readonly enabled: number
  readonly disables: number
  /** Memberships that it shows, and those held of the same people. */
  readonly memberships?: { readonly shown: number; readonly held: number }
  /** What the IAM and its endpoint have set, and what of it the plan takes away. */
  readonly held: Losses
  readonly lost: Losses
}

export interface Thresholds {
  readonly maxDisabledCount?: number
  readonly maxDisabledPercent?: number
  readonly maxLostCount?: number
  readonly maxLostPercent?: number
}

/** At most so many are disabled, or lost, without being asked: the larger of count and percentage. */
const DEFAULTS = { maxDisabledCount: 10, maxDisabledPercent: 10, maxLostCount: 50, maxLostPercent: 30 } as const

const names = { memberships: 'memberships', emails: 'e-mails', attributes: 'attribute values' } as const

/** Why not to go on; null to go on. */
export function quarantineReason(seen: RunSummary, bounds: Thresholds = {}): string | null {
  if (seen.cut !== null) return `The directory was not seen whole: ${seen.cut}`
  const limits = { ...DEFAULTS, ...bounds }
  return (seen.full ? disabling(seen, limits) : null) ?? losing(seen, limits)
}

type Limits = Required<Thresholds>

function disabling({ people, enabled, disables, memberships }: RunSummary, limits: Limits): string | null {
  if (people === 0 && enabled > 0) return `The directory shows nobody, and ${enabled} of its people may log in here`
  if (memberships && memberships.shown === 0 && memberships.held > limits.maxDisabledCount)
    return `The directory shows nobody in any group, and ${memberships.held} memberships are held here by its word`
  const most = allowed(enabled, limits.maxDisabledCount, limits.maxDisabledPercent)
  return disables > most
    ? `It would disable ${disables} of ${enabled} people, and more than ${most} need an administrator's word`
    : null
}

function losing({ held, lost }: RunSummary, { maxLostCount, maxLostPercent }: Limits): string | null {
  const reasons = LOSSES.flatMap(kind => {
    const most = allowed(held[kind], maxLostCount, maxLostPercent)
    return lost[kind] > most ? `${lost[kind]} of ${held[kind]} ${names[kind]} (more than ${most})` : []
  })
  return reasons.length === 0 ? null : `It would take away ${reasons.join(', ')}, and so many need an administrator's approval`
}

const allowed = (all: number, count: number, percent: number): number => Math.max(count, Math.floor((all * percent) / 100))
