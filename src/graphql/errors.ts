/** Errors in GraphQL's words: `extensions` hold the code of the catalogue, the field at fault and the request id. */
import { unwrapResolverError } from '@apollo/server/errors'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Logger } from 'pino'
import { catalogue, Invalid, RosterError } from '../errors.ts'
import { errorHeaders } from '../http/errors.ts'
import type { WireResponse } from '../http/wire.ts'

/** Codes that GraphQL itself knows, for requests that never reach a resolver. */
const OF_THE_LANGUAGE = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
])

const extensionsOf = (error: RosterError) => ({
  code: error.code,
  ...(error.field === undefined ? {} : { field: error.field }),
  ...(error instanceof Invalid ? { rule: error.rule } : {}),
  ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
})

/** What a caller sees of an error. What nobody foresaw is logged with its stack and told without it. */
export const formatError =
  (log: Logger) =>
  (formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError => {
    const error = unwrapResolverError(thrown)
    const place = {
      ...(formatted.path && { path: formatted.path }),
      ...(formatted.locations && { locations: formatted.locations }),
    }
    if (error instanceof RosterError) return { message: error.message, ...place, extensions: extensionsOf(error) }
    const code = formatted.extensions?.code
    if (typeof code === 'string' && OF_THE_LANGUAGE.has(code)) {
      const field = code === 'BAD_USER_INPUT' ? variableAtFault(formatted.message) : undefined
      return { message: inOurWords(formatted.message), ...place, extensions: { code, ...(field && { field }) } }
    }
    // A value of the wrong form in the document itself: graphql-js gives it no code, and it is the caller's fault.
    if (thrown instanceof GraphQLError && thrown.originalError instanceof GraphQLError)
      return { message: formatted.message, ...place, extensions: { code: 'BAD_USER_INPUT' } }
    log.error({ err: error }, 'unexpected error in GraphQL')
    return {
      message: 'Something went wrong on our side; the log has it under the request id',
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    }
  }

/** What graphql-js says of documents that are too much for it, in words that tell what to do. */
const TOO_MUCH: readonly [RegExp, string][] = [
  [
    /^Syntax Error: Document contains more that (\d+) tokens\. .*$/,
    'The document contains more than $1 tokens. Ask for less in one request.',
  ],
  [/^Maximum call stack size exceeded$/, 'The document nests too deep'],
  [/^Validation aborted\.$/, 'The document asks for too many of the same fields. Ask for each once.'],
]
const inOurWords = (message: string): string => TOO_MUCH.reduce((text, [said, meant]) => text.replace(said, meant), message)

/** `Variable "$input" got invalid value 7 at "input.userid"; …` */
const variableAtFault = (message: string): string | undefined =>
  /at "([^"]+)"/.exec(message)?.[1] ?? /Variable "\$([^"]+)"/.exec(message)?.[1]

/** An error before GraphQL begins (credential, body), in the same shape. */
export function graphqlError(error: RosterError, { requestId }: { requestId: string }): WireResponse {
  const { status } = catalogue[error.code]
  const headers = errorHeaders(status, error.retryAfter)
  return {
    status,
    ...(headers && { headers }),
    body: { errors: [{ message: error.message, extensions: { ...extensionsOf(error), requestId } }] },
  }
}
