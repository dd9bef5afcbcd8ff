import type { TimelineEventFragment } from '../../../../generated/ui.ts'
import { ChangeWords } from '../../parts/changes.tsx'
import { eventName } from '../../texts.audit.ts'
import { personTexts } from '../../texts.person.ts'
import type { TabProps } from './person.tsx'

const words = personTexts.timeline
type Event = TimelineEventFragment
const dayOf = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const timeOf = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })
const FOLDED = 4

export function Days({ events, user }: TabProps & { events: readonly Event[] }) {
  const days = [...Map.groupBy(events, ({ at }) => dayOf.format(new Date(at)))]
  return days.map(([day, ofDay]) => (
    <section key={day} className="day">
      <h3>{day}</h3>
      <ol>
        {requestsOf(ofDay).map(together => (
          <Together key={together[0]!.id} events={together} user={user} />
        ))}
      </ol>
    </section>
  ))
}

/** What a part of Roster did at once, such as a sync. */
function requestsOf(events: readonly Event[]): Event[][] {
  const found: Event[][] = []
  for (const event of events) {
    const last = found.at(-1)
    if (event.actorUserId === null && last?.[0]?.requestId === event.requestId) last.push(event)
    else found.push([event])
  }
  return found
}

function Together({ events, user }: TabProps & { events: readonly Event[] }) {
  if (events.length < FOLDED) return events.map(event => <Entry key={event.id} event={event} user={user} />)
  return (
    <li className="together">
      <details>
        <summary>{words.folded(events.length, events[0]!.actor)}</summary>
        <ol>
          {events.map(event => (
            <Entry key={event.id} event={event} user={user} />
          ))}
        </ol>
      </details>
    </li>
  )
}

function Entry({ event, user }: TabProps & { event: Event }) {
  const { at, outcome, actor, actorUserId, onBehalfOf, targetType, targetId, targetName, before, after, reason, requestId } =
    event
  const isAbout = targetType === 'user' && targetId === String(user.databaseId)
  const target = isAbout || targetType === 'session' ? null : (targetName ?? `${targetType} ${targetId}`)
  return (
    <li className="entry">
      <time dateTime={at} title={`${exact.format(new Date(at))} · ${words.request(requestId)}`}>
        {timeOf.format(new Date(at))}
      </time>
      <div>
        <p>
          <strong>{eventName(event.event)}</strong>
          {target && <span title={targetType}> {target.replace(/^bim\//, '')}</span>}
          {outcome === 'DENIED' && <span className="denied"> {words.refused}</span>}
          <span className="soft">
            {' '}
            {words.by} {actorUserId === user.databaseId ? words.self : actor}
            {onBehalfOf && ` ${words.onBehalf(onBehalfOf)}`}
          </span>
        </p>
        {reason && <p className="soft">{reason}</p>}
        {!isMember(after ?? before, user) && <ChangeWords before={before} after={after} />}
      </div>
    </li>
  )
}

/** Then who else joined or left is of no matter here. */
function isMember(facts: unknown, user: TabProps['user']): boolean {
  const { members } = (facts ?? {}) as { members?: readonly { readonly id?: number }[] }
  return Array.isArray(members) && members.some(({ id }) => id === user.databaseId)
}
