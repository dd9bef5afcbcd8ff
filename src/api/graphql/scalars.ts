import { GraphQLError, Kind, type ValueNode, valueFromASTUntyped } from 'graphql'
import { GraphQLJSON } from 'graphql-scalars'
import { hasTime, parseInstant } from '../../platform/instant.ts'

/** Not a GraphQLScalarType, which would override the schema's description. */
const scalar = <T>(
  name: string,
  {
    parse,
    must,
    serialize = (value: unknown) => value,
  }: { parse: (value: unknown) => T | undefined; must: string; serialize?: (value: unknown) => unknown },
) => {
  const parseValue = (value: unknown): T => {
    const parsed = parse(value)
    if (parsed === undefined) throw new GraphQLError(`${name} must be ${must}`)
    return parsed
  }
  const parseLiteral = (node: ValueNode, variables?: Record<string, unknown> | null) =>
    parseValue(node.kind === Kind.INT ? Number(node.value) : valueFromASTUntyped(node, variables))
  return { serialize, parseValue, parseLiteral }
}

export const scalars = {
  DateTime: scalar('DateTime', {
    parse: instant,
    must: 'a time such as 2026-11-22T09:30:00.000Z',
    serialize: value => (value instanceof Date ? value.toISOString() : value),
  }),
  JSON: { serialize: GraphQLJSON.serialize, parseValue: GraphQLJSON.parseValue, parseLiteral: GraphQLJSON.parseLiteral },
}

function instant(value: unknown): Date | undefined {
  return typeof value === 'string' && hasTime(value) ? (parseInstant(value) ?? undefined) : undefined
}
