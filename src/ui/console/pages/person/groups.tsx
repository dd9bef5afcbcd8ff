import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { PersonAccessDocument, PersonGroupsDocument, type PersonGroupsQuery } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { pageOf } from '../../operations/query-text.ts'
import { changeMembers } from '../../operations/writes.ts'
import { GroupPick } from '../../parts/group-pick.tsx'
import { Pager } from '../../parts/pager.tsx'
import { propose } from '../../parts/proposal.tsx'
import { SourceOf } from '../../parts/source.tsx'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { changesTexts as changes } from '../../texts.changes.ts'
import { personTexts } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import { searchOf, viewOf } from '../users/view.ts'
import { useTarget } from './actions.tsx'
import { withoutGroup } from './lanes.ts'
import type { TabProps } from './person.tsx'

const words = personTexts.groups
type Membership = NonNullable<PersonGroupsQuery['userMemberships']>['nodes'][number]

export function Groups({ user }: TabProps) {
  const viewer = useViewer()
  return (
    <section className="card">
      <div className="card-head">
        <h2>{words.title}</h2>
        {viewer.may('group:addMember') && <Add user={user} />}
      </div>
      {viewer.may('user:readGroups') ? <Memberships user={user} /> : <Needs permission="USER_ADMIN" />}
    </section>
  )
}

function Add({ user }: TabProps) {
  const { target, audit } = useTarget(user)
  return (
    <GroupPick
      label={changes.addToGroup}
      onPick={group =>
        propose({
          title: changes.addTo(group.name, target.name),
          writes: [changeMembers(group, [target], 'add')],
          note: group.permissions?.length ? changes.givesToo(group.name, group.permissions) : undefined,
          audit,
        })
      }
    />
  )
}

function Remove({ user, membership: { group, sources } }: TabProps & { membership: Membership }) {
  const { target, audit } = useTarget(user)
  const { data } = useOperation(PersonAccessDocument, { ref: { databaseId: user.databaseId } })
  const { lost, kept } = withoutGroup(data?.data.user?.permissionGrants ?? [], group.id)
  const parts = [lost.length > 0 && changes.loses(target.name, lost), kept.length > 0 && changes.keeps(kept)].filter(Boolean)
  const isMember = (sources ?? []).some(source => source !== 'bim')
  return (
    <Button
      className="button quiet small"
      aria-label={changes.removeNamed(group.name)}
      onPress={() =>
        propose({
          title: changes.removeFrom(group.name, target.name),
          writes: [changeMembers(group, [target], 'remove')],
          note: isMember ? changes.stays(target.name, group.name) : parts.join(' '),
          audit,
          isDanger: true,
        })
      }
    >
      {changes.remove}
    </Button>
  )
}

function Memberships({ user }: TabProps) {
  const [search] = useAddress()
  const mayRemove = useViewer().may('group:removeMember')
  const { data, error, refetch } = useOperation(PersonGroupsDocument, { ref: { databaseId: user.databaseId }, ...pageOf(search) })
  const found = data?.data.userMemberships
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (!found) return <Skeleton rows={5} />
  if (found.nodes.length === 0) return <Empty>{words.empty}</Empty>
  return (
    <>
      <Table heads={[words.group, words.source, words.since, words.by, words.gives, ...(mayRemove ? [texts.actions] : [])]}>
        {found.nodes.map(membership => (
          <MembershipRow key={membership.id} membership={membership}>
            {mayRemove && <td>{membership.sources?.includes('bim') && <Remove user={user} membership={membership} />}</td>}
          </MembershipRow>
        ))}
      </Table>
      <Pager search={search} page={found.pageInfo} />
    </>
  )
}

function MembershipRow({ membership, children }: { membership: Membership; children: ReactNode }) {
  const { group, sources, since, addedBy } = membership
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
      {children}
    </tr>
  )
}
