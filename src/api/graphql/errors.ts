import { unwrapResolverError } from '@apollo/server/errors'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Logger } from 'pino'
import { ERROR_CODES, type FieldFault, Invalid, RosterError } from '../../platform/errors.ts'
import { errorHeaders } from '../../platform/http/errors.ts'
import type { FailedRequest, HttpResponse } from '../../platform/http/types.ts'
import { shortened, variableError, variableOf } from '../../platform/http/variables.ts'
import { MEDIA_TYPES, responseType } from './media-types.ts'

const LANGUAGE_CODES = new Set([
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
  ...(error instanceof Invalid ? { rule: error.rule, ...(error.faults && { faults: error.faults }) } : {}),
  ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
})

export const formatError =
  (log: Logger) =>
  (formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError => {
    const error = causeOf(thrown)
    const place = {
      ...(formatted.path && { path: formatted.path }),
      ...(formatted.locations && { locations: formatted.locations }),
    }
    if (error instanceof RosterError) return { message: error.message, ...place, extensions: extensionsOf(error) }
    const code = formatted.extensions?.code
    if (typeof code === 'string' && LANGUAGE_CODES.has(code)) {
      if (code === 'BAD_USER_INPUT') return { ...ofVariable(formatted.message, thrown), ...place }
      return { message: rephrased(formatted.message), ...place, extensions: { code: codeOf(code, thrown) } }
    }
    // graphql-js gives invalid literals no code.
    if (thrown instanceof GraphQLError && thrown.originalError instanceof GraphQLError)
      return { message: rephrased(formatted.message), ...place, extensions: { code: 'BAD_USER_INPUT' } }
    log.error({ err: error }, 'unexpected error in GraphQL')
    return {
      message: 'Something went wrong on our side; the log has it under the request id',
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    }
  }

/** Apollo has one code for all refusals of HTTP. */
function codeOf(code: string, thrown: unknown): string {
  const { status } = ((thrown as GraphQLError).extensions?.http ?? {}) as { status?: number }
  return code === 'BAD_REQUEST' && status === ERROR_CODES.METHOD_NOT_ALLOWED.status ? 'METHOD_NOT_ALLOWED' : code
}

/** Apollo unwraps resolvers' errors only, not a full queue's. */
function causeOf(thrown: unknown): unknown {
  const cause = thrown instanceof GraphQLError ? thrown.originalError : undefined
  return cause instanceof RosterError ? cause : unwrapResolverError(thrown)
}

export function capped(errors: readonly GraphQLFormattedError[], most: number): readonly GraphQLFormattedError[] {
  const next = errors[most]
  if (!next) return errors
  const message = `${errors.length - most} more errors are left out: correct the first ${most}, or ask for fewer items`
  return [...errors.slice(0, most), { message, extensions: { code: next.extensions?.code } }]
}

const WHOLE_VALUE: Readonly<Record<string, string>> = {
  'Maximum call stack size exceeded': 'The document is nested too deeply',
  'Validation aborted.': 'The document asks for too many of the same fields. Ask for each once.',
}

/** Removes quoted values, which may be passwords. */
function rephrased(message: string): string {
  const text = shortened(message)
  const tokens = /^Syntax Error: Document contains more that (\d+) tokens\./.exec(text)?.[1]
  if (tokens !== undefined) return `The document contains more than ${tokens} tokens. Split the request.`
  return WHOLE_VALUE[text] ?? withoutValue(withoutLiteral(text))
}

function withoutLiteral(text: string): string {
  if (!text.startsWith('Syntax Error: ')) return text
  const literal = / (String|BlockString) "/.exec(text)
  return literal ? `${text.slice(0, literal.index)} ${literal[1]}.` : text
}

const CANNOT_REPRESENT = ' cannot represent '

function withoutValue(text: string): string {
  const start = text.indexOf(CANNOT_REPRESENT)
  if (start === -1 || !/^(?:an? )?non/.test(text.slice(start + CANNOT_REPRESENT.length))) return text
  const value = text.indexOf(': ', start)
  return value === -1 ? text : text.slice(0, value)
}

function ofVariable(message: string, thrown: unknown) {
  const error = thrown instanceof GraphQLError ? thrown : new GraphQLError(message)
  const others = (error.extensions.others ?? []) as readonly GraphQLError[]
  const faults = others.length > 0 ? { faults: [error, ...others].map(faultOf) } : {}
  const fault = variableError(message, (error.originalError ?? error).message)
  if (fault === null) {
    const field = variableOf(message)
    return { message: rephrased(message), extensions: { code: 'BAD_USER_INPUT', ...(field && { field }), ...faults } }
  }
  const rule = rephrased(fault.rule)
  return {
    message: `Variable "$${fault.variable}" got an invalid value at "${fault.field}"; ${rule}`,
    extensions: { code: 'BAD_USER_INPUT', field: fault.field, rule, ...faults },
  }
}

function faultOf({ message, originalError }: GraphQLError): FieldFault {
  const fault = variableError(message, originalError?.message ?? message)
  if (fault !== null) return { field: fault.field, rule: rephrased(fault.rule) }
  // graphql-js has a whole sentence for a required variable.
  return { field: variableOf(message) ?? 'variables', rule: message.endsWith('null.') ? 'must not be null' : 'is missing' }
}

/** Suggestions would reveal schema names to anonymous callers. */
export function withoutSuggestions(error: GraphQLFormattedError): GraphQLFormattedError {
  const { rule, faults, ...extensions } = (error.extensions ?? {}) as Partial<FieldFault> & { faults?: readonly FieldFault[] }
  return {
    ...error,
    message: withoutSuggestion(error.message),
    extensions: {
      ...extensions,
      ...(rule !== undefined && { rule: withoutSuggestion(rule) }),
      ...(faults && { faults: faults.map(fault => ({ ...fault, rule: withoutSuggestion(fault.rule) })) }),
    },
  }
}

const withoutSuggestion = (text: string): string => text.split(' Did you mean ', 1)[0]!

export function graphqlError(error: RosterError, { requestId, accept }: FailedRequest): HttpResponse {
  const { status } = ERROR_CODES[error.code]
  return {
    status,
    headers: { ...errorHeaders(status, error), 'content-type': responseType(accept) ?? MEDIA_TYPES.json },
    body: { errors: [{ message: error.message, extensions: { ...extensionsOf(error), requestId } }] },
  }
}
