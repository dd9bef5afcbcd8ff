/**
 * Answers `__schema` and `__type` in one pass over the schema. Results of documents without variables are
 * cached.
 */
import type { ApolloServerPlugin } from '@apollo/server'
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql'
import type { Context } from '../../authorization/context.ts'

/** Tools' introspection query has about a third. */
export const INTROSPECTION_FIELDS = 60_000

interface IntrospectionField {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Readonly<Record<string, unknown>>
}

type Values = Record<string, unknown>

interface PlanStep {
  readonly key: string
  readonly read: ((source: unknown) => unknown) | null
  readonly type: GraphQLOutputType
  readonly inner: Plan | null
}
interface Plan {
  readonly typename: string
  readonly steps: readonly PlanStep[]
}

interface SplitSelection {
  readonly introspected: Values
  readonly rest: DocumentNode | null
  readonly order: readonly string[]
}

export function introspection(schema: GraphQLSchema): ApolloServerPlugin<Context> {
  const known = new WeakMap<OperationDefinitionNode, SplitSelection>()
  return {
    async requestDidStart() {
      let split: SplitSelection | null = null
      return {
        async didResolveOperation(request) {
          const { operation, document } = request
          if (operation?.operation !== 'query' || !mentions(document)) return
          const isConstant = (operation.variableDefinitions ?? []).length === 0
          split = known.get(operation) ?? splitOf(schema, { document, operation, variables: request.request.variables ?? {} })
          if (split && isConstant) known.set(operation, split)
          if (split?.rest) Object.assign(request, { document: split.rest })
        },
        async responseForOperation({ response }) {
          if (!split || split.rest) return null
          return { http: response.http, body: { kind: 'single', singleResult: { data: split.introspected } } }
        },
        async willSendResponse({ response }) {
          if (!split?.rest || response.body.kind !== 'single') return
          const { data } = response.body.singleResult
          if (!data) return
          const { introspected, order } = split
          const values = order.map(key => [key, Object.hasOwn(introspected, key) ? introspected[key] : data[key]] as const)
          response.body.singleResult.data = Object.fromEntries(values.filter(([, value]) => value !== undefined))
        },
      }
    },
  }
}

const mentioned = new WeakMap<DocumentNode, boolean>()
function mentions(document: DocumentNode): boolean {
  const found = mentioned.get(document) ?? /__(?:schema|type)\b/.test(document.loc?.source.body ?? '')
  mentioned.set(document, found)
  return found
}

function splitOf(
  schema: GraphQLSchema,
  { document, operation, variables }: { document: DocumentNode; operation: OperationDefinitionNode; variables: Values },
): SplitSelection | null {
  const defaults = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue && 'value' in defaultValue ? [[variable.name.value, literal(defaultValue)] as const] : [],
  )
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
  const asked: IntrospectionField = { schema, fragments, variables: { ...Object.fromEntries(defaults), ...variables } }
  const fields = collected(asked, schema.getQueryType()!.name, [operation.selectionSet])
  const roots = [...fields].filter(([, [field]]) => field!.name.value === '__schema' || field!.name.value === '__type')
  if (roots.length === 0) return null
  const left = { fields: INTROSPECTION_FIELDS }
  const introspected: Values = {}
  for (const [key, nodes] of roots) introspected[key] = rootOf(asked, nodes, left)
  const others = [...fields.values()].flat().filter(({ name: { value } }) => value !== '__schema' && value !== '__type')
  const selectionSet: SelectionSetNode = { ...operation.selectionSet, selections: others }
  const rest = { ...document, definitions: [{ ...operation, selectionSet }, ...fragments.values()] }
  return { introspected, rest: others.length > 0 ? rest : null, order: [...fields.keys()] }
}

function literal(node: { kind: string; value: unknown }): unknown {
  return node.kind === Kind.INT || node.kind === Kind.FLOAT ? Number(node.value) : node.value
}

function rootOf(asked: IntrospectionField, nodes: readonly FieldNode[], left: { fields: number }): unknown {
  const [first] = nodes
  const field = first!.name.value === '__schema' ? SchemaMetaFieldDef : TypeMetaFieldDef
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const plan = planOf(asked, getNamedType(field.type) as GraphQLObjectType, sets)
  const args = getArgumentValues(field, first!, asked.variables)
  const source = field === SchemaMetaFieldDef ? asked.schema : asked.schema.getType(String(args.name))
  return source === undefined ? null : valuesOf(plan, source, left)
}

/** Merged fields by response name (GraphQL 6.3.2). */
function collected(asked: IntrospectionField, typename: string, sets: readonly SelectionSetNode[]): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  const take = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (getDirectiveValues(GraphQLSkipDirective, selection, asked.variables)?.if === true) continue
      if (getDirectiveValues(GraphQLIncludeDirective, selection, asked.variables)?.if === false) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        const same = fields.get(key)
        if (same) same.push(selection)
        else fields.set(key, [selection])
        continue
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD && visited.has(selection.name.value)) continue
      if (selection.kind === Kind.FRAGMENT_SPREAD) visited.add(selection.name.value)
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : asked.fragments.get(selection.name.value)
      const condition = fragment?.typeCondition?.name.value
      if (fragment && (condition === undefined || condition === typename)) take(fragment.selectionSet)
    }
  }
  for (const set of sets) take(set)
  return fields
}

function planOf(asked: IntrospectionField, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Plan {
  const info = { schema: asked.schema } as GraphQLResolveInfo
  const steps = [...collected(asked, type.name, sets)].flatMap(([key, nodes]): PlanStep[] => {
    const name = nodes[0]!.name.value
    if (name === '__typename') return [{ key, read: null, type, inner: null }]
    const field = type.getFields()[name]
    if (!field) return []
    const args = getArgumentValues(field, nodes[0]!, asked.variables)
    const read = (source: unknown): unknown =>
      field.resolve ? field.resolve(source, args, undefined, info) : (source as Values)[name]
    const named = getNamedType(field.type)
    const below = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    return [{ key, read, type: field.type, inner: isObjectType(named) ? planOf(asked, named, below) : null }]
  })
  return { typename: type.name, steps }
}

function valuesOf(plan: Plan, source: unknown, left: { fields: number }): Values {
  left.fields -= plan.steps.length
  if (left.fields < 0)
    throw new GraphQLError(
      `The introspection of this document has more than ${INTROSPECTION_FIELDS} fields: ask for __schema once, without types in types`,
      { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } },
    )
  const values: Values = {}
  for (const { key, read, type, inner } of plan.steps)
    values[key] = read === null ? plan.typename : completed(type, { value: read(source), inner, left })
  return values
}

function completed(
  declared: GraphQLOutputType,
  { value, inner, left }: { value: unknown; inner: Plan | null; left: { fields: number } },
): unknown {
  if (value === null || value === undefined) return null
  const type = getNullableType(declared)
  if (isListType(type))
    return Array.from(value as Iterable<unknown>, item => completed(type.ofType, { value: item, inner, left }))
  if (inner !== null) return valuesOf(inner, value, left)
  return 'serialize' in type ? type.serialize(value) : value
}
