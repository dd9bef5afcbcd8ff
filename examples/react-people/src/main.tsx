import { type FormEvent, useMemo, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { Client, type CombinedError, cacheExchange, fetchExchange, Provider, useMutation, useQuery } from 'urql'
import { type FragmentType, graphql, useFragment } from './gql'

const ROSTER = import.meta.env.VITE_ROSTER_URL ?? 'http://127.0.0.1:4000'

/** A new client for each log-in: nothing that one person loaded is left for the next. */
const clientOf = (token: string | null) =>
  new Client({
    url: `${ROSTER}/graphql`,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: token === null ? {} : { headers: { authorization: `Bearer ${token}` } },
  })

const LogIn = graphql(`mutation LogIn($input: LogInInput!) { logIn(input: $input) { token } }`)

const People = graphql(`
  query People($search: String, $first: Int, $after: String) {
    users(search: $search, first: $first, after: $after) {
      totalCount totalCountEstimate
      nodes { id ...PersonRow }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const PersonRow = graphql(`
  fragment PersonRow on User { userid permissions profile { name } groups(first: 5) { nodes { name } } }
`)

const Why = graphql(`query Why($ref: UserRef!) {
  user(ref: $ref) { permissionGrants { permission source group { name } rule { iam { iamid } group } } }
}`)

const Refusal = ({ error }: { error?: CombinedError }) =>
  error ? <p role="alert">{error.graphQLErrors[0]?.message ?? 'Roster cannot be reached'}</p> : null

/** The token stays in memory: a reload logs out, and no script of another page can read it from a store. */
function LogInForm({ onToken }: { onToken: (token: string) => void }) {
  const [{ error, fetching }, logIn] = useMutation(LogIn)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const input = { userid: String(form.get('userid')), password: String(form.get('password')) }
    const token = (await logIn({ input })).data?.logIn?.token
    if (token) onToken(token)
  }
  return (
    <form onSubmit={submit}>
      <h1>Log in</h1>
      <input name="userid" aria-label="User name" placeholder="User name" autoComplete="username" required />
      <input name="password" aria-label="Password" type="password" autoComplete="current-password" required />
      <button type="submit" disabled={fetching}>
        Log in
      </button>
      <Refusal error={error} />
    </form>
  )
}

function PeopleList({ onLogOut }: { onLogOut: () => void }) {
  const [search, setSearch] = useState('')
  /** The cursors of the pages so far, so that there is a way back. */
  const [cursors, setCursors] = useState<string[]>([])
  const [{ data, error }] = useQuery({ query: People, variables: { search: search || null, first: 25, after: cursors.at(-1) } })
  const { nodes = [], totalCount, totalCountEstimate, pageInfo } = data?.users ?? {}
  const find = (text: string) => {
    setSearch(text)
    setCursors([])
  }
  return (
    <>
      <h1>People</h1>
      <button type="button" onClick={onLogOut}>
        Log out
      </button>
      <input type="search" aria-label="Search" value={search} onChange={event => find(event.target.value)} />
      <Refusal error={error} />
      <p>{totalCount ?? `About ${totalCountEstimate}`} people</p>
      <table>
        <thead>
          <tr>
            {['Name', 'Groups', 'Permissions'].map(name => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.map(user => (
            <PersonLine key={user.id} id={user.id} person={user} />
          ))}
        </tbody>
      </table>
      <button type="button" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
        Previous
      </button>
      <button type="button" disabled={!pageInfo?.hasNextPage} onClick={() => setCursors([...cursors, pageInfo?.endCursor ?? ''])}>
        Next
      </button>
    </>
  )
}

function PersonLine({ id, person }: { id: string; person: FragmentType<typeof PersonRow> }) {
  const { profile, userid, groups, permissions } = useFragment(PersonRow, person)
  const [open, setOpen] = useState(false)
  return (
    <tr>
      <td>
        {profile.name} ({userid})
      </td>
      <td>{groups?.nodes.map(({ name }) => name).join(', ') ?? 'hidden'}</td>
      <td>
        {open ? <Reasons id={id} /> : permissions.join(', ')}{' '}
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Close' : `Why: ${userid}`}
        </button>
      </td>
    </tr>
  )
}

function Reasons({ id }: { id: string }) {
  const [{ data, error }] = useQuery({ query: Why, variables: { ref: { id } } })
  const grants = data?.user?.permissionGrants
  if (!grants) return error ? <Refusal error={error} /> : <p>Loading</p>
  return (
    <ul>
      {grants.map(({ permission, source, group, rule }) => (
        <li key={JSON.stringify([permission, source, group, rule])}>
          {permission}: {group ? `group ${group.name}` : source}
          {rule && `, by a rule of ${rule.iam.iamid}${rule.group ? ` for ${rule.group}` : ''}`}
        </li>
      ))}
    </ul>
  )
}

function App() {
  const [token, setToken] = useState<string | null>(null)
  const client = useMemo(() => clientOf(token), [token])
  return (
    <Provider value={client}>
      {token === null ? <LogInForm onToken={setToken} /> : <PeopleList onLogOut={() => setToken(null)} />}
    </Provider>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(<App />)
