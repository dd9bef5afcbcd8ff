import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Invalid } from '../../platform/errors.ts'
import { parseQuery } from '../../platform/http/query.ts'
import { named } from '../../platform/http/text.ts'
import { isObject } from '../../platform/validation.ts'
import { booleanFrom } from './params.ts'
import { listed, ruleOf, type Shape, unwrapped } from './schema-messages.ts'

/** bim-wire-rules "Names and limits" 4. */
const MAX_ENTRIES = 1_000
const MAX_ID = 2_147_483_647
const MAX_PAGE = 10_000

export const text = Type.String()
export const nonEmptyText = Type.String({ minLength: 1 })
export const flag = Type.Boolean()
export const id = Type.Integer({ minimum: 1, maximum: MAX_ID })
export const json = Type.Object({}, { additionalProperties: true })
export const list = <Item extends TSchema>(items: Item, minItems = 0) =>
  Type.Array(items, { maxItems: MAX_ENTRIES, ...(minItems > 0 && { minItems }) })
export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
export const optional = Type.Optional
export const oneOf = <const Values extends string[]>(...values: Values) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: values })

/** The default is the operation's: 25 (bim-wire-rules "Requests" 6). */
export const paging = {
  size: optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
  offset: optional(Type.Integer({ minimum: 0, maximum: MAX_ID })),
  sortOrder: optional(oneOf('asc', 'desc')),
}
export const descending = ({ sortOrder }: { sortOrder?: 'asc' | 'desc' }) =>
  sortOrder === 'desc' ? ('DESC' as const) : ('ASC' as const)

export interface Fields<Properties extends TProperties = TProperties> {
  readonly schema: TObject<Properties>
  readonly validator: Validator
  readonly spellings: Readonly<Record<string, string>>
  readonly bare?: string
  readonly anyOf: readonly string[]
  /** Whether an empty body is rejected although no field is required. */
  readonly bodyNeeded: boolean
}
export type FieldsOf<Given> = Given extends Fields<infer Properties> ? Static<TObject<Properties>> : undefined

interface Options<Properties> {
  spellings?: Record<string, string & keyof Properties>
  bare?: string & keyof Properties
  anyOf?: (string & keyof Properties)[]
  strict?: true
}

export function fields<Properties extends TProperties>(
  properties: Properties,
  options: Options<Properties> = {},
): Fields<Properties> {
  const { spellings = {}, bare, anyOf = [], strict } = options
  const schema = Type.Object(properties, strict ? { additionalProperties: false } : {})
  return { schema, validator: Compile(schema), spellings, anyOf, bodyNeeded: false, ...(bare && { bare }) }
}

export function map<Value extends TSchema>(value: Value): Fields<Record<string, Value>> {
  const schema = Type.Object({}, { additionalProperties: value, maxProperties: MAX_ENTRIES })
  return {
    schema: schema as unknown as TObject<Record<string, Value>>,
    validator: Compile(schema),
    spellings: {},
    anyOf: [],
    bodyNeeded: true,
  }
}

export function readQuery<Given extends Fields>(given: Given, raw: string): FieldsOf<Given> {
  const found: Record<string, unknown> = {}
  const seen = new Set<string>()
  for (const [spelled, values] of parseQuery(raw)) {
    const name = Object.hasOwn(given.spellings, spelled) ? given.spellings[spelled]! : spelled
    const schema = propertyOf(given.schema, name)
    if (schema === undefined) continue
    if (seen.has(name)) throw new Invalid(named(spelled), 'must be given once, in one spelling')
    seen.add(name)
    found[name] = fromText(spelled, schema, values)
  }
  return checked(given, found) as FieldsOf<Given>
}

/** Converts form values (bim-wire-rules "Names and limits" 5). */
export function readBody<Given extends Fields>(given: Given, body: unknown, form: boolean): FieldsOf<Given> {
  if (body === undefined && given.bodyNeeded) throw new Invalid('body', 'is missing: it must be an object')
  const whole = Array.isArray(body) && given.bare !== undefined ? { [given.bare]: body } : body === undefined ? {} : body
  const found = isObject(whole) ? respelled(given, whole) : whole
  const value = checked(given, form && isObject(found) ? fromForm(given.schema, found) : found)
  if (body !== undefined && given.anyOf.length > 0 && !given.anyOf.some(name => Object.hasOwn(value as object, name))) {
    throw new Invalid('body', `must have ${given.anyOf.join(' or ')}, or be left out`)
  }
  return value as FieldsOf<Given>
}

function respelled({ spellings }: Fields, body: Record<string, unknown>): Record<string, unknown> {
  const other = Object.keys(spellings).filter(name => Object.hasOwn(body, name))
  if (other.length === 0) return body
  const twice = other.find(name => Object.hasOwn(body, spellings[name]!))
  if (twice !== undefined) throw new Invalid(twice, 'must be given once, in one spelling')
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [other.includes(name) ? spellings[name]! : name, value]))
}

function fromForm(schema: TObject, form: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(form).map(([name, value]) => {
    const property = propertyOf(schema, name)
    return [name, property === undefined ? value : fromText(name, property, [value as string | string[]].flat())] as const
  })
  return Object.fromEntries(entries)
}

/** Own properties only: not `toString`. */
function propertyOf(schema: TObject, name: string): TSchema | undefined {
  if (Object.hasOwn(schema.properties, name)) return schema.properties[name]
  const rest = (schema as Shape).additionalProperties
  return typeof rest === 'object' ? (rest as TSchema) : undefined
}

function fromText(name: string, schema: TSchema, values: readonly string[]): unknown {
  const shape = unwrapped(schema)
  if (shape.type === 'array') return values.map(value => scalarFrom(unwrapped(shape.items!), value))
  if (values.length > 1) throw new Invalid(named(name), 'must be given once')
  return scalarFrom(shape, values[0]!)
}

function scalarFrom(shape: Shape, value: string): unknown {
  if (shape.type === 'integer' && /^\d+$/.test(value)) return Number(value)
  if (shape.type === 'boolean') return booleanFrom(value) ?? value
  return value
}

function checked({ schema, validator }: Fields, value: unknown): unknown {
  if (validator.Check(value)) return value
  const [fault] = validator.Errors(value)
  const { path, shape } = placeOf(schema as Shape, fault?.instancePath ?? '')
  if (shape === undefined) {
    throw new Invalid(
      path.at(-1) ?? 'body',
      `is not a field of this request; those are ${listed(Object.keys(schema.properties))}`,
    )
  }
  const { properties } = unwrapped(shape as TSchema)
  if (fault?.keyword === 'required' && properties !== undefined) {
    const missing = (fault.params as { requiredProperties: string[] }).requiredProperties[0]!
    throw new Invalid([...path, missing].join('.'), `is missing: it must be ${ruleOf(properties[missing] as Shape)}`)
  }
  throw new Invalid(path.join('.') || 'body', `must be ${ruleOf(shape)}`)
}

function placeOf(root: Shape, pointer: string): { path: string[]; shape: Shape | undefined } {
  const path: string[] = []
  let shape: Shape | undefined = root
  for (const piece of pointer.split('/').slice(1)) {
    const inner: Shape = unwrapped(shape as TSchema)
    if (inner.type === 'array') break
    const name = piece.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(named(name))
    const known = Object.hasOwn(inner.properties ?? {}, name) ? inner.properties![name] : inner.additionalProperties
    if (typeof known !== 'object') return { path, shape: undefined }
    shape = known as Shape
  }
  return { path, shape }
}
