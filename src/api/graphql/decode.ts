/** Global ids become keys, references what they name. */
import {
  defaultFieldResolver,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  getDirectiveValues,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql'
import { Invalid } from '../../platform/errors.ts'
import { fromGlobalId, type NodeType } from './node.ids.ts'
import { references } from './references.ts'

/** `path` names the value in errors. */
type Decode = (value: unknown, path: string) => unknown
type Decoders = Readonly<Record<string, Decode>>

export function withDecodedArguments(schema: GraphQLSchema): GraphQLSchema {
  const known = new Map<string, Decode | null>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const decoders = decodersOf(schema, field.args, known)
      if (decoders === null) continue
      const resolve = field.resolve ?? defaultFieldResolver
      field.resolve = (...[source, args, context, info]) => resolve(source, decodedFields(decoders, args, ''), context, info)
    }
  }
  return schema
}

function decodersOf(
  schema: GraphQLSchema,
  positions: readonly (GraphQLArgument | GraphQLInputField)[],
  known: Map<string, Decode | null>,
): Decoders | null {
  const directive = schema.getDirective('idOf')!
  const decoders = positions.flatMap(({ name, type, astNode }) => {
    const of = astNode ? getDirectiveValues(directive, astNode)?.type : undefined
    const decode = of === undefined ? decoderOf(schema, type, known) : everyItem(type, keyOf(of as NodeType))
    return decode === null ? [] : [[name, decode] as const]
  })
  return decoders.length === 0 ? null : Object.fromEntries(decoders)
}

function decoderOf(schema: GraphQLSchema, type: GraphQLInputType, known: Map<string, Decode | null>): Decode | null {
  const inner = getNullableType(type)
  if (isListType(inner)) {
    const item = decoderOf(schema, inner.ofType, known)
    return item && everyItem(type, item)
  }
  if (!isInputObjectType(inner)) return null
  const found = known.get(inner.name)
  if (found !== undefined) return found
  const decoders = decodersOf(schema, Object.values(inner.getFields()), known)
  const reference = references[inner.name]
  const decode: Decode | null =
    decoders === null && reference === undefined
      ? null
      : (value, path) => {
          const fields = decodedFields(decoders ?? {}, value as Record<string, unknown>, path)
          return reference ? reference.decode(fields as never, fieldOf(path)) : fields
        }
  known.set(inner.name, decode)
  return decode
}

function everyItem(type: GraphQLInputType, decode: Decode): Decode {
  return (value, path) =>
    isListType(getNullableType(type)) && Array.isArray(value)
      ? value.map((item, at) => (item === null ? null : decode(item, `${path}[${at}]`)))
      : decode(value, path)
}

function decodedFields(decoders: Decoders, values: Readonly<Record<string, unknown>>, path: string): Record<string, unknown> {
  const decoded: Record<string, unknown> = { ...values }
  for (const [name, decode] of Object.entries(decoders)) {
    const value = values[name]
    if (value != null) decoded[name] = decode(value, path === '' ? name : `${path}.${name}`)
  }
  return decoded
}

/** As services name fields. */
const fieldOf = (path: string): string => path.replace(/^(input|filter)\./, '')

const keyOf =
  (expected: NodeType): Decode =>
  (value, path) => {
    const found = fromGlobalId(value as string)
    if (found?.type === expected) return found.key
    throw new Invalid(
      fieldOf(path),
      found ? `must be the id of a ${expected}, not of a ${found.type}` : `must be the id of a ${expected}`,
    )
  }
