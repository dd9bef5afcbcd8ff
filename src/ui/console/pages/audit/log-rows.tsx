import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { LogEventFragment as Event } from '../../../../generated/ui.ts'
import { plainSentence, sentenceOf } from '../../parts/sentence.ts'
import { When } from '../../parts/when.tsx'
import { logTexts as words } from '../../texts.audit-log.ts'
import { texts } from '../../texts.ts'
import { ROW_LINK } from '../users/row-focus.ts'
import { EventDetails } from './event-details.tsx'

interface LogRowsProps {
  readonly events: readonly Event[]
  readonly open: readonly string[]
  readonly isOld: boolean
  /** Without: the details stay. */
  readonly onOpen?: (open: readonly string[]) => void
}

export function LogRows({ events, open, isOld, onOpen }: LogRowsProps) {
  const toggle = (id: string) => onOpen?.(open.includes(id) ? open.filter(other => other !== id) : [...open, id])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <div className="scroll" tabIndex={0} aria-busy={isOld}>
      <table className="log">
        <thead>
          <tr>
            {words.columns.map((head, at) => (
              <th key={head} scope="col">
                <span className={at === 0 ? 'hidden-label' : ''}>{head}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {events.map(event => (
            <Row
              key={event.id}
              event={event}
              isOpen={open.includes(event.id)}
              {...(onOpen && { onToggle: () => toggle(event.id) })}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ event, isOpen, onToggle }: { event: Event; isOpen: boolean; onToggle?: () => void }) {
  const isDone = event.outcome === 'DONE'
  return (
    <tr className={isOpen ? 'is-open' : ''}>
      <td className="log-toggle">
        {onToggle && (
          <button
            type="button"
            className={`toggle ${ROW_LINK}`}
            aria-expanded={isOpen}
            aria-label={words.details(plainSentence(event))}
            onClick={onToggle}
          >
            <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span>
          </button>
        )}
      </td>
      <td className="log-when">
        <When at={event.at} otherwise={texts.never} />
      </td>
      <td className={`log-outcome ${isDone ? 'done' : 'denied'}`}>
        <span aria-hidden="true">{isDone ? '✓' : '✕'}</span> {words.outcomes[isDone ? 'done' : 'refused']}
      </td>
      <td className="log-what">
        <Sentence event={event} />
        {isOpen && <EventDetails event={event} />}
      </td>
    </tr>
  )
}

function Sentence({ event }: { event: Event }) {
  const { actor, actorUser, target, targetType, targetName } = event
  const people = {
    actor: { id: actorUser?.databaseId, title: actor },
    target: {
      id: target?.__typename === 'User' ? target.databaseId : undefined,
      title: `${targetType} ${targetName ?? ''}`.trim(),
    },
  }
  return (
    <p>
      {sentenceOf(event).map(({ kind, text }, at) => {
        const key = `${at} ${kind}`
        if (kind === 'text') return text
        if (kind === 'value') return <em key={key}>{text}</em>
        return (
          <Named key={key} {...people[kind]}>
            {text}
          </Named>
        )
      })}
    </p>
  )
}

function Named({ id, title, children }: { id: number | undefined; title: string; children: ReactNode }) {
  if (id === undefined) return <strong title={title}>{children}</strong>
  return (
    <Link to="/console/users/$id/{-$tab}" params={{ id: String(id), tab: undefined }} title={title}>
      {children}
    </Link>
  )
}
