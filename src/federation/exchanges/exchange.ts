/**
 * Recorded exchanges: SCIM requests, directory entries, user info. Truncated and redacted here. Claims are not
 * recorded.
 */

import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { ExchangeKind } from '../../authorization/ports.ts'
import { foldCase } from '../../platform/case-folding.ts'
import { flag, integer, json, orNull, type RecordOf, text, time } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export interface RecordedChange {
  readonly event: string
  readonly targetType: string
  readonly targetId: string
  readonly targetName: string | null
  readonly before: unknown
  readonly after: unknown
}

export const EXCHANGE_COLUMNS = {
  id: text('e.id::text'),
  iamid: text('e.iamid'),
  kind: text<ExchangeKind>('e.kind'),
  at: time('e.at'),
  requestId: text('e.request_id'),
  asked: text('e.asked'),
  userid: orNull(text('e.userid')),
  resource: orNull(text('e.resource')),
  request: orNull(json('e.request')),
  requestWhole: flag('e.request_whole'),
  answer: orNull(json('e.answer')),
  answerWhole: flag('e.answer_whole'),
  status: orNull(integer('e.status')),
  failure: orNull(text('e.failure')),
  changes: json<readonly RecordedChange[]>('e.changes'),
  changesWhole: flag('e.changes_whole'),
}
export interface ExchangeRecord extends RecordOf<typeof EXCHANGE_COLUMNS> {}
export type ExchangePage = Page<ExchangeRecord>

/** Exchanges per IAM; bytes of each part. */
export const RETAINED = 200
export const MAX_BYTES = 16_384
export const REDACTED = '[redacted]'

const SECRET_NAME =
  /passw|passphrase|\bpwd|pwd\b|pwdhistory|secret|token|authorization\b|api[-_]?key|private[-_]?key|credential|cookie|scim[-_]?key|bind_?pw|principalkey|(?:nt|lm)hash|pkcs12/i
const SECRET_TEXT = /\br[ktis]_[0-9A-Za-z]{20,}|\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/gi

/** `password eq "…"` names and contains a secret. */
export function redactFilter(text: string): string {
  if (SECRET_NAME.test(text) && /["=]|\b(?:eq|ne|co|sw|ew|gt|ge|lt|le)\b|%22/i.test(text)) return REDACTED
  return redactText(text)
}

/** `whole`: not truncated. `isOurs`: own events have no secrets. */
export function redactAndTruncate(value: unknown, isOurs = false): { value: unknown; whole: boolean; redacted: boolean } {
  const left = { bytes: MAX_BYTES, whole: true, redacted: false, isOurs }
  return { value: copy(value, left, ''), whole: left.whole, redacted: left.redacted }
}

export function withoutSecrets(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = (value: unknown): unknown => {
    if (typeof value === 'string') return redactText(value)
    if (Array.isArray(value)) return value.map(shown)
    return typeof value === 'object' && value !== null && !(value instanceof Date) ? withoutSecrets({ ...value }) : value
  }
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, isSecret(key) ? REDACTED : shown(value)]))
}

interface Left {
  bytes: number
  whole: boolean
  redacted: boolean
  readonly isOurs: boolean
}

function copy(value: unknown, left: Left, name: string): unknown {
  if (typeof value === 'string')
    return truncate(name === 'filter' || name === 'path' ? redactFilter(value) : redactText(value), left)
  if (value instanceof Date) return truncate(value.toISOString(), left)
  if (typeof value !== 'object' || value === null) {
    left.bytes -= 8
    return value ?? null
  }
  if (isList(value)) return list(value, left)
  const kept: [key: string, value: unknown][] = []
  const isNamed = Object.entries(value).some(
    ([key, inner]) => /^path$/i.test(key) && typeof inner === 'string' && isSecret(inner),
  )
  for (const [key, inner] of Object.entries(value)) {
    left.bytes -= Buffer.byteLength(key) + 4
    if (left.bytes <= 0) {
      left.whole = false
      break
    }
    const hidden = (isSecret(key) && !left.isOurs) || (isNamed && /^value$/i.test(key))
    if (hidden) left.redacted = true
    kept.push([storable(key), hidden ? REDACTED : copy(inner, left, key.toLowerCase())])
  }
  return Object.fromEntries(kept)
}

type List = Iterable<unknown> & { readonly length: number }
const isList = (value: object): value is List => Symbol.iterator in value && 'length' in value

function list(values: List, left: Left): unknown[] {
  const kept: unknown[] = []
  for (const value of values) {
    if (left.bytes <= 0) {
      left.whole = false
      kept.push(`and ${values.length - kept.length} more`)
      break
    }
    left.bytes -= 2
    kept.push(copy(value, left, ''))
  }
  return kept
}

const isSecret = (name: string): boolean => SECRET_NAME.test(foldCase(name))
export const redactText = (text: string): string => storable(text.replace(SECRET_TEXT, REDACTED))
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

function truncate(text: string, left: Left): string {
  const bytes = Buffer.byteLength(text) + 3
  if (bytes <= left.bytes) {
    left.bytes -= bytes
    return text
  }
  const part = text.slice(0, Math.max(left.bytes >> 1, 0)).toWellFormed()
  left.bytes = 0
  left.whole = false
  return `${part}…`
}

export function changesOf(drafts: readonly AuditDraft[]): { changes: RecordedChange[]; whole: boolean } {
  const named = drafts.map(({ event, target, before, after }) => ({
    event,
    targetType: target.type,
    targetId: String(target.id),
    targetName: target.name ?? null,
    before: before ?? null,
    after: after ?? null,
  }))
  const { value, whole } = redactAndTruncate(named, true)
  const changes = (value as unknown[]).filter((change): change is RecordedChange => typeof change === 'object')
  return { changes: changes.map(change => ({ ...EMPTY, ...change })), whole }
}

const EMPTY: RecordedChange = { event: '', targetType: '', targetId: '', targetName: null, before: null, after: null }
