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

export function checkVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  for (const definition of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, definition.type)
    const name = definition.variable.name.value
    if (!isInputType(type)) continue
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) {
      if (isNonNullType(type) && !definition.defaultValue)
        throw refusal(definition, new GraphQLError(`Variable "$${name}" of required type "${type}" was not provided.`))
      continue
    }
    if (value === null && isNonNullType(type))
      throw refusal(definition, new GraphQLError(`Variable "$${name}" of non-null type "${type}" must not be null.`))
    checkBulk(definition, { declared: type, value, path: [] })
    coerceInputValue(value, type, (path, _, error) => {
      throw refusal(definition, error, path)
    })
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
