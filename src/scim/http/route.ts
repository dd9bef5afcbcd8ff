import type { Context } from '../../authorization/context.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import type { SearchParams } from './query.ts'

export interface ScimRequest {
  readonly context: Context
  /** Without a trailing slash. */
  readonly base: string
  /** Empty without an id in the path. */
  readonly id: string
  readonly asked: SearchParams
  readonly body: unknown
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

export interface ScimRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `:id` is one segment. */
  readonly path: string
  readonly run: (request: ScimRequest) => Promise<HttpResponse>
}
