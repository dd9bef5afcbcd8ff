import type { Context } from '../../authorization/context.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import type { SearchParams } from './query.ts'

export interface ScimRequest {
  readonly context: Context
  readonly base: string
  readonly id: string
  readonly asked: SearchParams
  readonly body: unknown
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

export interface ScimRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly run: (request: ScimRequest) => Promise<HttpResponse>
}
