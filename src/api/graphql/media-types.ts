/** Media types of responses (GraphQL over HTTP, 4.1), in Apollo's order. */
import { preferredType } from '../../platform/http/accept.ts'

export const MEDIA_TYPES = {
  json: 'application/json; charset=utf-8',
  graphql: 'application/graphql-response+json; charset=utf-8',
} as const

export const responseType = (accept: string | undefined) => preferredType(accept, [MEDIA_TYPES.json, MEDIA_TYPES.graphql])
