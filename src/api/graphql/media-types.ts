/** Media types of responses (GraphQL over HTTP, 4.1), in Apollo's order. */
import { preferredType } from '../../platform/http/accept.ts'

export const MEDIA_TYPES = {
  json: 'application/json; charset=utf-8',
  graphql: 'application/graphql-response+json; charset=utf-8',
} as const

type MediaType = (typeof MEDIA_TYPES)[keyof typeof MEDIA_TYPES]

/** Clients send few different ones. */
const KNOWN = 100
const known = new Map<string, MediaType | null>()

/** Null where neither is accepted. */
export function responseType(accept = ''): MediaType | null {
  const found = known.get(accept)
  if (found !== undefined) return found
  const type = preferredType(accept, [MEDIA_TYPES.json, MEDIA_TYPES.graphql])
  if (known.size < KNOWN && accept.length < KNOWN) known.set(accept, type)
  return type
}
