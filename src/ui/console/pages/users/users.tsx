import { useEffect, useRef, useState } from 'react'
import { Button } from 'react-aria-components'
import { UsersCountDocument, UsersDocument } from '../../../../generated/ui.ts'
import { pathTo } from '../../base.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { useKeys } from '../../parts/keys.ts'
import { Pager } from '../../parts/pager.tsx'
import { Proposals } from '../../parts/proposal.tsx'
import { SearchBox } from '../../parts/search-box.tsx'
import { Empty, Failed, Skeleton } from '../../parts/states.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { texts } from '../../texts.ts'
import { usersTexts as words } from '../../texts.users.ts'
import { Bulk } from './bulk.tsx'
import { ColumnsMenu } from './columns-menu.tsx'
import { Chips, Filters } from './filters.tsx'
import { moveFocus, remember, toggleFocused, useReturn } from './row-focus.ts'
import { Rows } from './rows.tsx'
import { type Selection, useSelection } from './selection.ts'
import './users.css'
import { foundBy, isFiltered, searchOf, searchText, type View, variablesOf, viewOf } from './view.ts'

export function Users() {
  const viewer = useViewer()
  return (
    <>
      <h1>{words.title}</h1>
      {viewer.may('user:search') ? <UserList /> : <Empty>{words.needs}</Empty>}
    </>
  )
}

function UserList() {
  const [search, go] = useAddress()
  const view = viewOf(search)
  const selection = useSelection()
  const box = useRef<HTMLInputElement>(null)
  const [list, setList] = useState<HTMLElement | null>(null)
  const change = (part: Partial<View>, replace = false) =>
    go(searchOf({ ...view, ...part, after: null, before: null }), { replace })
  useKeys({
    '/': () => box.current?.focus(),
    j: () => moveFocus(list, 1),
    k: () => moveFocus(list, -1),
    x: toggleFocused,
    Escape: selection.clear,
  })
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: only notes which link was followed
    <div ref={setList} onClick={event => remember(event.target)}>
      <SearchBox
        label={words.search}
        hint={words.searchHint}
        value={view.q}
        inputRef={box}
        onChange={text => change({ q: searchText(text) }, true)}
        onLeave={() => moveFocus(list, 1)}
      />
      <div className="tools">
        <Filters view={view} onChange={change} />
        <ColumnsMenu cols={view.cols} onChange={cols => go(searchOf({ ...view, cols }), { replace: true })} />
      </div>
      <Bulk selection={selection} />
      <Found view={view} selection={selection} list={list} onChange={change} />
      <Proposals />
    </div>
  )
}

interface FoundProps {
  readonly view: View
  readonly selection: Selection
  readonly list: HTMLElement | null
  readonly onChange: (part: Partial<View>, replace?: boolean) => void
}

function Found({ view, selection, list, onChange }: FoundProps) {
  const { data, error, isPlaceholderData, refetch } = useOperation(UsersDocument, variablesOf(view))
  const users = data?.data.users
  useReturn(list, users !== undefined)
  const isOfOtherList = error?.field === 'after' || error?.field === 'before'
  useEffect(() => {
    if (isOfOtherList) onChange({}, true)
  }, [isOfOtherList, onChange])
  return (
    <section className="card" aria-label={words.title}>
      <Count view={view} onChange={onChange} />
      {error && !users && !isOfOtherList && <Failed error={error} onRetry={() => void refetch()} />}
      {!users && !error && <Skeleton rows={12} />}
      {users && users.nodes.length > 0 && <Rows rows={users.nodes} view={view} selection={selection} isOld={isPlaceholderData} />}
      {users && users.nodes.length === 0 && <Nobody view={view} onChange={onChange} />}
      {users && users.nodes.length === 1 && !isFiltered(view) && <Alone />}
      {users && <Pager search={searchOf(view)} page={users.pageInfo} />}
      <p className="hint keys">{words.keys}</p>
    </section>
  )
}

/** The rows do not wait for it. */
function Count({ view, onChange }: Pick<FoundProps, 'view' | 'onChange'>) {
  const { data } = useOperation(UsersCountDocument, foundBy(view))
  const users = data?.data.users
  const sources = new Map(data?.data.iams?.nodes.map(({ iamid, displayName }) => [iamid, displayName]))
  return (
    <div className="found">
      <p role="status" className="count">
        {users && (users.totalCount === null ? words.moreThan(users.totalCountEstimate ?? 0) : words.people(users.totalCount))}
      </p>
      <Chips view={view} sources={sources} onChange={onChange} />
    </div>
  )
}

const NOTHING = { q: '', iam: [], state: null, perm: null, group: [], attr: [] }

function Nobody({ view, onChange }: Pick<FoundProps, 'view' | 'onChange'>) {
  return (
    <Empty>
      <p>
        <strong>{words.empty}</strong> {isFiltered(view) && words.emptyHint}
      </p>
      {isFiltered(view) && (
        <Button className="button quiet small" onPress={() => onChange(NOTHING)}>
          {words.clearAll}
        </Button>
      )}
    </Empty>
  )
}

function Alone() {
  return (
    <Empty>
      {words.alone}
      <a href={pathTo('/graphiql')}>{texts.nav.playground}</a>.
    </Empty>
  )
}
