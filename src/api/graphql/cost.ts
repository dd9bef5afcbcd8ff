/** Cost: fields of the response, plus the database work of lists. */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  isIntrospectionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity'
import { DEFAULT_PAGE } from '../../platform/database/pagination.ts'
import { hasNoPage } from './limits.ts'

/** Assumed rows of an unpaged list; the budget counts real ones. */
const LIST = 10
/** Costs, in fields. */
const COSTS = {
  json: 10,
  list: 200,
  count: 1_000,
  facets: 5_000,
  /** Skipped rows per field; the maximum. */
  offset: 50,
  far: 20_000,
}

function estimate({ type, field, args, childComplexity }: ComplexityEstimatorArgs): number {
  const named = getNamedType(field.type)
  if (isIntrospectionType(named)) return 1
  const size = Array.isArray(args.ids) ? args.ids.length : (args.first ?? args.last)
  if (typeof size === 'number') return 1 + Math.max(1, size) * childComplexity
  if (named.name.endsWith('Connection')) return 1 + DEFAULT_PAGE * childComplexity
  if (named.name === 'JSON') return COSTS.json
  if (type.name === 'Permission' && field.name === 'holders') return COSTS.count
  return 1 + (hasNoPage(field) ? LIST : 1) * childComplexity
}

const known = new WeakMap<DocumentNode, Map<string, number>>()
const KNOWN_PER_DOCUMENT = 100

export function costOf(
  schema: GraphQLSchema,
  {
    document,
    operationName,
    variables,
  }: { document: DocumentNode; operationName?: string | undefined; variables: Record<string, unknown> },
): number {
  const costs = known.get(document) ?? new Map<string, number>()
  known.set(document, costs)
  const key = JSON.stringify([
    operationName,
    Object.entries(variables)
      .filter(([, value]) => typeof value === 'number' || typeof value === 'boolean' || Array.isArray(value))
      .map(([name, value]) => [name, Array.isArray(value) ? value.length : value]),
  ])
  const found = costs.get(key)
  if (found !== undefined) return found
  const fields = getComplexity({
    schema,
    query: document,
    variables,
    estimators: [estimate],
    ...(operationName ? { operationName } : {}),
  })
  const operation = getOperationAST(document, operationName)
  const cost = fields + (operation ? listsOf(schema, { document, operation, variables }) : 0)
  if (costs.size < KNOWN_PER_DOCUMENT) costs.set(key, cost)
  return cost
}

function listsOf(
  schema: GraphQLSchema,
  {
    document,
    operation: { operation, selectionSet },
    variables,
  }: { document: DocumentNode; operation: OperationDefinitionNode; variables: Record<string, unknown> },
): number {
  const fields = schema.getRootType(operation)?.getFields() ?? {}
  let total = 0
  for (const node of fieldsIn(document, selectionSet)) {
    const field = fields[node.name.value]
    if (!field || !getNamedType(field.type).name.endsWith('Connection')) continue
    total += COSTS.list
    const { offset } = argumentsOf(field, node, variables)
    if (typeof offset === 'number' && offset > 0) total += Math.min(COSTS.far, Math.ceil(offset / COSTS.offset))
    const selected = new Set(node.selectionSet ? fieldsIn(document, node.selectionSet).map(({ name }) => name.value) : [])
    if (selected.has('totalCount') || selected.has('totalCountEstimate')) total += COSTS.count
    if (selected.has('facets')) total += COSTS.facets
  }
  return total
}

/** Execution reports invalid values. */
function argumentsOf(...[field, node, variables]: Parameters<typeof getArgumentValues>): Record<string, unknown> {
  try {
    return getArgumentValues(field, node, variables)
  } catch {
    return {}
  }
}

function fieldsIn(document: DocumentNode, set: SelectionSetNode, inside: readonly string[] = []): FieldNode[] {
  return set.selections.flatMap(selection => {
    if (selection.kind === Kind.FIELD) return [selection]
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsIn(document, selection.selectionSet, inside)
    const name = selection.name.value
    const fragment = document.definitions.find(node => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name)
    if (fragment?.kind !== Kind.FRAGMENT_DEFINITION || inside.includes(name)) return []
    return fieldsIn(document, fragment.selectionSet, [...inside, name])
  })
}
