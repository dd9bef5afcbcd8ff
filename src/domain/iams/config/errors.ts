import type { TLocalizedValidationError } from 'typebox/error'
import type { FieldFault } from '../../../platform/errors.ts'
import type { IamType } from './schema.ts'
import { suggestion } from './suggestions.ts'

export type ValidationIssue = FieldFault

export const pathSegments = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))

const nouns: Record<string, string> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'an integer',
  object: 'an object',
  array: 'a list',
}

export function issuesFrom(type: IamType, error: TLocalizedValidationError): ValidationIssue[] {
  const steps = pathSegments(error.instancePath)
  const field = pathOf(steps)
  const rule = (text: string) => [{ field, rule: text }]
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map(name => ({ field: pathOf([...steps, name]), rule: 'is required' }))
    case 'additionalProperties':
      return []
    case 'boolean':
      return rule(unknown(type, steps))
    case 'type':
      return rule(
        `must be ${[error.params.type]
          .flat()
          .map(type => nouns[type] ?? type)
          .join(' or ')}`,
      )
    case 'enum':
      return rule(`must be one of ${error.params.allowedValues.join(', ')}`)
    case 'minimum':
      return rule(`must be at least ${error.params.limit}`)
    case 'maximum':
      return rule(`must be at most ${error.params.limit}`)
    case 'minLength':
      return rule('must not be empty')
    case 'maxLength':
      return rule(`must have at most ${error.params.limit} characters`)
    case 'maxItems':
    case 'maxProperties':
      return rule(`must have at most ${error.params.limit} entries`)
    case 'uniqueItems':
      return rule('must not repeat an entry')
    default:
      return rule(error.message)
  }
}

function unknown(type: IamType, steps: readonly string[]): string {
  const close = suggestion(type, steps)
  return close === null ? 'is not known' : `is not known: ${close}`
}

export function pathOf(steps: readonly string[]): string {
  const shown = (step: string) =>
    /^[\w.$:-]{1,64}$/.test(step) ? step : JSON.stringify([...step].slice(0, 64).join('').toWellFormed())
  return steps.reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : `${path}.${shown(step)}`), 'config')
}
