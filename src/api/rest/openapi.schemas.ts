/** Schemas of requests, with descriptions, examples and limits. */
import type { TSchema } from 'typebox'
import { documentationOf, type FieldDoc } from './openapi.fields.ts'

type Schema = Readonly<Record<string, unknown>>

export const fieldsWithDocs = (operation: string, properties: Readonly<Record<string, TSchema>>): Record<string, Schema> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const { description, example, limits = {} } = documentationOf(operation, name)
      return [name, { ...described(operation, limited(schema as Schema, limits)), description, examples: [example] }]
    }),
  )

/** The same of the properties within, at every depth. */
export function described(operation: string, schema: Schema): Schema {
  const { properties, items, anyOf } = schema as { properties?: Record<string, TSchema>; items?: Schema; anyOf?: Schema[] }
  return {
    ...schema,
    ...(properties && Object.keys(properties).length > 0 && { properties: fieldsWithDocs(operation, properties) }),
    ...(items && { items: described(operation, items) }),
    ...(anyOf && { anyOf: anyOf.map(inner => described(operation, inner)) }),
  }
}

/** Limits belong to the text: within a list, or beside null. */
export function limited(schema: Schema, limits: NonNullable<FieldDoc['limits']>): Schema {
  const { type, enum: values, items, anyOf } = schema as { type?: string; enum?: unknown; items?: Schema; anyOf?: Schema[] }
  if (type === 'string') return values === undefined ? { ...schema, ...limits } : schema
  if (items) return { ...schema, items: limited(items, limits) }
  return anyOf ? { ...schema, anyOf: anyOf.map(inner => limited(inner, limits)) } : schema
}

/** Forms have no nested fields and no null (bim-wire-rules "Names and limits" 5). */
export function formOf(schema: Schema): Schema {
  const { properties = {}, ...rest } = schema as { properties?: Record<string, Schema> }
  const flat = Object.entries(properties).flatMap(([name, property]) => {
    const { anyOf, ...own } = property as { anyOf?: Schema[] }
    const shape = anyOf ? { ...anyOf[0], ...own } : property
    return isFlat(shape) ? [[name, shape] as const] : []
  })
  return { ...rest, properties: Object.fromEntries(flat) }
}

const isFlat = ({ type, items }: Schema): boolean =>
  type !== 'object' && (items === undefined || (items as Schema).type !== 'object')
