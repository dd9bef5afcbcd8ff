import type { ReactNode } from 'react'
import type { UserRowFragment } from '../../../../generated/ui.ts'
import { AccountSource, UserState } from '../../parts/badges.tsx'
import { Marked } from '../../parts/marked.tsx'
import { Needs } from '../../parts/states.tsx'
import { When } from '../../parts/when.tsx'
import { formatNumber, texts } from '../../texts.ts'
import { usersTexts as words } from '../../texts.users.ts'
import { ATTRIBUTE_COLUMN, type ColumnName, isAttributeColumn, type SortName } from './view.ts'

export type Row = UserRowFragment

interface Column {
  readonly sort?: SortName
  readonly cell: (row: Row, search: string) => ReactNode
}

const FEW = 2

const COLUMNS: Record<ColumnName, Column> = {
  userid: {
    sort: 'userid',
    cell: ({ userid }, search) => (
      <span className="long">
        <Marked text={userid} search={search} />
      </span>
    ),
  },
  iam: { sort: 'iam', cell: row => <AccountSource {...row} /> },
  state: { cell: row => <UserState user={row} /> },
  permissions: { cell: ({ permissions = [] }) => <Few values={permissions} total={permissions.length} /> },
  groups: {
    cell: ({ memberships }) =>
      memberships ? (
        <Few values={memberships.nodes.map(({ group }) => group.name)} total={memberships.totalCount} />
      ) : (
        <Needs permission="USER_ADMIN" />
      ),
  },
  lastLogin: { sort: 'lastLogin', cell: ({ lastLogin }) => <When at={lastLogin} otherwise={texts.never} /> },
  createdAt: { sort: 'createdAt', cell: ({ createdAt }) => <When at={createdAt} otherwise={texts.never} /> },
}

export function columnOf(name: string): Column & { readonly title: string } {
  if (!isAttributeColumn(name)) return { ...COLUMNS[name as ColumnName], title: words.columns[name] ?? name }
  const key = name.slice(ATTRIBUTE_COLUMN.length)
  return { title: key, cell: ({ attributes }) => <AttributeValues attributes={attributes} attribute={key} /> }
}

/** The first ones, and how many more there are. */
function Few({ values, total }: { values: readonly string[]; total: number | null }) {
  if (values.length === 0) return <span className="soft">{texts.nothing}</span>
  const more = (total ?? values.length) - FEW
  return (
    <span className="few">
      {values.slice(0, FEW).map(value => (
        <span key={value} className="tag" title={value}>
          {value}
        </span>
      ))}
      {more > 0 && (
        <span className="soft">
          <span aria-hidden="true">+{formatNumber(more)}</span>
          <span className="hidden-label">{texts.andMore(more)}</span>
        </span>
      )}
    </span>
  )
}

function AttributeValues({ attributes, attribute }: { attributes: Row['attributes']; attribute: string }) {
  if (attributes == null) return <Needs permission="USER_ADMIN" />
  const same = attributes.filter(({ key }) => key.toLowerCase() === attribute.toLowerCase())
  return <Few values={[...new Set(same.flatMap(({ values }) => values))]} total={null} />
}
