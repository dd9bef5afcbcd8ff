import { PersonAccessDocument, type PersonAccessQuery } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useOperation } from '../../operations/hooks.ts'
import { GrantSource } from '../../parts/source.tsx'
import { useSourceName } from '../../parts/sources.ts'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { personTexts } from '../../texts.person.ts'
import { lanesOf } from './lanes.ts'
import type { TabProps } from './person.tsx'
import { Picture } from './picture.tsx'

const words = personTexts.access
type Found = NonNullable<PersonAccessQuery['user']>
type Grant = NonNullable<Found['permissionGrants']>[number]

export function Access({ user }: TabProps) {
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
        <h2>{words.title}</h2>
        {grants.length === 0 ? <Empty>{words.empty}</Empty> : <Grants grants={grants} kept={kept} meanings={meanings} />}
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

interface GrantsProps {
  readonly grants: readonly Grant[]
  readonly kept: string | undefined
  readonly meanings: ReadonlyMap<string, string | null>
}

/** One row for each source of a permission. */
function Grants({ grants, kept, meanings }: GrantsProps) {
  const shown = [...Map.groupBy(grants, ({ permission }) => permission)].filter(([name]) => kept === undefined || name === kept)
  return (
    <Table heads={[words.permission, words.meaning, words.source, words.since, words.by]}>
      {shown.flatMap(([permission, sources]) =>
        sources.map((grant, at) => (
          <tr key={`${permission} ${grant.source} ${grant.rule?.iam.id} ${grant.group?.id}`}>
            {at === 0 && (
              <>
                <th scope="row" rowSpan={sources.length}>
                  {permission}
                </th>
                <td rowSpan={sources.length}>{meanings.get(permission) ?? <span className="soft">{words.custom}</span>}</td>
              </>
            )}
            <td>
              <GrantSource grant={grant} />
            </td>
            <td>
              <When at={grant.since} otherwise={words.unknown} />
            </td>
            <td>{grant.grantedBy}</td>
          </tr>
        )),
      )}
    </Table>
  )
}
