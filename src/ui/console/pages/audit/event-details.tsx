import { Link } from '@tanstack/react-router'
import type { LogEventFragment as Event } from '../../../../generated/ui.ts'
import { fieldChanges } from '../../parts/change-words.ts'
import { ChangeWords } from '../../parts/changes.tsx'
import { actorName, targetName } from '../../parts/sentence.ts'
import { eventName } from '../../texts.audit.ts'
import { actingAs, logTexts as words } from '../../texts.audit-log.ts'

import { TARGETS } from './audit-view.ts'

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })

export function EventDetails({ event }: { event: Event }) {
  const { fields } = words
  const { at, action, actor, onBehalfOf, targetType, targetId, credential, reason, requestId, before, after } = event
  const facts: [string, string | null][] = [
    [fields.at, exact.format(new Date(at))],
    [fields.event, `${eventName(event.event)} (${event.event})`],
    [fields.action, action],
    [fields.actor, `${actor}${onBehalfOf === null ? '' : actingAs(onBehalfOf)}`],
    [fields.target, [words.targetName(targetType, targetId).trim(), event.targetName].filter(Boolean).join(' · ')],
    [fields.reason, reason],
    [fields.credential, credential ?? words.noCredential],
    [fields.request, requestId],
  ]
  return (
    <div className="log-details">
      <h2>{words.changed}</h2>
      {fieldChanges(before, after).length > 0 ? (
        <ChangeWords before={before} after={after} />
      ) : (
        <p className="soft">{words.unchanged}</p>
      )}
      <dl>
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <p className="log-links">
        {event.actorUser && (
          <Link to="." search={{ who: String(event.actorUser.databaseId) }}>
            {words.onlyBy(actorName(event))}
          </Link>
        )}
        {targetId !== '' && TARGETS.includes(targetType) && (
          <Link to="." search={{ target: `${targetType}:${targetId}` }}>
            {words.onlyAbout(targetName(event))}
          </Link>
        )}
        <Link to="." search={{ id: event.id }}>
          {words.permalink}
        </Link>
      </p>
    </div>
  )
}
