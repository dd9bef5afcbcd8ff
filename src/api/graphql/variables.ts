/** graphql-js would print each rejected value in full. */
import {
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql'

type Path = readonly (string | number)[]

const BULK = 200
const MAX_REFUSALS = 50
/** Made once, for its stack. */
const ENOUGH = new Error()

/** Throws the first refusal; its extension `others` has the further ones. */
export function checkVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const refusals: GraphQLError[] = []
  for (const definition of operation.variableDefinitions ?? []) {
    if (refusals.length === MAX_REFUSALS) break
    const type = typeFromAST(schema, definition.type)
    const name = definition.variable.name.value
    if (!isInputType(type)) continue
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) {
      if (isNonNullType(type) && !definition.defaultValue)
        refusals.push(refusal(definition, new GraphQLError(`Variable "$${name}" of required type "${type}" was not provided.`)))
      continue
    }
    if (value === null && isNonNullType(type))
      refusals.push(refusal(definition, new GraphQLError(`Variable "$${name}" of non-null type "${type}" must not be null.`)))
    else collect(refusals, definition, { declared: type, value })
  }
  const [first, ...others] = refusals
  if (first === undefined) return
  if (others.length === 0) throw first
  const { message, nodes, originalError, extensions } = first
  throw new GraphQLError(message, { nodes, originalError, extensions: { ...extensions, others } })
}

function collect(
  refusals: GraphQLError[],
  definition: VariableDefinitionNode,
  { declared, value }: { declared: GraphQLInputType; value: unknown },
): void {
  try {
    checkBulk(definition, { declared, value, path: [] })
    coerceInputValue(value, declared, (path, _, error) => {
      refusals.push(refusal(definition, error, path))
      // coerceInputValue would go on through a list of any length.
      if (refusals.length === MAX_REFUSALS) throw ENOUGH
    })
  } catch (error) {
    if (error instanceof GraphQLError) refusals.push(error)
    else if (error !== ENOUGH) throw error
  }
}

function checkBulk(
  definition: VariableDefinitionNode,
  { declared, value, path }: { declared: GraphQLInputType; value: unknown; path: Path },
): void {
  if (typeof value !== 'object' || value === null) return
  const type = getNullableType(declared)
  if (isListType(type)) {
    const items = Array.isArray(value) ? value : [value]
    for (const [at, item] of items.entries()) checkBulk(definition, { declared: type.ofType, value: item, path: [...path, at] })
  } else if (isInputObjectType(type)) {
    const fields = type.getFields()
    const record = value as Record<string, unknown>
    let unknown: string | undefined
    for (const key of Object.keys(record)) {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (field) checkBulk(definition, { declared: field.type, value: record[key], path: [...path, key] })
      else unknown ??= key
    }
    if (unknown !== undefined && isBulky(record))
      throw refusal(definition, new GraphQLError(`Field "${unknown}" is not defined by type "${type}".`), path)
  } else if (type.name !== 'JSON' && isBulky(value))
    throw refusal(definition, new GraphQLError(`${type} cannot represent this kind of value`), path)
}

function isBulky(value: unknown): boolean {
  let left = BULK
  const count = (part: unknown): void => {
    if (left < 0 || typeof part !== 'object' || part === null) return
    const parts = Array.isArray(part) ? part : Object.keys(part)
    left -= parts.length
    if (left < 0) return
    for (const inner of Object.values(part)) count(inner)
  }
  count(value)
  return left < 0
}

function refusal(definition: VariableDefinitionNode, error: GraphQLError, path: Path = []): GraphQLError {
  const name = definition.variable.name.value
  const field = path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${part}`), name)
  const ownMessage = error.message.startsWith('Variable "$')
  const message = ownMessage ? error.message : `Variable "$${name}" got invalid value at "${field}"; ${error.message}`
  const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } }
  return new GraphQLError(message, { nodes: definition, originalError: error, extensions })
}
