/** What graphql-js reports of a variable: `Variable "$input" got invalid value … at "input.userid"; the rule`. */

/** Characters of a message that are read. Such messages quote what a caller sent, of whatever length. */
export const MESSAGE_LENGTH = 1024

/** The beginning of a message, short enough to be matched against patterns and to be answered. */
export const shortened = (message: string): string =>
  message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH).toWellFormed()}…` : message

export interface VariableError {
  /** Without the dollar sign. */
  readonly variable: string
  /** Such as `input.userid`, or the variable's name where its whole value is at fault. */
  readonly field: string
  readonly rule: string
}

/** The parts of such a message, given the message of its cause, without the value that it quotes; null for any other message. */
export function variableError(message: string, cause: string): VariableError | null {
  const variable = variableOf(message)
  if (variable === null || !message.endsWith(`; ${cause}`)) return null
  const place = message.slice(0, -cause.length - 2).slice(-MESSAGE_LENGTH)
  const start = place.endsWith('"') ? place.lastIndexOf(' at "', place.length - 2) : -1
  const field = start === -1 ? '' : place.slice(start + 5, -1)
  return { variable, field: field === '' || field.includes('"') ? variable : field, rule: shortened(cause) }
}

/** The name of the variable that a message is about, else null. */
export const variableOf = (message: string): string | null => /^Variable "\$(\w+)"/.exec(shortened(message))?.[1] ?? null
