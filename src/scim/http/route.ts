import type { Context } from '../../authorization/context.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import type { SearchParams } from './query.ts'

/** One SCIM operation, alone or as a part of Bulk. */
export interface ScimRequest {
  readonly context: Context
  /** The address of the IAM's SCIM, without a slash at the end. */
  readonly base: string
  /** Of the path; empty where the path has none. */
  readonly id: string
  readonly asked: SearchParams
  readonly body: unknown
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

export interface ScimRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the IAM's address; `:id` is one segment. */
  readonly path: string
  readonly run: (request: ScimRequest) => Promise<HttpResponse>
}
