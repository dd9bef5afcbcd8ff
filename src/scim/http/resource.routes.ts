import type { Context } from '../../authorization/context.ts'
import type { ResourceType } from '../protocol/schema.ts'
import type { SearchResult } from '../resources/search.ts'
import { parseSearchRequest, type SearchParams } from './query.ts'
import { answer, listResponse, resourceResponse, type Serialized } from './representation.ts'
import type { ScimRequest, ScimRoute } from './route.ts'

type Conditional = Pick<ScimRequest, 'id' | 'ifMatch' | 'ifNoneMatch'>
type Change = Conditional & Pick<ScimRequest, 'body'>

interface Resources<Row, Shown> {
  readonly name: string
  readonly type: ResourceType
  readonly serialize: (base: string, row: Row) => Serialized
  /** The attributes that cost a read. */
  readonly shown: (asked: SearchParams) => Shown
  readonly service: {
    list(context: Context, args: SearchParams & Shown): Promise<SearchResult<Row>>
    get(context: Context, args: Pick<ScimRequest, 'id'> & Shown): Promise<Row>
    create(context: Context, args: Pick<ScimRequest, 'body'> & Shown): Promise<Row>
    replace(context: Context, args: Change & Shown): Promise<Row>
    patch(context: Context, args: Change & Shown): Promise<Row>
    remove(context: Context, args: Conditional): Promise<unknown>
  }
  readonly patch?: ScimRoute['run']
}

/** RFC 7644 3.2 to 3.6. */
export function resourceRoutes<Row, Shown>({
  name,
  type,
  serialize,
  shown,
  service,
  patch,
}: Resources<Row, Shown>): readonly ScimRoute[] {
  const list = async ({ context, base }: ScimRequest, asked: SearchParams) =>
    listResponse(type, {
      found: await service.list(context, { ...asked, ...shown(asked) }),
      shape: row => serialize(base, row),
      asked,
    })
  const changed =
    (operation: 'replace' | 'patch'): ScimRoute['run'] =>
    async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      const row = await service[operation](context, { id, ifMatch, ifNoneMatch, body, ...shown(asked) })
      return answer({ status: 200, type, shaped: serialize(base, row), asked })
    }
  const one = `${name}/:id`
  return [
    { method: 'GET', path: name, run: request => list(request, request.asked) },
    { method: 'POST', path: `${name}/.search`, run: request => list(request, parseSearchRequest(request.body)) },
    {
      method: 'POST',
      path: name,
      run: async ({ context, base, asked, body }) => {
        const row = await service.create(context, { body, ...shown(asked) })
        return answer({ status: 201, type, shaped: serialize(base, row), asked })
      },
    },
    {
      method: 'GET',
      path: one,
      run: async ({ context, base, id, asked, ifNoneMatch }) => {
        const row = await service.get(context, { id, ...shown(asked) })
        return resourceResponse(type, { shaped: serialize(base, row), asked, ifNoneMatch })
      },
    },
    { method: 'PUT', path: one, run: changed('replace') },
    { method: 'PATCH', path: one, run: patch ?? changed('patch') },
    {
      method: 'DELETE',
      path: one,
      run: async ({ context, id, ifMatch, ifNoneMatch }) => {
        await service.remove(context, { id, ifMatch, ifNoneMatch })
        return { status: 204 }
      },
    },
  ]
}
