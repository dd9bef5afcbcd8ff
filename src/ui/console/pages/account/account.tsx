import { AccountDocument, type AccountQuery } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { GrantSource, SourceOf } from '../../parts/source.tsx'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { texts } from '../../texts.ts'
import { AccountProfile } from './profile.tsx'

const words = texts.account
export type AccountUser = NonNullable<AccountQuery['viewer']>['user']

export function Account() {
  const { data, error, refetch } = useOperation(AccountDocument, {})
  const user = data?.data.viewer?.user
  return (
    <>
      <h1>{words.title}</h1>
      {error && !user && <Failed error={error} onRetry={() => void refetch()} />}
      {!user && !error && <Skeleton rows={8} />}
      {user && (
        <>
          <AccountProfile user={user} />
          <Access user={user} />
          <Groups user={user} />
          <Attributes user={user} />
        </>
      )}
    </>
  )
}

function Access({ user: { permissionGrants } }: { user: AccountUser }) {
  const grants = permissionGrants ?? []
  return (
    <section className="card">
      <h2>{words.access}</h2>
      {grants.length === 0 ? (
        <Empty>{words.accessEmpty}</Empty>
      ) : (
        <Table heads={[words.permission, words.source, words.since, words.by]}>
          {grants.map(grant => (
            <tr key={`${grant.permission} ${grant.source} ${grant.rule?.iam.id} ${grant.group?.id}`}>
              <th scope="row">{grant.permission}</th>
              <td>
                <GrantSource grant={grant} />
              </td>
              <td>
                <When at={grant.since} otherwise={words.sinceUnknown} />
              </td>
              <td>{grant.grantedBy}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}

function Groups({ user: { memberships } }: { user: AccountUser }) {
  const nodes = memberships?.nodes ?? []
  return (
    <section className="card">
      <h2>{words.groups}</h2>
      {nodes.length === 0 ? (
        <Empty>{words.groupsEmpty}</Empty>
      ) : (
        <Table heads={[words.group, words.source, words.since]}>
          {nodes.map(({ id, group, sources, since }) => (
            <tr key={id}>
              <th scope="row">{group.name}</th>
              <td>{sources?.map(source => <SourceOf key={source} source={source} />) ?? <Needs permission="USER_ADMIN" />}</td>
              <td>
                <When at={since} otherwise={words.sinceUnknown} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {memberships?.pageInfo.hasNextPage && <p className="soft">{words.moreGroups}</p>}
    </section>
  )
}

function Attributes({ user: { effectiveAttributes } }: { user: AccountUser }) {
  const values = effectiveAttributes ?? []
  return (
    <section className="card">
      <h2>{words.attributes}</h2>
      {values.length === 0 ? (
        <Empty>{words.attributesEmpty}</Empty>
      ) : (
        <Table heads={[words.attribute, words.value, words.source]}>
          {values.map(({ key, value, source, group }) => (
            <tr key={`${key} ${value} ${source} ${group?.id}`}>
              <th scope="row">{key}</th>
              <td>{value}</td>
              <td>
                <SourceOf source={source} group={group} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}
