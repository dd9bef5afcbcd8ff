/** What this service can do, and what its resources look like (RFC 7643 5, 6, 7; RFC 7644 4; RFC 9865 4). */
import { Forbidden, NotFound } from '../errors.ts'
import { BODY_LIMIT } from '../http/receive.ts'
import type { WireResponse } from '../http/wire.ts'
import { DEFAULT_RESULTS, MAX_RESULTS } from '../provisioning/client.ts'
import { provisioning } from '../provisioning/provisioning.service.ts'
import type { Attribute, ResourceType, Schema } from '../provisioning/schema.ts'
import { SCIM_JSON } from './errors.ts'
import type { Row, ScimRequest } from './row.ts'

/** Operations in one Bulk: each is a transaction of its own, and the client waits for all. */
export const MAX_BULK = 1000

const answer = (body: object): WireResponse => ({ status: 200, headers: { 'content-type': SCIM_JSON }, body })

const row = (path: string, run: (request: ScimRequest, types: readonly ResourceType[]) => object): Row => ({
  method: 'GET',
  path,
  run: async request => {
    // RFC 7644 4: a filter here is refused, since nothing is selected by one.
    if (request.asked.filter !== undefined) throw new Forbidden('What the service can do is not filtered')
    return answer(run(request, await provisioning.types(request.context, {})))
  },
})

export const discoveryRows: readonly Row[] = [
  row('ServiceProviderConfig', ({ base }) => serviceProviderConfig(base)),
  row('ResourceTypes', ({ base }, types) => listOf(types.map(type => resourceType(base, type)))),
  row('ResourceTypes/:id', ({ base, id }, types) =>
    found(
      types.map(type => resourceType(base, type)).find(type => type.id === id),
      'ResourceType',
    ),
  ),
  row('Schemas', ({ base }, types) => listOf(schemas(base, types))),
  row('Schemas/:id', ({ base, id }, types) =>
    found(
      schemas(base, types).find(schema => schema.id.toLowerCase() === id.toLowerCase()),
      'Schema',
    ),
  ),
]

function found<T extends object>(value: T | undefined, what: string): T {
  if (!value) throw new NotFound(`No ${what} with this id`)
  return value
}

const listOf = (resources: readonly object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: resources.length,
  itemsPerPage: resources.length,
  startIndex: 1,
  Resources: resources,
})

const serviceProviderConfig = (base: string) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: true, maxOperations: MAX_BULK, maxPayloadSize: BODY_LIMIT },
  filter: { supported: true, maxResults: MAX_RESULTS },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  pagination: {
    cursor: true,
    index: true,
    defaultPaginationMethod: 'index',
    defaultPageSize: DEFAULT_RESULTS,
    maxPageSize: MAX_RESULTS,
  },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'SCIM key',
      description: "The IAM's SCIM key as Authorization: Bearer",
      specUri: 'https://www.rfc-editor.org/info/rfc6750',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
})

const resourceType = (base: string, type: ResourceType) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
  id: type.name,
  name: type.name,
  endpoint: `/${type.endpoint}`,
  description: type.core.description,
  schema: type.core.id,
  schemaExtensions: [...type.extensions.map(({ id }) => id), ...type.open].map(schema => ({ schema, required: false })),
  meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.name}` },
})

const schemas = (base: string, types: readonly ResourceType[]) =>
  types
    .flatMap(({ core, extensions, open }): Schema[] => [core, ...extensions, ...open.map(opened)])
    .map(schema => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      ...schema,
      attributes: schema.attributes.map(described),
      meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
    }))

/** An extension that only the IAM's configuration names: any attribute may stand in it. */
const opened = (id: string): Schema => ({
  id,
  name: id,
  description: 'Whatever the provider sends; mapped to attributes',
  attributes: [],
})

/** Names a complex attribute has no use for are left out (RFC 7643 8.7). */
function described({ subAttributes, caseExact, uniqueness, ...attribute }: Attribute): object {
  return {
    ...attribute,
    ...(attribute.type === 'complex' ? {} : { caseExact }),
    uniqueness,
    ...(subAttributes && { subAttributes: subAttributes.map(described) }),
  }
}
