// The log's address, and its filter.
import type { AuditFilter, AuditLogQueryVariables } from '../../../../generated/ui.ts'
import { joined, listOf, pageOf, type Search } from '../../operations/query-text.ts'

export const OUTCOMES = { done: 'DONE', refused: 'DENIED' } as const
export type OutcomeName = keyof typeof OUTCOMES

export interface LogTarget {
  /** Such as `user` or `iam`. */
  readonly type: string
  readonly id: string
}

export interface LogView {
  /** The number of the person who did it. */
  readonly who: number | null
  readonly event: readonly EventName[]
  readonly outcome: OutcomeName | null
  readonly target: LogTarget | null
  /** Days of the reader's zone, such as `2026-11-07`, both included. */
  readonly from: string | null
  readonly to: string | null
  /** Global ids of events with their details open. */
  readonly open: readonly string[]
  readonly after: string | null
  readonly before: string | null
}
type EventName = NonNullable<AuditFilter['events']>[number]

const MOST = 50
const LARGEST_ID = 2_147_483_647
export const TARGETS = [
  'user',
  'group',
  'attribute',
  'iam',
  'sync',
  'apikey',
  'token',
  'project',
  'domain',
  'dataSource',
  'session',
]

/** Unknown values are left out. `iam=corp` is short for `target=iam:corp`. */
export function logViewOf(search: Search, events: readonly string[]): LogView {
  const after = search.after || null
  return {
    who: numberOf(search.who),
    event: listOf(search.event ?? '')
      .filter((name): name is EventName => events.includes(name))
      .slice(0, MOST),
    outcome: Object.hasOwn(OUTCOMES, search.outcome ?? '') ? (search.outcome as OutcomeName) : null,
    target: targetOf(search.target ?? '') ?? (search.iam ? { type: 'iam', id: search.iam.slice(0, 254) } : null),
    from: dayOf(search.from),
    to: dayOf(search.to),
    open: listOf(search.open ?? '').slice(0, MOST),
    after,
    before: after === null ? search.before || null : null,
  }
}

/** Defaults have no text. */
export function logSearchOf({ who, event, outcome, target, from, to, open, after, before }: LogView): Search {
  const isSource = target?.type === 'iam'
  return {
    who: who === null ? '' : String(who),
    event: joined(event),
    outcome: outcome ?? '',
    iam: isSource ? target.id : '',
    target: target === null || isSource ? '' : `${target.type}:${target.id}`,
    from: from ?? '',
    to: to ?? '',
    open: joined(open),
    after: after ?? '',
    before: before ?? '',
  }
}

function numberOf(text: string | undefined): number | null {
  const number = /^[1-9]\d{0,9}$/.test(text ?? '') ? Number(text) : 0
  return number > 0 && number <= LARGEST_ID ? number : null
}

function targetOf(text: string): LogTarget | null {
  const [, type = '', id = ''] = /^(\w+):(.{1,254})$/su.exec(text) ?? []
  return TARGETS.includes(type) ? { type, id } : null
}

function dayOf(text: string | undefined): string | null {
  if (!/^[12]\d{3}-\d\d-\d\d$/.test(text ?? '')) return null
  const time = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text!) ? text! : null
}

/** Midnight of the reader's zone. */
function startOf(day: string, later = 0): string {
  const [year, month, date] = day.split('-').map(Number)
  return new Date(year!, month! - 1, date! + later).toISOString()
}

/** `days` before the day of `now`, in the reader's zone. */
export function dayBefore(now: Date, days: number): string {
  const then = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`
}

/** `actorId`: the global id of `who`. */
export function logFilterOf({ event, outcome, target, from, to }: LogView, actorId: string | null): AuditFilter {
  return {
    ...(actorId !== null && { actorId }),
    ...(event.length > 0 && { events: [...event] }),
    ...(outcome && { outcome: OUTCOMES[outcome] }),
    ...(target && { targetType: target.type, targetId: target.id }),
    ...(from && { from: startOf(from) }),
    ...(to && { to: startOf(to, 1) }),
  }
}

export const logPageOf = ({ after, before }: LogView): Omit<AuditLogQueryVariables, 'filter'> =>
  pageOf({ after: after ?? '', before: before ?? '' })

export const NO_FILTER = { who: null, event: [], outcome: null, target: null, from: null, to: null } as const

export const isLogFiltered = ({ who, event, outcome, target, from, to }: LogView): boolean =>
  event.length > 0 || [who, outcome, target, from, to].some(value => value !== null)
