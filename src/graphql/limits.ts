/** The limits of the GraphQL door, all of them. The REST rows run prepared operations and pass none of them. */
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  specifiedDirectives,
  type ValidationContext,
  type ValidationRule,
  visit,
} from 'graphql'
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity'
import { JSON_DEPTH } from '../http/body.ts'
import { FORBIDDEN_KEYS } from '../http/text.ts'

export const LIMITS = {
  /** Levels of fields; introspection is not counted. */
  depth: 15,
  aliases: 100,
  /** Lexical tokens of a document. */
  tokens: 5_000,
  /** Fields of the answer at most: what a list may hold, times what is asked of each. */
  cost: 1_000_000,
  /** Operations that cost more are answered a few at a time. */
  largeCost: 20_000,
  /** Bytes of an anonymous request: log-in mutations are short. */
  anonymousBody: 32 * 1024,
}

/** How many rows a list field is taken to have: what its page holds, or a guess where it has none. */
const PAGE = 25
const LIST = 10
/** Lists that end only after a thousand rows, and lead on to as many others. */
const LONG_LIST = 100
const LONG_LISTS = new Set(['Domain.permissions', 'DataSource.owners', 'AttributeKey.values'])

// The library writes "Syntax Error: … limit of n exceeded": the message stays, the wrong word goes.
const translated = {
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) =>
      context?.reportError(new GraphQLError(`${error.message.replace('Syntax Error: ', '')} Ask for less in one request.`)),
  ],
}

/** Counts how deep nodes stand in nodes of their kind; one report for the first that stands too deep. */
function shallow(context: ValidationContext, what: string) {
  let depth = 0
  return {
    enter(node: ASTNode) {
      if (++depth === JSON_DEPTH + 1)
        context.reportError(new GraphQLError(`${what} must not nest deeper than ${JSON_DEPTH} levels`, { nodes: node }))
    },
    leave() {
      depth--
    },
  }
}

/** What the body is held to is true of the document too: whole text, keys that reach no prototype, few levels. */
const plain: ValidationRule = context => {
  const value = shallow(context, 'A value')
  return {
    // Inline fragments, which the limit of depth does not see.
    SelectionSet: shallow(context, 'A selection'),
    ListValue: value,
    ObjectValue: value,
    ObjectField(node) {
      if (FORBIDDEN_KEYS.has(node.name.value))
        context.reportError(new GraphQLError(`${node.name.value} is not allowed as a key`, { nodes: node }))
    },
    // The store would refuse them, with an error of its own.
    StringValue(node) {
      if (node.value.includes('\0') || !node.value.isWellFormed())
        context.reportError(new GraphQLError('A string must not contain NUL or lone surrogates', { nodes: node }))
    },
  }
}

export const limitRules: ValidationRule[] = [
  maxDepthRule({
    n: LIMITS.depth,
    ignoreIntrospection: true,
    flattenFragments: true,
    ...translated,
  }) as unknown as ValidationRule,
  maxAliasesRule({ n: LIMITS.aliases, ...translated }) as unknown as ValidationRule,
  plain,
]

/** A field costs one, and a list as often as it has rows. A connection has its page's rows; `edges` and `nodes` repeat nothing. */
function estimate({ type: parent, field, args, childComplexity }: ComplexityEstimatorArgs): number {
  const size = args.first ?? args.last
  if (typeof size === 'number') return 1 + Math.max(1, size) * childComplexity
  const type = isNonNullType(field.type) ? field.type.ofType : field.type
  if (getNamedType(type).name.endsWith('Connection')) return 1 + PAGE * childComplexity
  const repeats = isListType(type) && field.name !== 'edges' && field.name !== 'nodes'
  const rows = LONG_LISTS.has(`${parent.name}.${field.name}`) ? LONG_LIST : LIST
  return 1 + (repeats ? rows : 1) * childComplexity
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
const LOG_IN_TYPES = new Set(['String', 'IamId', 'ProjectId', 'LogInInput', 'AuthenticateApiKeyInput', 'ImpersonateInput'])

/**
 * Whether the document holds log-in mutations and nothing else: all that an anonymous caller may send. No fragments and no other
 * types either: what validation says of them would tell the schema, name by name.
 */
export function isLogInOnly(document: DocumentNode): boolean {
  let only = document.definitions.length > 0
  const no = () => {
    only = false
    return BREAK
  }
  const roots = (node: OperationDefinitionNode) =>
    node.operation === 'mutation' &&
    node.selectionSet.selections.every(selection => selection.kind === Kind.FIELD && LOG_IN.has(selection.name.value))
  visit(document, {
    FragmentSpread: no,
    InlineFragment: no,
    Directive: ({ name }) => (specifiedDirectives.some(known => known.name === name.value) ? undefined : no()),
    NamedType: ({ name }) => (LOG_IN_TYPES.has(name.value) ? undefined : no()),
  })
  return only && document.definitions.every(definition => definition.kind === Kind.OPERATION_DEFINITION && roots(definition))
}
