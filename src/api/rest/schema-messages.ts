import type { TSchema } from 'typebox'

export interface Shape {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly items?: TSchema
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly anyOf?: readonly TSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
}

const number = (value: number) => value.toLocaleString('en')
export const listed = (words: readonly string[]) => words.join(', ')

export function ruleOf(schema: Shape): string {
  const shape = unwrapped(schema as TSchema)
  const kind = kindOf(shape)
  return shape === schema ? kind : `${kind}, or null`
}

function kindOf(shape: Shape): string {
  if (shape.enum) return `one of ${listed(shape.enum)}`
  switch (shape.type) {
    case 'integer':
      return `an integer from ${shape.minimum} to ${shape.maximum}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list of ${shape.minItems ? `${shape.minItems} to` : 'at most'} ${number(shape.maxItems ?? 0)} entries, each ${kindOf(unwrapped(shape.items!))}`
    case 'object':
      return objectRule(shape)
    default:
      return shape.minLength ? 'a string that is not empty' : 'a string'
  }
}

function objectRule({ required = [], additionalProperties }: Shape): string {
  if (typeof additionalProperties === 'object')
    return `an object whose values are each ${ruleOf(additionalProperties as TSchema)}`
  return required.length > 0 ? `an object with ${required.join(' and ')}` : 'an object'
}

export function unwrapped(schema: TSchema): Shape {
  const { anyOf } = schema as Shape
  return anyOf === undefined ? (schema as Shape) : (anyOf[0] as Shape)
}
