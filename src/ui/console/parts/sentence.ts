// An audit event as a sentence, in pieces.
import type { LogEventFragment } from '../../../generated/ui.ts'
import { eventName } from '../texts.audit.ts'
import {
  actingAs,
  deniedSentence,
  logTexts,
  otherSentence,
  permissionSentences,
  SENTENCES,
  valuesOf,
} from '../texts.audit-log.ts'
import { type FieldChange, fieldChanges, fieldWords } from './change-words.ts'

export interface Piece {
  readonly kind: 'text' | 'actor' | 'target' | 'value'
  readonly text: string
}

const MOST = 3
/** Their values say enough without the name of the field. */
const PLAIN = ['permissions', 'permission', 'members']

export function sentenceOf(event: LogEventFragment): Piece[] {
  const changes = fieldChanges(event.before, event.after)
  const values = { added: valueWords(changes, 'added'), removed: valueWords(changes, 'removed') }
  const text = (name: string): Piece => {
    switch (name) {
      case 'actor':
        return { kind: 'actor', text: actorName(event) }
      case 'target':
        return { kind: 'target', text: targetName(event) }
      case 'action':
        return { kind: 'value', text: event.action }
      case 'event':
        return { kind: 'text', text: eventName(event.event) }
      default:
        return { kind: 'value', text: values[name as keyof typeof values] || '…' }
    }
  }
  const pieces = templateOf(event, values)
    .split(/\{(\w+)\}/)
    .map((part, at): Piece => (at % 2 === 1 ? text(part) : { kind: 'text', text: part }))
    .filter(piece => piece.text !== '')
  if (event.onBehalfOf === null) return pieces
  return pieces.flatMap(piece =>
    piece.kind === 'actor' ? [piece, { kind: 'text' as const, text: actingAs(event.onBehalfOf!) }] : [piece],
  )
}

export const plainSentence = (event: LogEventFragment): string =>
  sentenceOf(event)
    .map(({ text }) => text)
    .join('')

function templateOf({ event, targetType }: LogEventFragment, { added, removed }: { added: string; removed: string }): string {
  if (event === 'denied' && targetType === 'instance') return deniedSentence
  if (event !== 'permissionsUpdated' || !(added || removed))
    return Object.hasOwn(SENTENCES, event) ? SENTENCES[event as keyof typeof SENTENCES] : otherSentence
  return permissionSentences[added && removed ? 'both' : added ? 'added' : 'removed']
}

function valueWords(changes: readonly FieldChange[], side: 'added' | 'removed'): string {
  const all = changes.flatMap(change =>
    change[side].map(value => (PLAIN.includes(change.field) ? value : `${fieldWords(change.field)} ${value}`)),
  )
  return valuesOf(all.slice(0, MOST).join(', '), all.length - MOST)
}

export const actorName = ({ actor, actorUser }: LogEventFragment): string => actorUser?.profile.name ?? actor

export function targetName({ target, targetType, targetName, targetId }: LogEventFragment): string {
  if (target?.__typename === 'User') return target.profile.name
  return targetName || logTexts.targetName(targetType, targetId).trim()
}
