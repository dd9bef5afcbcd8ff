// Runs an operation on the contract with the resolvers of some modules, without a server: what an API would answer, errors included.
import { readFileSync } from 'node:fs'
import {
  buildSchema,
  execute,
  GraphQLEnumType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  parse,
  validate,
} from 'graphql'
import { withCounts } from '../../src/api/graphql/counts.ts'
import { withDecodedArguments } from '../../src/api/graphql/decode.ts'
import { enums } from '../../src/api/graphql/enums.ts'
import { nodeResolvers } from '../../src/api/graphql/node.resolvers.ts'
import { withVisibility } from '../../src/api/graphql/visibility.ts'
import type { Context } from '../../src/authorization/context.ts'
import type { Resolvers } from '../../src/generated/graphql.ts'

const contract = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')

/** The values that names of enums have in the code. */
function withValues(schema: GraphQLSchema): GraphQLSchema {
  for (const [name, values] of Object.entries(enums)) {
    const type = schema.getType(name) as GraphQLEnumType
    const config = type.toConfig()
    for (const [key, value] of Object.entries(values)) config.values[key]!.value = value
    Object.assign(type, new GraphQLEnumType(config))
  }
  return schema
}

/** Answers `{data, errors}` as plain JSON; throws when the operation does not fit the contract. */
export function executor(...modules: Resolvers[]) {
  const schema = withValues(buildSchema(contract))
  for (const module of [nodeResolvers, ...modules]) {
    for (const [type, resolvers] of Object.entries(module)) {
      const named = schema.getType(type)
      if (isAbstractType(named)) {
        Object.assign(named, { resolveType: (resolvers as { __resolveType: unknown }).__resolveType })
        continue
      }
      const fields = (named as GraphQLObjectType).getFields()
      for (const [name, resolve] of Object.entries(resolvers as object)) if (fields[name]) fields[name].resolve = resolve
    }
  }
  withVisibility(withDecodedArguments(withCounts(schema)))
  return async (context: Context, text: string, variableValues: Record<string, unknown> = {}) => {
    const document = parse(text)
    const [fault] = validate(schema, document)
    if (fault) throw fault
    const { data, errors = [] } = await execute({ schema, document, contextValue: context, variableValues })
    return { data: JSON.parse(JSON.stringify(data ?? null)), errors: errors.map(error => error.message) }
  }
}
