/** The limits of the GraphQL API, all of them. The REST rows run prepared operations and pass none of them. */
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
  /** Levels of fields; introspection is not counted. */
  depth: 15,
  aliases: 100,
  /** Lexical tokens of a document. */
  tokens: 5_000,
  /** What an anonymous caller may send: a few log-ins. */
  anonymousTokens: 256,
  anonymousFields: 5,
  /** Errors of validation that are answered. */
  errors: 20,
  /** Errors of fields that one answer holds; one more says how many are left out. */
  fieldErrors: 100,
  /** Fields of the answer at most: what a list may hold, times what is asked of each. */
  cost: 1_000_000,
  /** Items of lists without pages, such as attributes, that one answer holds at most. */
  items: 250_000,
  /** Bytes of one answer. */
  answer: RESPONSE_LIMIT,
  /** Operations that cost more are answered a few at a time. */
  largeCost: 20_000,
}

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
    OperationDefinition(node) {
      if (node.operation === 'subscription')
        context.reportError(new GraphQLError('There are no subscriptions: send a query or a mutation', { nodes: node }))
    },
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

/** Whether nothing that is asked bounds the list; `edges` and `nodes` are as long as their connection's page. */
export function hasNoPage({ name, type }: Pick<GraphQLField<unknown, unknown>, 'name' | 'type'>): boolean {
  return isListType(getNullableType(type)) && isCompositeType(getNamedType(type)) && name !== 'edges' && name !== 'nodes'
}

const LOG_IN = new Set(['logIn', 'authenticateApiKey', 'impersonate'])
const LOG_IN_TYPES = new Set(['String', 'IamId', 'ProjectId', 'LogInInput', 'AuthenticateApiKeyInput', 'ImpersonateInput'])

/**
 * Whether the document holds log-in mutations and nothing else: all that an anonymous caller may send. No fragments and no other
 * types either: what validation says of them would tell the schema, name by name.
 * At most LIMITS.anonymousFields of them.
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
  const operations = document.definitions.filter(definition => definition.kind === Kind.OPERATION_DEFINITION)
  const fields = operations.reduce((sum, { selectionSet }) => sum + selectionSet.selections.length, 0)
  if (operations.length < document.definitions.length || fields > LIMITS.anonymousFields) return false
  return only && operations.every(roots)
}
