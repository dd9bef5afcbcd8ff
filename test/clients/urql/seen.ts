// urql with its defaults: GET, the document cache, refetching after a mutation, codes of errors.
import { cacheExchange, createClient, fetchExchange } from 'urql'
import { given, recorder, sent } from '../recorder.ts'

const clientOf = (token: string) =>
  createClient({
    url: given.url,
    exchanges: [cacheExchange, fetchExchange],
    fetch: recorder,
    fetchOptions: { headers: token ? { authorization: `Bearer ${token}` } : {} },
  })
const methods = (from: number) => sent.slice(from).map(({ method }) => method)
const until = async (done: () => boolean) => {
  for (let tries = 0; tries < 500 && !done(); tries++) await new Promise(resolve => setTimeout(resolve, 10))
}

const PEOPLE = `{ users(filter: { userid: "${given.userid}", includeDisabled: true }) { nodes { id userid disabled } } }`
const DISABLE = 'mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id disabled } } }'

async function cached() {
  const client = clientOf(given.admin)
  const start = sent.length
  const states: boolean[] = []
  let id = ''
  const watch = client.query(PEOPLE, {}).subscribe(({ data, stale }) => {
    if (!data || stale) return
    id = data.users.nodes[0].id
    states.push(data.users.nodes[0].disabled)
  })
  await until(() => states.length === 1)
  await client.query(PEOPLE, {})
  const before = methods(start)
  await client.mutation(DISABLE, { input: { ref: { id }, disabled: true } })
  await until(() => states.at(-1) === true)
  watch.unsubscribe()
  return { before, all: methods(start), states: [states[0], states.at(-1)] }
}

async function long() {
  const start = sent.length
  const { data } = await clientOf(given.admin).query(
    'query ($search: String, $groups: [ID!]) { users(search: $search) { totalCount } groups(filter: { ids: $groups }) { totalCount } }',
    {
      search: 'admin',
      groups: Array.from({ length: 200 }, () => given.groupId),
    },
  )
  return { method: methods(start), users: data?.users.totalCount, groups: data?.groups.totalCount }
}

async function refused() {
  const codesOf = (result: { error?: { graphQLErrors: { extensions: Record<string, unknown> }[] } }) =>
    result.error?.graphQLErrors.map(({ extensions }) => extensions.code)
  const anonymous = await clientOf('').query('{ viewer { credential } }', {})
  const expired = await clientOf('expired').query('{ viewer { credential } }', {})
  const partial = await clientOf(given.person).query('{ viewer { credential } auditEvents { totalCount } }', {})
  const unknown = await clientOf(given.admin).query('{ nothing }', {})
  return {
    anonymous: codesOf(anonymous),
    expired: codesOf(expired),
    partial: [partial.data?.viewer.credential, codesOf(partial)],
    unknown: codesOf(unknown),
  }
}

console.log(JSON.stringify({ cached: await cached(), long: await long(), refused: await refused() }))
