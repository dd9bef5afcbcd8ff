import type { GraphQLError } from 'graphql'
import { Invalid, RosterError } from '../../platform/errors.ts'
import { shortened, variableError, variableOf } from '../../platform/http/variables.ts'

export function thrownBy(error: GraphQLError): unknown {
  const cause = error.originalError
  if (cause instanceof RosterError) return cause
  // Without a path a variable was invalid.
  if (error.path === undefined) {
    const rule = ruleOf(cause?.message ?? '') ?? 'has a form that is not allowed here'
    return new Invalid(nameIn(error.message, cause?.message ?? ''), rule)
  }
  // The response budget: too many bytes, or too much time.
  if (error.extensions.code === 'BAD_USER_INPUT') {
    const [first = '', ...rest] = error.message
    return new Invalid('size', `must be smaller: ${first.toLowerCase()}${rest.join('')}`)
  }
  return cause ?? error
}

function nameIn(message: string, cause: string): string {
  const field = variableError(message, cause)?.field ?? variableOf(message) ?? 'input'
  return field
    .replace(/\[\d+\]/g, '')
    .split('.')
    .at(-1)!
}

function ruleOf(cause: string): string | undefined {
  return /^\w+ (must be [^"]+)$/.exec(shortened(cause))?.[1]
}
