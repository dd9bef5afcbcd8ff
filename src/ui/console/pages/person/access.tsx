import { Button } from 'react-aria-components'
import { PersonAccessDocument, type PersonAccessQuery } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { grant, revoke } from '../../operations/writes.ts'
import { Dropdown } from '../../parts/choices.tsx'
import { PermissionForm } from '../../parts/permission-form.tsx'
import { propose } from '../../parts/proposal.tsx'
import { GrantSource } from '../../parts/source.tsx'
import { useSourceName } from '../../parts/sources.ts'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { changesTexts as changes } from '../../texts.changes.ts'
import { personTexts } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import { useTarget } from './actions.tsx'
import { lanesOf } from './lanes.ts'
import type { TabProps } from './person.tsx'
import { Picture } from './picture.tsx'

const words = personTexts.access
type Found = NonNullable<PersonAccessQuery['user']>
type Held = NonNullable<Found['permissionGrants']>[number]

export function Access({ user }: TabProps) {
  const viewer = useViewer()
  const [search] = useAddress()
  const { data, error, refetch } = useOperation(PersonAccessDocument, { ref: { databaseId: user.databaseId } })
  const found = data?.data.user
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (found?.id !== user.id) return <Skeleton rows={8} />
  if (found.permissionGrants === null) return <Needs permission="USER_ADMIN" />
  const meanings = new Map(data?.data.permissions?.nodes.map(({ name, meaning }) => [name, meaning]))
  const { permissionGrants: grants } = found
  const kept = grants.some(({ permission }) => permission === search.perm) ? search.perm : undefined
  return (
    <>
      {grants.length > 0 && <Ways user={user} found={found} kept={kept} />}
      <section className="card">
        <div className="card-head">
          <h2>{words.title}</h2>
          {viewer.may('user:setPermissions') && <Grant user={user} />}
        </div>
        {grants.length === 0 ? (
          <Empty>{words.empty}</Empty>
        ) : (
          <Grants user={user} grants={grants} kept={kept} meanings={meanings} />
        )}
      </section>
    </>
  )
}

function Ways({ user, found, kept }: TabProps & { found: Found; kept: string | undefined }) {
  const sourceName = useSourceName()
  const sources = new Map(found.memberships?.nodes.map(({ group, sources }) => [group.id, sources ?? undefined]))
  const lanes = lanesOf(
    { name: user.profile.name, grants: found.permissionGrants ?? [], sourcesOf: id => sources.get(id) },
    { ...personTexts.picture, sourceName },
  )
  return <Picture user={user} lanes={lanes} kept={kept} />
}

function Grant({ user }: TabProps) {
  const { target, audit } = useTarget(user)
  return (
    <Dropdown label={changes.grant}>
      {close => (
        <PermissionForm
          onPick={permission => {
            close()
            propose({ title: changes.grantTo(target.name), writes: [grant(target, [permission])], audit })
          }}
        />
      )}
    </Dropdown>
  )
}

function Revoke({ user, permission }: TabProps & { permission: string }) {
  const { target, audit } = useTarget(user)
  return (
    <Button
      className="button quiet small"
      aria-label={changes.revokeNamed(permission)}
      onPress={() =>
        propose({
          title: changes.revokeFrom(permission, target.name),
          writes: [revoke(target, permission)],
          audit,
          isDanger: true,
        })
      }
    >
      {changes.revoke}
    </Button>
  )
}

interface GrantsProps extends TabProps {
  readonly grants: readonly Held[]
  readonly kept: string | undefined
  readonly meanings: ReadonlyMap<string, string | null>
}

/** One row for each source of a permission. */
function Grants({ user, grants, kept, meanings }: GrantsProps) {
  const mayRevoke = useViewer().may('user:setPermissions')
  const shown = [...Map.groupBy(grants, ({ permission }) => permission)].filter(([name]) => kept === undefined || name === kept)
  return (
    <Table heads={[words.permission, words.meaning, words.source, words.since, words.by, ...(mayRevoke ? [texts.actions] : [])]}>
      {shown.flatMap(([permission, sources]) =>
        sources.map((held, at) => (
          <tr key={`${permission} ${held.source} ${held.rule?.iam.id} ${held.group?.id}`}>
            {at === 0 && (
              <>
                <th scope="row" rowSpan={sources.length}>
                  {permission}
                </th>
                <td rowSpan={sources.length}>{meanings.get(permission) ?? <span className="soft">{words.custom}</span>}</td>
              </>
            )}
            <td>
              <GrantSource grant={held} />
            </td>
            <td>
              <When at={held.since} otherwise={words.unknown} />
            </td>
            <td>{held.grantedBy}</td>
            {mayRevoke && (
              <td>{held.source === 'bim' && !held.rule && !held.group && <Revoke user={user} permission={permission} />}</td>
            )}
          </tr>
        )),
      )}
    </Table>
  )
}
