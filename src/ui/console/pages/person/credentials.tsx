import { PersonCredentialsDocument, type PersonCredentialsQuery } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Empty, Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { Table } from '../../parts/table.tsx'
import { When } from '../../parts/when.tsx'
import { personTexts } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import type { TabProps } from './person.tsx'

const words = personTexts.credentials
type Found = NonNullable<PersonCredentialsQuery['user']>

export function Credentials({ user }: TabProps) {
  const { data, error, refetch } = useOperation(PersonCredentialsDocument, { ref: { databaseId: user.databaseId } })
  const found = data?.data.user
  if (error && !found) return <Failed error={error} onRetry={() => void refetch()} />
  if (found?.id !== user.id) return <Skeleton rows={5} />
  return (
    <>
      <section className="card">
        <h2>{words.keys}</h2>
        {found.apiKeys ? <Keys keys={found.apiKeys} /> : <Needs permission="USER_ADMIN" />}
      </section>
      <section className="card">
        <h2>{words.tokens}</h2>
        {found.tokens ? <Tokens tokens={found.tokens} /> : <Needs permission="USER_ADMIN" />}
      </section>
    </>
  )
}

const SHOWN = 100

function Keys({ keys: { nodes, totalCount } }: { keys: NonNullable<Found['apiKeys']> }) {
  if (nodes.length === 0) return <Empty>{words.keysEmpty}</Empty>
  return (
    <>
      <Table heads={[words.name, words.prefix, words.scopes, words.lastUsed, words.expires, words.created]}>
        {nodes.map(({ id, name, prefix, scopes, lastUsed, expiresAt, createdAt }) => (
          <tr key={id}>
            <th scope="row">{name ?? <span className="soft">{texts.nothing}</span>}</th>
            <td>
              <code>{prefix}…</code>
            </td>
            <td>{scopes.length === 0 ? words.everything : scopes.join(', ')}</td>
            <td>
              <When at={lastUsed} otherwise={texts.never} />
            </td>
            <td>
              <When at={expiresAt} otherwise={texts.never} />
            </td>
            <td>
              <When at={createdAt} otherwise={texts.never} />
            </td>
          </tr>
        ))}
      </Table>
      {(totalCount ?? 0) > SHOWN && <p className="hint">{words.shown(totalCount ?? 0)}</p>}
    </>
  )
}

function Tokens({ tokens: { nodes, totalCount } }: { tokens: NonNullable<Found['tokens']> }) {
  if (nodes.length === 0) return <Empty>{words.tokensEmpty}</Empty>
  return (
    <>
      <Table heads={[words.kind, words.prefix, words.lastUsed, words.expires, words.created]}>
        {nodes.map(({ id, prefix, apiKey, impersonator, lastUsed, expiration, createdAt }) => (
          <tr key={id}>
            <th scope="row">
              {impersonator
                ? words.impersonated(`${impersonator.iamid}/${impersonator.userid}`)
                : apiKey
                  ? words.key(apiKey.name ?? '')
                  : words.login}
            </th>
            <td>
              <code>{prefix}…</code>
            </td>
            <td>
              <When at={lastUsed} otherwise={texts.never} />
            </td>
            <td>
              <When at={expiration} otherwise={texts.never} />
            </td>
            <td>
              <When at={createdAt} otherwise={texts.never} />
            </td>
          </tr>
        ))}
      </Table>
      {(totalCount ?? 0) > SHOWN && <p className="hint">{words.shown(totalCount ?? 0)}</p>}
    </>
  )
}
