/** The cost of an operation: the most fields that its answer can have, and the work of the store for its lists. */
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

/** How many rows a list without a page is taken to have. What such lists really hold is counted while the answer is made. */
const LIST = 10
/** What else costs as much as so many fields. */
const COSTS = {
  /** A field of JSON, whose bytes are counted while the answer is made. */
  json: 10,
  /** A list at the root: a statement of its own. */
  list: 200,
  /** Counting all that a list finds. */
  count: 1_000,
  /** Rows that are passed over for one field, and the most that this comes to. */
  offset: 50,
  far: 20_000,
}

/** A field costs one, and a list as often as it has rows. A connection has at most its page's rows. */
function estimate({ field, args, childComplexity }: ComplexityEstimatorArgs): number {
  const named = getNamedType(field.type)
  // Answered from the schema in memory, within a bound of its own.
  if (isIntrospectionType(named)) return 1
  const size = args.first ?? args.last
  if (typeof size === 'number') return 1 + Math.max(1, size) * childComplexity
  if (named.name.endsWith('Connection')) return 1 + DEFAULT_PAGE * childComplexity
  if (named.name === 'JSON') return COSTS.json
  return 1 + (hasNoPage(field) ? LIST : 1) * childComplexity
}

const known = new WeakMap<DocumentNode, Map<string, number>>()
const KNOWN_PER_DOCUMENT = 100

/** The cost of an operation, from its document and the variables that page sizes and @skip can read. */
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
    Object.entries(variables).filter(([, value]) => typeof value === 'number' || typeof value === 'boolean'),
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

/** What the lists at the root cost beside their rows. */
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
    if (node.selectionSet && fieldsIn(document, node.selectionSet).some(({ name }) => name.value === 'totalCount'))
      total += COSTS.count
  }
  return total
}

/** A value that does not fit is reported by the execution. */
function argumentsOf(...[field, node, variables]: Parameters<typeof getArgumentValues>): Record<string, unknown> {
  try {
    return getArgumentValues(field, node, variables)
  } catch {
    return {}
  }
}

/** The fields of one level, those of fragments too. */
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
