import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Marked } from '../../parts/marked.tsx'
import { usersTexts as words } from '../../texts.users.ts'
import { columnOf, type Row } from './columns.tsx'
import { ROW_LINK } from './row-focus.ts'
import type { Selection } from './selection.ts'
import { type SortName, searchOf, type View } from './view.ts'

interface RowsProps {
  readonly rows: readonly Row[]
  readonly view: View
  readonly selection: Selection
  readonly isOld: boolean
}

export function Rows({ rows, view, selection, isOld }: RowsProps) {
  const columns = view.cols.map(name => ({ name, ...columnOf(name) }))
  const isAll = rows.every(row => selection.has(row))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <div className="scroll" tabIndex={0} aria-busy={isOld}>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col" className="check">
              <input type="checkbox" aria-label={words.selectAll} checked={isAll} onChange={() => selection.set(rows, !isAll)} />
            </th>
            <SortHead view={view} by="name">
              {words.columns.name}
            </SortHead>
            {columns.map(({ name, title, sort }) =>
              sort ? (
                <SortHead key={name} view={view} by={sort}>
                  {title}
                </SortHead>
              ) : (
                <th key={name} scope="col">
                  {title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.id} className={selection.has(row) ? 'is-selected' : ''}>
              <td className="check">
                <input
                  type="checkbox"
                  aria-label={words.select(row.profile.name)}
                  checked={selection.has(row)}
                  onChange={() => selection.toggle(row)}
                />
              </td>
              <NameCell row={row} search={view.q} />
              {columns.map(({ name, title, cell }) => (
                <td key={name} data-head={title}>
                  {cell(row, view.q)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function NameCell({ row, search }: { row: Row; search: string }) {
  const { name, email } = row.profile
  return (
    <th scope="row" className="who">
      <Link to="/console/users/$id/{-$tab}" params={{ id: String(row.databaseId), tab: undefined }} className={ROW_LINK}>
        <Marked text={name} search={search} />
      </Link>
      {email && (
        <span className="soft">
          <Marked text={email} search={search} />
        </span>
      )}
      {row.kind === 'SERVICE' && <span className="soft">{words.service}</span>}
    </th>
  )
}

function SortHead({ view, by, children }: { view: View; by: SortName; children: ReactNode }) {
  const isSorted = view.sort.by === by
  const { descending } = view.sort
  const next: View = { ...view, sort: { by, descending: isSorted ? !descending : false }, after: null, before: null }
  return (
    <th scope="col" aria-sort={isSorted ? (descending ? 'descending' : 'ascending') : 'none'}>
      <Link to="." search={searchOf(next)} resetScroll={false} className="sort">
        {children}
        <span aria-hidden="true">{isSorted ? (descending ? ' ↓' : ' ↑') : ''}</span>
      </Link>
    </th>
  )
}
