import { Link } from '@tanstack/react-router'
import { PersonEventsDocument, PersonTimelineDocument, type TimelineEventFragment } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { pageOf } from '../../operations/query-text.ts'
import { Pager } from '../../parts/pager.tsx'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { personTexts } from '../../texts.person.ts'
import type { TabProps } from './person.tsx'
import { Days } from './timeline-days.tsx'

const words = personTexts.timeline
const FILTERS = ['all', 'changes', 'logins', 'refused'] as const
type Filter = (typeof FILTERS)[number]
type Event = TimelineEventFragment

export function Timeline({ user }: TabProps) {
  const viewer = useViewer()
  const [search] = useAddress()
  const filter = FILTERS.find(name => name === search.show) ?? 'all'
  if (!viewer.may('audit:list'))
    return (
      <section className="card">
        <h2>{words.title}</h2>
        <Needs permission="AUDIT" />
      </section>
    )
  return (
    <section className="card">
      <div className="card-head">
        <h2>{words.title}</h2>
        <nav className="segments" aria-label={words.filter}>
          {FILTERS.map(name => (
            <Link
              key={name}
              to="."
              search={{ show: name === 'all' ? undefined : name }}
              resetScroll={false}
              activeProps={{}}
              aria-current={name === filter ? 'true' : undefined}
            >
              {words.filters[name]}
            </Link>
          ))}
        </nav>
      </div>
      {filter === 'all' || filter === 'changes' ? (
        <AboutAndBy user={user} filter={filter} />
      ) : (
        <ByPerson user={user} filter={filter} />
      )}
      <p className="hint">{words.zone(Intl.DateTimeFormat().resolvedOptions().timeZone)}</p>
    </section>
  )
}

const SIGN_INS = ['loginSucceeded', 'impersonationStarted'] as const
const isChange = ({ event, outcome }: Event): boolean =>
  outcome === 'DONE' && !(SIGN_INS as readonly string[]).includes(event) && event !== 'tokenIssued'

function AboutAndBy({ user, filter }: TabProps & { filter: Filter }) {
  const [search] = useAddress()
  const { data, error, refetch } = useOperation(PersonTimelineDocument, {
    ref: { databaseId: user.databaseId },
    ...pageOf(search),
  })
  const found = data?.data.user?.auditEvents
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (!found) return <Skeleton rows={8} />
  const shown = filter === 'changes' ? found.nodes.filter(isChange) : found.nodes
  const skipped = found.nodes.length - shown.length
  return (
    <>
      <Events events={shown} user={user} isFiltered={filter !== 'all'} />
      {skipped > 0 && <p className="hint">{words.skipped(skipped)}</p>}
      <Pager search={search} page={found.pageInfo} />
    </>
  )
}

function ByPerson({ user, filter }: TabProps & { filter: Filter }) {
  const [search] = useAddress()
  const kind = filter === 'refused' ? { outcome: 'DENIED' as const } : { events: [...SIGN_INS] }
  const { data, error, refetch } = useOperation(PersonEventsDocument, {
    filter: { actorId: user.id, ...kind },
    ...pageOf(search),
  })
  const found = data?.data.auditEvents
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (!found) return <Skeleton rows={8} />
  return (
    <>
      <Events events={found.nodes} user={user} isFiltered />
      <Pager search={search} page={found.pageInfo} />
    </>
  )
}

function Events({ events, user, isFiltered }: TabProps & { events: readonly Event[]; isFiltered: boolean }) {
  if (events.length > 0) return <Days events={events} user={user} />
  return (
    <Empty>
      {isFiltered ? (
        <>
          {words.emptyFiltered}{' '}
          <Link to="." search={{}}>
            {words.showAll}
          </Link>
        </>
      ) : (
        words.empty
      )}
    </Empty>
  )
}
