// Five calls by a client that was generated from the OpenAPI document; prints what it got.
import createClient from 'openapi-fetch'
import type { paths } from './generated/api.js'

declare const process: { readonly argv: readonly string[] }

const [baseUrl = '', token = ''] = process.argv.slice(2)
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } })

const created = await client.POST('/bim/group', { body: { name: 'typescript', iamid: 'bim' } })
const groupId = created.data?.id ?? 0
const member = await client.POST('/bim/group/{groupId}/user', {
  params: { path: { groupId } },
  body: { userid: 'admin', iamid: 'bim' },
})
const users = await client.GET('/bim/user', { params: { query: { userid: 'admin', iamid: ['bim'], size: 5 } } })
const owner = await client.PUT('/bim/iam/{iamid}/{modelType}/{modelId}/authorizations/{attributeName}/{attributeValue}', {
  params: {
    path: { iamid: 'bim', modelType: 'group', modelId: String(groupId), attributeName: 'desk', attributeValue: 'day' },
  },
})
const missing = await client.GET('/bim/group/{groupId}', { params: { path: { groupId: 2_000_000_000 } } })

console.log(
  JSON.stringify({
    created: created.data?.name,
    member: member.data?.group === groupId,
    users: users.data?.hits.map(hit => hit.userid),
    attributes: owner.data?.authorizations,
    missing: missing.error?.statusCode,
  }),
)
