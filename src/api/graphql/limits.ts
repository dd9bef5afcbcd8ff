/** For clients' documents. REST routes run prepared operations without them. */
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  GraphQLError,
  type GraphQLField,
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  specifiedDirectives,
  type ValidationContext,
  type ValidationRule,
  visit,
} from 'graphql'
import { JSON_DEPTH } from '../../platform/http/body.ts'
import { RESPONSE_LIMIT } from '../../platform/http/json.ts'
import { FORBIDDEN_KEYS } from '../../platform/http/text.ts'

export const LIMITS = {
  depth: 15,
  aliases: 100,
  tokens: 5_000,
  /** Enough for a few log-ins. */
  anonymousTokens: 256,
  anonymousFields: 5,
  errors: 20,
  fieldErrors: 100,
  cost: 1_000_000,
  /** Items of unpaged lists in a response. */
  items: 250_000,
  answer: RESPONSE_LIMIT,
  /** From these costs, operations run a few at a time. */
  mediumCost: 20_000,
  largeCost: 100_000,
}

// Replaces the library's misleading "Syntax Error".
const translated = {
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) =>
      context?.reportError(new GraphQLError(`${error.message.replace('Syntax Error: ', '')} Split the request.`)),
  ],
}

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

const plain: ValidationRule = context => {
  const value = shallow(context, 'A value')
  return {
    OperationDefinition(node) {
      if (node.operation === 'subscription')
        context.reportError(new GraphQLError('Subscriptions are not supported: send a query or a mutation', { nodes: node }))
    },
    // Inline fragments escape the depth limit.
    SelectionSet: shallow(context, 'A selection'),
    ListValue: value,
    ObjectValue: value,
    ObjectField(node) {
      if (FORBIDDEN_KEYS.has(node.name.value))
        context.reportError(new GraphQLError(`${node.name.value} is not allowed as a key`, { nodes: node }))
    },
    // PostgreSQL rejects such strings.
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

export function hasNoPage({ name, type }: Pick<GraphQLField<unknown, unknown>, 'name' | 'type'>): boolean {
  return isListType(getNullableType(type)) && isCompositeType(getNamedType(type)) && name !== 'edges' && name !== 'nodes'
}

const LOG_IN = new Set(['logIn', 'authenticateApiKey', 'impersonate'])
const LOG_IN_TYPES = new Set(['String', 'ID', 'LogInInput', 'AuthenticateApiKeyInput', 'ImpersonateInput'])

/** Log-in mutations only: fragments would reveal type names. */
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
  const operations = document.definitions.filter(definition => definition.kind === Kind.OPERATION_DEFINITION)
  const fields = operations.reduce((sum, { selectionSet }) => sum + selectionSet.selections.length, 0)
  if (operations.length < document.definitions.length || fields > LIMITS.anonymousFields) return false
  return only && operations.every(roots)
}
