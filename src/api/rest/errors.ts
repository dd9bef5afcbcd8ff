/** What an operation's error is to the wire: the error that a service threw, and for a value the contract does not take, which one. */
import type { GraphQLError } from 'graphql'
import { Invalid, RosterError } from '../../platform/errors.ts'
import { shortened, variableError, variableOf } from '../../platform/http/variables.ts'

/** The error to answer for the first one of an operation. What nobody foresaw comes back as it was thrown, for the log. */
export function thrownBy(error: GraphQLError): unknown {
  const cause = error.originalError
  if (cause instanceof RosterError) return cause
  // Without a path no resolver ran: a variable did not fit. The row's schema lets through only the right types, so it is an id of
  // another form, and its scalar says which is right.
  if (error.path === undefined) {
    const rule = ruleOf(cause?.message ?? '') ?? 'has a form that is not allowed here'
    return new Invalid(nameIn(error.message, cause?.message ?? ''), rule)
  }
  return cause ?? error
}

/** The innermost name of `Variable "$input" got invalid value … at "input.ref.iamid"; …`. */
function nameIn(message: string, cause: string): string {
  const field = variableError(message, cause)?.field ?? variableOf(message) ?? 'input'
  return field
    .replace(/\[\d+\]/g, '')
    .split('.')
    .at(-1)!
}

/** `DomainId must be a UUID` without its first word, which names a type and not a field. */
function ruleOf(cause: string): string | undefined {
  return /^\w+ (must be [^"]+)$/.exec(shortened(cause))?.[1]
}
