import { useEffect, useState } from 'react'
import { Button } from 'react-aria-components'
import { AuditLogCountDocument, AuditLogDocument, AuditLogPersonDocument } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { useKeys } from '../../parts/keys.ts'
import { Pager } from '../../parts/pager.tsx'
import { Empty, Failed, Skeleton } from '../../parts/states.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { eventNames } from '../../texts.audit.ts'
import { logTexts as words } from '../../texts.audit-log.ts'
import { moveFocus } from '../users/row-focus.ts'
import '../users/users.css'
import './audit.css'
import {
  dayBefore,
  isLogFiltered,
  type LogView,
  logFilterOf,
  logPageOf,
  logSearchOf,
  logViewOf,
  NO_FILTER,
} from './audit-view.ts'
import { LogChips } from './chips.tsx'
import { type Change, LogFilters } from './filters.tsx'
import { LogRows } from './log-rows.tsx'
import { OneEvent } from './one-event.tsx'

export function Audit() {
  const viewer = useViewer()
  const [{ id }] = useAddress()
  return (
    <>
      <h1>{words.title}</h1>
      {viewer.may('audit:list') ? id ? <OneEvent id={id} /> : <Log /> : <Empty>{words.needs}</Empty>}
    </>
  )
}

function Log() {
  const [search, go] = useAddress()
  const view = logViewOf(search, eventNames)
  const [list, setList] = useState<HTMLElement | null>(null)
  const change: Change = (part, replace = false) =>
    go(logSearchOf({ ...view, ...part, open: [], after: null, before: null }), { replace })
  useKeys({ j: () => moveFocus(list, 1), k: () => moveFocus(list, -1) })
  const person = useOperation(AuditLogPersonDocument, { databaseId: view.who ?? 0 }, { enabled: view.who !== null })
  const actor = view.who === null || person.isPlaceholderData ? null : (person.data?.data.user ?? null)
  return (
    <div ref={setList}>
      <div className="tools">
        <LogFilters view={view} onChange={change} />
      </div>
      <section className="card" aria-label={words.title}>
        {view.who !== null && person.error ? (
          <>
            <LogChips view={view} actor={null} onChange={change} />
            <Empty>
              {person.error.code === 'NOT_FOUND' ? words.unknownPerson : person.error.message} <Clear onChange={change} />
            </Empty>
          </>
        ) : (
          <Found
            view={view}
            actor={actor}
            onChange={change}
            onOpen={open => go(logSearchOf({ ...view, open }), { replace: true })}
          />
        )}
        <p className="hint keys">{words.keys}</p>
        <p className="hint">{words.zone(Intl.DateTimeFormat().resolvedOptions().timeZone)}</p>
      </section>
    </div>
  )
}

interface FoundProps {
  readonly view: LogView
  /** Null while it loads, and without such a filter. */
  readonly actor: { readonly id: string; readonly profile: { readonly name: string } } | null
  readonly onChange: Change
  readonly onOpen: (open: readonly string[]) => void
}

function Found({ view, actor, onChange, onOpen }: FoundProps) {
  const filter = logFilterOf(view, actor?.id ?? null)
  const enabled = view.who === null || actor !== null
  const { data, error, isPlaceholderData, refetch } = useOperation(AuditLogDocument, { filter, ...logPageOf(view) }, { enabled })
  const { data: counted } = useOperation(AuditLogCountDocument, { filter }, { enabled })
  const total = counted?.data.auditEvents
  const events = data?.data.auditEvents
  const isOfOtherList = error?.field === 'after' || error?.field === 'before'
  useEffect(() => {
    if (isOfOtherList) onChange({}, true)
  }, [isOfOtherList, onChange])
  return (
    <>
      <div className="found">
        <p role="status" className="count">
          {total && (total.totalCount === null ? words.moreThan(total.totalCountEstimate ?? 0) : words.events(total.totalCount))}
        </p>
        <LogChips view={view} actor={actor?.profile.name ?? null} onChange={onChange} />
      </div>
      {error && !events && !isOfOtherList && <Failed error={error} onRetry={() => void refetch()} />}
      {!events && !error && <Skeleton rows={12} />}
      {events && events.nodes.length > 0 && (
        <LogRows events={events.nodes} open={view.open} isOld={isPlaceholderData} onOpen={onOpen} />
      )}
      {events && events.nodes.length === 0 && <Nothing view={view} onChange={onChange} />}
      {events && <Pager search={logSearchOf({ ...view, open: [] })} page={events.pageInfo} />}
    </>
  )
}

const WIDE = 30

function Nothing({ view, onChange }: { view: LogView; onChange: Change }) {
  if (!isLogFiltered(view)) return <Empty>{words.nothingYet}</Empty>
  const hasSpan = view.from !== null || view.to !== null
  const month = dayBefore(new Date(), WIDE)
  const isNarrow = hasSpan && (view.to !== null || view.from! > month)
  return (
    <Empty>
      <p>
        <strong>{hasSpan ? words.emptyIn(view.from, view.to) : words.empty}</strong>
      </p>
      <div className="buttons">
        {isNarrow && (
          <Button className="button quiet small" onPress={() => onChange({ from: month, to: null })}>
            {words.widen}
          </Button>
        )}
        <Clear onChange={onChange} />
      </div>
    </Empty>
  )
}

const Clear = ({ onChange }: { onChange: Change }) => (
  <Button className="button quiet small" onPress={() => onChange(NO_FILTER)}>
    {words.clear}
  </Button>
)
