/** When a run needs approval (iam-rules, "Semantics"). Pure. */

export const LOSSES = ['memberships', 'emails', 'attributes'] as const
export type Losses = Readonly<Record<(typeof LOSSES)[number], number>>

export interface RunSummary {
  readonly cut: string | null
  readonly full: boolean
  readonly people: number
  readonly enabled: number
  readonly disables: number
  readonly memberships?: { readonly shown: number; readonly held: number }
  readonly held: Losses
  readonly lost: Losses
}

export interface Thresholds {
  readonly maxDisabledCount?: number
  readonly maxDisabledPercent?: number
  readonly maxLostCount?: number
  readonly maxLostPercent?: number
}

/** The larger of count and percentage. */
const DEFAULTS = { maxDisabledCount: 10, maxDisabledPercent: 10, maxLostCount: 50, maxLostPercent: 30 } as const

const names = { memberships: 'memberships', emails: 'e-mails', attributes: 'attribute values' } as const

export function quarantineReason(seen: RunSummary, bounds: Thresholds = {}): string | null {
  if (seen.cut !== null) return `The directory was not seen whole: ${seen.cut}`
  const limits = { ...DEFAULTS, ...bounds }
  return (seen.full ? disabling(seen, limits) : null) ?? losing(seen, limits)
}

type Limits = Required<Thresholds>

function disabling({ people, enabled, disables, memberships }: RunSummary, limits: Limits): string | null {
  if (people === 0 && enabled > 0) return `The directory returned no users, but ${enabled} of its users are enabled`
  if (memberships && memberships.shown === 0 && memberships.held > limits.maxDisabledCount)
    return `The directory returned no group members, but ${memberships.held} memberships came from it`
  const most = allowed(enabled, limits.maxDisabledCount, limits.maxDisabledPercent)
  return disables > most ? `It would disable ${disables} of ${enabled} people; the limit is ${most}: approve or cancel it` : null
}

function losing({ held, lost }: RunSummary, { maxLostCount, maxLostPercent }: Limits): string | null {
  const reasons = LOSSES.flatMap(kind => {
    const most = allowed(held[kind], maxLostCount, maxLostPercent)
    return lost[kind] > most ? `${lost[kind]} of ${held[kind]} ${names[kind]} (more than ${most})` : []
  })
  return reasons.length === 0 ? null : `It would take away ${reasons.join(', ')}, and so many need an administrator's approval`
}

const allowed = (all: number, count: number, percent: number): number => Math.max(count, Math.floor((all * percent) / 100))
