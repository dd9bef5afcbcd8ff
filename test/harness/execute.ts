// Runs an operation on the contract with the resolvers of some modules, without a server: what an API would answer, errors included.
import { readFileSync } from 'node:fs'
import { buildSchema, execute, type GraphQLObjectType, isAbstractType, parse, validate } from 'graphql'
import { withDecodedArguments } from '../../src/api/graphql/decode.ts'
import { nodeResolvers } from '../../src/api/graphql/node.resolvers.ts'
import { withVisibility } from '../../src/api/graphql/visibility.ts'
import type { Context } from '../../src/authorization/context.ts'
import type { Resolvers } from '../../src/generated/graphql.ts'

const contract = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')

/** Answers `{data, errors}` as plain JSON; throws when the operation does not fit the contract. */
export function executor(...modules: Resolvers[]) {
  const schema = buildSchema(contract)
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
  withVisibility(withDecodedArguments(schema))
  return async (context: Context, text: string, variableValues: Record<string, unknown> = {}) => {
    const document = parse(text)
    const [fault] = validate(schema, document)
    if (fault) throw fault
    const { data, errors = [] } = await execute({ schema, document, contextValue: context, variableValues })
    return { data: JSON.parse(JSON.stringify(data ?? null)), errors: errors.map(error => error.message) }
  }
}
