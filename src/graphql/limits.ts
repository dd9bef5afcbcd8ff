/** The limits of the GraphQL door, all of them. The REST rows run prepared operations and pass none of them. */
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isListType,
  isNonNullType,
  Kind,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity'

export const LIMITS = {
  /** Levels of fields; introspection is not counted. */
  depth: 15,
  aliases: 100,
  /** Lexical tokens of a document. */
  tokens: 5_000,
  /** Fields of the answer at most: what a list may hold, times what is asked of each. */
  cost: 1_000_000,
  /** Bytes of an anonymous request: log-in mutations are short. */
  anonymousBody: 32 * 1024,
}

/** How many rows a list field is taken to have: what its page holds, or a guess where it has none. */
const PAGE = 25
const LIST = 10

// The library writes "Syntax Error: … limit of n exceeded": the message stays, the wrong word goes.
const translated = {
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) =>
      context?.reportError(new GraphQLError(`${error.message.replace('Syntax Error: ', '')} Ask for less in one request.`)),
  ],
}

/** NUL and lone surrogates in string literals: the store would refuse them, with an error of its own. Variables are checked with the body. */
const wholeText: ValidationRule = context => ({
  StringValue(node) {
    if (node.value.includes('\0') || !node.value.isWellFormed())
      context.reportError(new GraphQLError('A string must not contain NUL or lone surrogates', { nodes: node }))
  },
})

export const limitRules: ValidationRule[] = [
  maxDepthRule({
    n: LIMITS.depth,
    ignoreIntrospection: true,
    flattenFragments: true,
    ...translated,
  }) as unknown as ValidationRule,
  maxAliasesRule({ n: LIMITS.aliases, ...translated }) as unknown as ValidationRule,
  wholeText,
]

/** A field costs one, and a list as often as it has rows. A connection has its page's rows; `edges` and `nodes` repeat nothing. */
function estimate({ field, args, childComplexity }: ComplexityEstimatorArgs): number {
  const size = args.first ?? args.last
  if (typeof size === 'number') return 1 + Math.max(1, size) * childComplexity
  const type = isNonNullType(field.type) ? field.type.ofType : field.type
  if (getNamedType(type).name.endsWith('Connection')) return 1 + PAGE * childComplexity
  const repeats = isListType(type) && field.name !== 'edges' && field.name !== 'nodes'
  return 1 + (repeats ? LIST : 1) * childComplexity
}

const known = new WeakMap<DocumentNode, Map<string, number>>()
const KNOWN_PER_DOCUMENT = 100

/** The cost of an operation, from its document and the variables that page sizes and @skip can read. */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  variables: Record<string, unknown>,
): number {
  const costs = known.get(document) ?? new Map<string, number>()
  known.set(document, costs)
  const key = JSON.stringify([
    operationName,
    Object.entries(variables).filter(([, value]) => typeof value === 'number' || typeof value === 'boolean'),
  ])
  const found = costs.get(key)
  if (found !== undefined) return found
  const cost = getComplexity({
    schema,
    query: document,
    variables,
    estimators: [estimate],
    ...(operationName ? { operationName } : {}),
  })
  if (costs.size < KNOWN_PER_DOCUMENT) costs.set(key, cost)
  return cost
}

const LOG_IN = new Set(['logIn', 'authenticateApiKey', 'impersonate'])

/** Whether the document holds log-in mutations and nothing else: all that an anonymous caller may send. */
export const isLogInOnly = (document: DocumentNode): boolean =>
  document.definitions.length > 0 &&
  document.definitions.every(
    definition =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.operation === 'mutation' &&
      definition.selectionSet.selections.every(selection => selection.kind === Kind.FIELD && LOG_IN.has(selection.name.value)),
  )
