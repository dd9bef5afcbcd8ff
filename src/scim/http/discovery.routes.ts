/** RFC 7643 5 to 7, RFC 7644 4, RFC 9865 4. */
import { foldCase } from '../../platform/case-folding.ts'
import { Forbidden, NotFound } from '../../platform/errors.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import { groupType, type ResourceType, userType } from '../protocol/schema.ts'
import type { Attribute } from '../protocol/schema.types.ts'
import { provisioning } from '../resources/resource-types.service.ts'
import { DEFAULT_RESULTS, MAX_RESULTS } from '../resources/search.ts'
import { SCIM_JSON } from './errors.ts'
import type { ScimRequest, ScimRoute } from './route.ts'

/** Bytes with a key: groups come with all members. */
export const SCIM_BODY_LIMIT = 16 * 1024 * 1024

export const MAX_BULK = 1000

const answer = (body: object): HttpResponse => ({ status: 200, headers: { 'content-type': SCIM_JSON }, body })

const DISCOVERY_ENDPOINTS = ['ServiceProviderConfig', 'ResourceTypes', 'ResourceTypes/:id', 'Schemas', 'Schemas/:id'] as const
type DiscoveryEndpoint = (typeof DISCOVERY_ENDPOINTS)[number]

function documentOf(
  place: DiscoveryEndpoint,
  { base, id, types }: { base: string; id: string; types: readonly ResourceType[] },
): object {
  switch (place) {
    case 'ServiceProviderConfig':
      return serviceProviderConfig(base)
    case 'ResourceTypes':
      return listOf(types.map(type => resourceType(base, type)))
    case 'ResourceTypes/:id':
      return found(
        types.map(type => resourceType(base, type)).find(type => type.id === id),
        'ResourceType',
      )
    case 'Schemas':
      return listOf(schemas(base, types))
    case 'Schemas/:id':
      return found(
        schemas(base, types).find(schema => foldCase(schema.id) === foldCase(id)),
        'Schema',
      )
  }
}

/** RFC 7644 4. */
export const notFiltered = () => new Forbidden('Discovery cannot be filtered')

export const discoveryRoutes: readonly ScimRoute[] = DISCOVERY_ENDPOINTS.map(place => ({
  method: 'GET',
  path: place,
  run: async ({ context, base, id, asked }: ScimRequest) => {
    if (asked.filter !== undefined) throw notFiltered()
    const read = place === 'ServiceProviderConfig' ? provisioning.configured : provisioning.types
    const types = await read(context, {})
    return answer(documentOf(place, { base, id, types }))
  },
}))

export function discoveryEndpoint(path: readonly string[]): DiscoveryEndpoint | null {
  const [first, ...rest] = path
  return DISCOVERY_ENDPOINTS.find(place => place === (rest.length === 1 ? `${first}/:id` : first) && rest.length <= 1) ?? null
}

/** The same for all IAM ids, existing or not. Throws NotFound. */
export const staticDiscovery = (place: DiscoveryEndpoint, base: string, id: string): HttpResponse =>
  answer(documentOf(place, { base, id, types: [userType({}), groupType({})] }))

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
  bulk: { supported: true, maxOperations: MAX_BULK, maxPayloadSize: SCIM_BODY_LIMIT },
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
  schemaExtensions: type.extensions.map(({ id }) => ({ schema: id, required: false })),
  meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.name}` },
})

const schemas = (base: string, types: readonly ResourceType[]) =>
  types
    .flatMap(({ core, extensions }) => [core, ...extensions])
    .map(schema => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      ...schema,
      attributes: schema.attributes.map(described),
      meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
    }))

/** Omits properties that complex attributes lack (RFC 7643 8.7). */
function described({ subAttributes, caseExact, uniqueness, ...attribute }: Attribute): object {
  return {
    ...attribute,
    ...(attribute.type === 'complex' ? {} : { caseExact }),
    uniqueness,
    ...(subAttributes && { subAttributes: subAttributes.map(described) }),
  }
}
