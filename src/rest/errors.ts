/** What an operation's error is to the wire: the error that a room threw, and for a value the contract does not take, which one. */
import type { GraphQLError } from 'graphql'
import { Invalid, RosterError } from '../errors.ts'

/** The error to answer for the first one of an operation. What nobody foresaw comes back as it was thrown, for the log. */
export function thrownBy(error: GraphQLError): unknown {
  const cause = error.originalError
  if (cause instanceof RosterError) return cause
  // Without a path no resolver ran: a variable did not fit. The row's schema lets through only the right types, so it is an id of
  // another form, and its scalar says which is right.
  if (error.path === undefined)
    return new Invalid(variableOf(error.message), ruleOf(cause) ?? 'has a form that is not allowed here')
  return cause ?? error
}

/** The innermost name of `Variable "$input" got invalid value … at "input.ref.iamid"; …`. */
function variableOf(message: string): string {
  const at = / at "([\w.[\]]+)"; /.exec(message)?.[1] ?? /^Variable "\$(\w+)"/.exec(message)?.[1] ?? 'input'
  return at
    .replace(/\[\d+\]/g, '')
    .split('.')
    .at(-1)!
}

/** `DomainId must be a UUID` without its first word, which names a type and not a field. */
function ruleOf(cause: Error | null | undefined): string | undefined {
  return /^\w+ (must be [^"]+)$/.exec(cause?.message ?? '')?.[1]
}
