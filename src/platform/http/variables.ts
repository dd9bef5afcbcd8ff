/** `Variable "$input" got invalid value … at "input.userid"; the rule`. */

export const MESSAGE_LENGTH = 1024

export const shortened = (message: string): string =>
  message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH).toWellFormed()}…` : message

export interface VariableError {
  readonly variable: string
  readonly field: string
  readonly rule: string
}

/** Without the quoted value. `cause`: the message of its cause. */
export function variableError(message: string, cause: string): VariableError | null {
  const variable = variableOf(message)
  if (variable === null || !message.endsWith(`; ${cause}`)) return null
  const place = message.slice(0, -cause.length - 2).slice(-MESSAGE_LENGTH)
  const start = place.endsWith('"') ? place.lastIndexOf(' at "', place.length - 2) : -1
  const field = start === -1 ? '' : place.slice(start + 5, -1)
  return { variable, field: field === '' || field.includes('"') ? variable : field, rule: shortened(cause) }
}

export const variableOf = (message: string): string | null => /^Variable "\$(\w+)"/.exec(shortened(message))?.[1] ?? null
