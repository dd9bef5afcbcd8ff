// graphql-request: variables, extensions, partial data, codes of errors, a batch, GET.
import { ClientError, GraphQLClient } from 'graphql-request'
import { given, recorder, sent } from '../recorder.ts'

const clientOf = (token: string, options: object = {}) =>
  new GraphQLClient(given.url, { fetch: recorder, headers: { authorization: `Bearer ${token}` }, ...options })
const admin = clientOf(given.admin)

const USER = 'query User($ref: UserRef!) { user(ref: $ref) { id userid } }'
const named = await admin.request<any>(USER, { ref: { name: { userid: 'admin' } } })
const again = await admin.request<any>(USER, { ref: { id: named.user.id } })

const hidden = await clientOf(given.person).rawRequest<any>('{ groups(first: 1) { nodes { name permissions } } }')

async function failure(work: Promise<unknown>) {
  const error = await work.catch((error: unknown) => error)
  if (!(error instanceof ClientError)) throw error
  const errors = error.response.errors?.map(({ extensions: { code, field } }) => ({ code, ...(field ? { field } : {}) }))
  return { status: error.response.status, errors }
}
const failures = {
  expired: await failure(clientOf('expired').request('{ viewer { credential } }')),
  refused: await failure(clientOf(given.person).request('{ viewer { credential } auditEvents { totalCount } }')),
  field: await failure(admin.request('{ users(first: 0) { totalCount } }')),
  reference: await failure(admin.request(USER, { ref: { id: named.user.id, databaseId: 1 } })),
  missing: await failure(admin.request(USER, { ref: { databaseId: 2_000_000_000 } })),
  batch: await failure(
    admin.batchRequests([{ document: '{ viewer { credential } }' }, { document: '{ groups { totalCount } }' }]),
  ),
}
const partial = await clientOf(given.person, { errorPolicy: 'all' }).rawRequest<any>(
  '{ viewer { credential } auditEvents { totalCount } }',
)

const start = sent.length
const got = await clientOf(given.admin, { method: 'GET' }).request<any>(USER, { ref: { id: named.user.id } })

console.log(
  JSON.stringify({
    user: [named.user.userid, again.user.userid],
    hidden: { data: hidden.data, extensions: hidden.extensions },
    failures,
    partial: [partial.data, partial.errors?.map(({ extensions }) => extensions.code)],
    get: [sent[start]?.method, got.user.userid],
  }),
)
