import {
  type ArgumentNode,
  type FieldNode,
  type GraphQLResolveInfo,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'
import {
  ALL_OF_GROUP,
  type Column,
  type EagerEdge,
  type GroupColumn,
  isColumn,
  isGroupColumn,
  type Projection,
} from '../../domain/users/users.projection.ts'
import { DEFAULT_PAGE, MAX_PAGE } from '../../platform/database/pagination.ts'
import { fieldsIn } from './selected.ts'

const EDGE_OF: Record<string, EagerEdge> = {
  permissions: 'grants',
  groupPermissions: 'grants',
  permissionGrants: 'grants',
  authorizations: 'attributes',
  bimAuthorizations: 'attributes',
  iamAuthorizations: 'attributes',
  attributes: 'attributes',
}
/** Fields that read other columns than their own. */
const COLUMNS_OF: Record<string, readonly Column[]> = {
  authentication: ['authenticationId'],
  hasLogin: ['lastLogin'],
  disabledBy: ['disabled', 'disabledBy'],
  lastExternalRefresh: ['lastExternalRefresh', 'lastLogin', 'createdAt'],
  currentProject: ['currentProjectId'],
  sourceIds: ['directoryId', 'openidId', 'samlId'],
  owner: ['ownerUserId', 'ownerGroupId'],
}
const COLUMNS_OF_PROFILE: Record<string, readonly Column[]> = {
  id: ['profileId'],
  databaseId: ['profileId'],
  createdAt: ['profileCreatedAt'],
  updatedAt: ['profileUpdatedAt'],
}
const IDENTITY_COLUMNS: readonly Column[] = ['id', 'iamid', 'userid', 'disabled']
const NOTHING: ReadonlySet<string> = new Set()
const EDGES = new Set(['edges'])
const CONNECTION_FIELDS = new Set(['nodes', 'edges', 'node', 'user'])

interface Selected {
  readonly columns: readonly Column[]
  readonly edges: readonly EagerEdge[]
  readonly groups: readonly ArgumentNode[] | undefined
  readonly groupColumns: readonly GroupColumn[]
}
// Per operation and node of a parsed document; ignores @skip and @include.
const known = new WeakMap<OperationDefinitionNode, Map<FieldNode, Selected>>()

/** In fixed order, so that equal selections share a statement. */
export function projectionOf(info: GraphQLResolveInfo): Projection {
  const { columns, edges, groups, groupColumns } = selectedIn(info)
  const first = groups && sizeOf(groups, info.variableValues)
  return first == null ? { columns, edges } : { columns, edges: [...edges, 'groups'], groups: { first, columns: groupColumns } }
}

function sizeOf(args: readonly ArgumentNode[], variables: Record<string, unknown>): number | null {
  const given = new Map(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]))
  const size = given.get('first') ?? DEFAULT_PAGE
  given.delete('first')
  const isFirst = [...given.values()].every(value => value == null)
  return isFirst && Number.isInteger(size) && Number(size) >= 1 && Number(size) <= MAX_PAGE ? Number(size) : null
}

function selectedIn(info: GraphQLResolveInfo): Selected {
  const { fieldNodes, fragments, operation } = info
  const [first] = fieldNodes
  const found = first && fieldNodes.length === 1 ? known.get(operation)?.get(first) : undefined
  if (found) return found
  const columns = new Set<Column>(IDENTITY_COLUMNS)
  const edges = new Set<EagerEdge>()
  const groups = new Set<FieldNode>()
  const take = (field: FieldNode, inProfile: boolean): void => {
    const name = field.name.value
    if (!inProfile && Object.hasOwn(EDGE_OF, name)) edges.add(EDGE_OF[name]!)
    if (!inProfile && name === 'groups') groups.add(field)
    const special = inProfile ? COLUMNS_OF_PROFILE : COLUMNS_OF
    for (const column of Object.hasOwn(special, name) ? special[name]! : [name]) if (isColumn(column)) columns.add(column)
  }
  for (const node of fieldNodes)
    for (const field of fieldsIn(node.selectionSet, fragments, CONNECTION_FIELDS))
      if (field.name.value !== 'profile') take(field, false)
      else for (const inner of fieldsIn(field.selectionSet, fragments, NOTHING)) take(inner, true)
  const [group] = groups
  const seen: Selected = {
    columns: [...columns].sort(),
    edges: [...edges].sort(),
    groups: group && (group.arguments ?? []),
    groupColumns: columnsOfGroups(groups, info),
  }
  if (first && fieldNodes.length === 1) known.set(operation, (known.get(operation) ?? new Map()).set(first, seen))
  return seen
}

/** All, where another part may read the same groups. */
function columnsOfGroups(groups: ReadonlySet<FieldNode>, { operation, fragments }: GraphQLResolveInfo): readonly GroupColumn[] {
  const columns = new Set<GroupColumn>()
  let isWhole = false
  const take = (name: string): void => {
    if (isGroupColumn(name)) columns.add(name)
    else if (!FREE.has(name)) isWhole = true
  }
  for (const group of groups)
    for (const outer of fieldsIn(group.selectionSet, fragments, EDGES))
      if (outer.name.value === 'nodes' || outer.name.value === 'node')
        for (const field of fieldsIn(outer.selectionSet, fragments, NOTHING)) take(field.name.value)
  const all = [operation, ...Object.values(fragments)].reduce((sum, { selectionSet }) => sum + countGroups(selectionSet), 0)
  return isWhole || all > groups.size ? ALL_OF_GROUP : [...columns].sort()
}
const FREE = new Set(['id', 'databaseId', '__typename'])

const countGroups = (set: SelectionSetNode | undefined): number =>
  (set?.selections ?? []).reduce(
    (sum, selection) =>
      selection.kind === 'FragmentSpread'
        ? sum
        : sum + (selection.kind === 'Field' && selection.name.value === 'groups' ? 1 : 0) + countGroups(selection.selectionSet),
    0,
  )
