// Apollo Client: a cache without configuration, pages of a field of an object, codes of errors, persisted queries.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { ErrorLink } from '@apollo/client/link/error'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { relayStylePagination } from '@apollo/client/utilities'
import { given, recorder, sent } from '../recorder.ts'

const http = (token: string) =>
  new HttpLink({ uri: given.url, fetch: recorder, headers: token ? { authorization: `Bearer ${token}` } : {} })
const clientOf = (token: string, cache = new InMemoryCache()) => new ApolloClient({ link: http(token), cache })

const PEOPLE = gql`{ users(filter: { userid: "${given.userid}", includeDisabled: true }) { nodes { id userid disabled profile { id name } } } }`
const EVERYTHING = gql`
  { users(first: 1) { nodes { id userid groups { nodes { id name } } } } iams { nodes { id iamid } } groups { nodes { id name } } }
`
const DISABLE = gql`
  mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id disabled } } }
`

async function normalised() {
  const client = clientOf(given.admin)
  const watched = client.watchQuery<any>({ query: PEOPLE })
  watched.subscribe({})
  const before = (await client.query<any>({ query: PEOPLE })).data.users.nodes
  const requests = sent.length
  await client.mutate({ mutation: DISABLE, variables: { input: { ref: { id: before[0].id }, disabled: true } } })
  const after = (watched.getCurrentResult().data as any).users.nodes
  const { data } = await client.query<any>({ query: EVERYTHING })
  const cached = client.cache.extract() as Record<string, any>
  const keys = Object.keys(cached).filter(key => !key.startsWith('ROOT') && key !== '__META')
  const own = data.users.nodes[0]
  return {
    disabled: [before[0].disabled, after[0].disabled],
    requests: sent.length - requests,
    types: [...new Set(keys.map(key => key.split(':')[0]))].sort(),
    evicted: await evicted(client),
    distinct: new Set(keys.map(key => key.slice(key.indexOf(':')))).size === keys.length,
    merged: Object.keys(cached[`User:${own.id}`]).sort(),
    sameGroups: own.groups.nodes.every((group: any) => `Group:${group.id}` in cached),
  }
}

/** A deletion, as docs/clients/apollo.md has it. */
async function evicted(client: ApolloClient) {
  const DELETE = gql`
    mutation ($input: DeleteUserInput!) { deleteUser(input: $input) { deletedId } }
  `
  const { users } = client.readQuery<any>({ query: PEOPLE })
  const [{ id }] = users.nodes
  const { data } = await client.mutate<any>({ mutation: DELETE, variables: { input: { ref: { id } } } })
  const { deletedId } = data.deleteUser
  const key = `User:${deletedId}`
  return [deletedId === id, client.cache.evict({ id: key }), client.readQuery<any>({ query: PEOPLE })?.users.nodes.length]
}

const GROUPS = gql`
  query ($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on User { groups(first: 2, after: $after) { edges { node { id name } } pageInfo { hasNextPage endCursor } } }
    }
  }
`

async function paged() {
  const policies = { User: { fields: { groups: relayStylePagination() } } }
  const client = clientOf(given.admin, new InMemoryCache({ typePolicies: policies }))
  const viewer = await client.query<any>({ query: gql`{ viewer { user { id } } }` })
  const { id } = viewer.data.viewer.user
  const list = client.watchQuery<any>({ query: GROUPS, variables: { id } })
  list.subscribe({})
  const { data } = await client.query<any>({ query: GROUPS, variables: { id } })
  await list.fetchMore({ variables: { after: data.node.groups.pageInfo.endCursor } })
  const { groups } = client.readQuery<any>({ query: GROUPS, variables: { id } }).node
  return { names: groups.edges.map(({ node }: any) => node.name), more: groups.pageInfo.hasNextPage }
}

async function refused() {
  const codes: unknown[] = []
  const errors = new ErrorLink(({ error }) => {
    if (CombinedGraphQLErrors.is(error))
      codes.push(...error.errors.map(({ path, extensions }) => [path?.[0] ?? null, extensions?.code]))
  })
  const ask = (token: string, query: string) =>
    new ApolloClient({ link: ApolloLink.from([errors, http(token)]), cache: new InMemoryCache() }).query<any>({
      query: gql(query),
      errorPolicy: 'all',
    })
  await ask('expired', '{ viewer { credential } }')
  const partial = await ask(given.person, '{ viewer { credential } auditEvents { totalCount } }')
  await ask(given.admin, '{ nothing }')
  return { codes, kept: partial.data.viewer.credential, missing: partial.data.auditEvents }
}

const LOG_IN = gql`
  mutation ($input: LogInInput!) { logIn(input: $input) { token } }
`

async function persisted() {
  const sha256 = async (text: string) => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
    return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('')
  }
  const through = (token: string) =>
    new ApolloClient({ link: ApolloLink.from([new PersistedQueryLink({ sha256 }), http(token)]), cache: new InMemoryCache() })
  const shapes = (from: number) =>
    sent.slice(from).map(({ body }) => {
      if (body === '') return 'no body'
      const { query, extensions } = JSON.parse(body)
      return `${query === undefined ? 'hash' : 'document'}${extensions?.persistedQuery && query !== undefined ? ' and hash' : ''}`
    })
  const start = sent.length
  const input = { userid: 'admin', password: given.password }
  const entered = await through('').mutate<any>({ mutation: LOG_IN, variables: { input } })
  const middle = sent.length
  const client = through(entered.data.logIn.token)
  const { data } = await client.query<any>({ query: gql`{ viewer { user { userid } } }` })
  await client.query({ query: gql`{ groups { totalCount } }` })
  const last = sent.length
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true })
  const byGet = new ApolloClient({ link: ApolloLink.from([link, http(given.admin)]), cache: new InMemoryCache() })
  await byGet.query({ query: gql`{ groups { totalCount } }` })
  return {
    methods: sent.slice(last).map(({ method }) => method),
    userid: data.viewer.user.userid,
    logIn: shapes(start).slice(0, middle - start),
    queries: shapes(middle).slice(0, last - middle),
  }
}

console.log(
  JSON.stringify({
    normalised: await normalised(),
    paged: await paged(),
    refused: await refused(),
    persisted: await persisted(),
  }),
)
