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
      if (code === 'BAD_USER_INPUT') return { ...ofVariable(formatted.message, thrown), ...place }
      return { message: inOurWords(formatted.message), ...place, extensions: { code } }
    }
    // A value of the wrong form in the document itself: graphql-js gives it no code, and it is the caller's fault.
    if (thrown instanceof GraphQLError && thrown.originalError instanceof GraphQLError)
      return { message: inOurWords(formatted.message), ...place, extensions: { code: 'BAD_USER_INPUT' } }
    log.error({ err: error }, 'unexpected error in GraphQL')
    return {
      message: 'Something went wrong on our side; the log has it under the request id',
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    }
  }

/**
 * What graphql-js says, in words that tell what to do, and without the values it likes to quote: one may be a password in the wrong
 * place.
 */
const WORDS: readonly [RegExp, string][] = [
  [
    /^Syntax Error: Document contains more that (\d+) tokens\. .*$/,
    'The document contains more than $1 tokens. Ask for less in one request.',
  ],
  [/^Maximum call stack size exceeded$/, 'The document nests too deep'],
  [/^Validation aborted\.$/, 'The document asks for too many of the same fields. Ask for each once.'],
  [/^(Syntax Error: .*) (String|BlockString) ".*$/s, '$1 $2.'],
  [/ cannot represent (an? )?(non[^:]*): .*$/s, ' cannot represent $1$2'],
]
const inOurWords = (message: string): string => WORDS.reduce((text, [said, meant]) => text.replace(said, meant), message)

/** `Variable "$input" got invalid value "…" at "input.userid"; the rule`: all of it but the value. */
function ofVariable(message: string, thrown: unknown) {
  const cause = (thrown instanceof GraphQLError ? thrown.originalError?.message : undefined) ?? message
  const name = /^Variable "\$(\w+)"/.exec(message)?.[1]
  if (name === undefined || !message.endsWith(`; ${cause}`))
    return { message: inOurWords(message), extensions: { code: 'BAD_USER_INPUT', ...(name && { field: name }) } }
  const field = / at "([^"]+)"$/.exec(message.slice(0, -cause.length - 2))?.[1] ?? name
  const rule = inOurWords(cause)
  return {
    message: `Variable "$${name}" got an invalid value at "${field}"; ${rule}`,
    extensions: { code: 'BAD_USER_INPUT', field, rule },
  }
}

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
