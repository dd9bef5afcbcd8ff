import { GraphQLError, Kind, type ValueNode, valueFromASTUntyped } from 'graphql'
import { GraphQLJSON } from 'graphql-scalars'
import { hasTime, parseInstant } from '../../platform/instant.ts'

const MAX_ID = 2_147_483_647
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

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

const integer = (name: string) =>
  scalar(name, {
    parse: value => (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ID ? value : undefined),
    must: `an integer from 1 to ${MAX_ID}`,
  })
const uuid = (name: string) =>
  scalar(name, {
    parse: value => (typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined),
    must: 'a UUID',
  })
const digits = (name: string) =>
  scalar(name, {
    parse: value => (typeof value === 'string' && /^\d{1,18}$/.test(value) ? value : undefined),
    must: 'a decimal number as a string',
  })

/** An unknown id is not found, whatever its form. */
const plain = (value: unknown) =>
  typeof value === 'string' && value.length <= 254 && value.isWellFormed() && !value.includes('\0') ? value : undefined

export const scalars = {
  DateTime: scalar('DateTime', {
    parse: instant,
    must: 'a time such as 2026-11-22T09:30:00.000Z',
    serialize: value => (value instanceof Date ? value.toISOString() : value),
  }),
  JSON: { serialize: GraphQLJSON.serialize, parseValue: GraphQLJSON.parseValue, parseLiteral: GraphQLJSON.parseLiteral },
  IamId: scalar('IamId', { parse: plain, must: 'a string of at most 254 characters' }),
  ...Object.fromEntries(
    ['UserId', 'ProfileId', 'GroupId', 'MembershipId', 'ApiKeyId', 'TokenId', 'ProjectId', 'DataSourceId'].map(name => [
      name,
      integer(name),
    ]),
  ),
  DomainId: uuid('DomainId'),
  DomainPermissionId: uuid('DomainPermissionId'),
  AuditEventId: digits('AuditEventId'),
  ExchangeId: digits('ExchangeId'),
}

function instant(value: unknown): Date | undefined {
  return typeof value === 'string' && hasTime(value) ? (parseInstant(value) ?? undefined) : undefined
}
