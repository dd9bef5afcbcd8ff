import { Link } from '@tanstack/react-router'
import { PersonGroupsDocument, type PersonGroupsQuery } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { pageOf } from '../../operations/query-text.ts'
import { Pager } from '../../parts/pager.tsx'
import { SourceOf } from '../../parts/source.tsx'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { personTexts } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import { searchOf, viewOf } from '../users/view.ts'
import type { TabProps } from './person.tsx'

const words = personTexts.groups
type Membership = NonNullable<PersonGroupsQuery['userMemberships']>['nodes'][number]

export function Groups({ user }: TabProps) {
  const viewer = useViewer()
  return (
    <section className="card">
      <h2>{words.title}</h2>
      {viewer.may('user:readGroups') ? <Memberships user={user} /> : <Needs permission="USER_ADMIN" />}
    </section>
  )
}

function Memberships({ user }: TabProps) {
  const [search] = useAddress()
  const { data, error, refetch } = useOperation(PersonGroupsDocument, { ref: { databaseId: user.databaseId }, ...pageOf(search) })
  const found = data?.data.userMemberships
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (!found) return <Skeleton rows={5} />
  if (found.nodes.length === 0) return <Empty>{words.empty}</Empty>
  return (
    <>
      <Table heads={[words.group, words.source, words.since, words.by, words.gives]}>
        {found.nodes.map(membership => (
          <MembershipRow key={membership.id} membership={membership} />
        ))}
      </Table>
      <Pager search={search} page={found.pageInfo} />
    </>
  )
}

function MembershipRow({ membership: { group, sources, since, addedBy } }: { membership: Membership }) {
  return (
    <tr>
      <th scope="row">
        <Link to="/console/users" search={searchOf({ ...viewOf({}), group: [group.name] })}>
          {group.name}
        </Link>
        {group.description && <span className="soft under">{group.description}</span>}
      </th>
      <td>
        {sources?.map(source => (
          <SourceOf key={source} source={source} />
        ))}
      </td>
      <td>
        <When at={since} otherwise={personTexts.access.unknown} />
      </td>
      <td>{addedBy}</td>
      <td>
        {group.permissions?.length ? (
          <span className="few">
            {group.permissions.map(permission => (
              <span key={permission} className="tag">
                {permission}
              </span>
            ))}
          </span>
        ) : (
          <span className="soft">{texts.nothing}</span>
        )}
      </td>
    </tr>
  )
}
