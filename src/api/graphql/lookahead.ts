/** Look-ahead: the columns and edges of users that an operation selects. */
import { type ArgumentNode, type FieldNode, type GraphQLResolveInfo, type SelectionSetNode, valueFromASTUntyped } from 'graphql'
import { type Column, type EagerEdge, isColumn, type Projection } from '../../domain/users/users.projection.ts'
import { DEFAULT_PAGE, MAX_PAGE } from '../../platform/database/pagination.ts'

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
  lastExternalRefresh: ['lastExternalRefresh', 'lastLogin', 'createdAt'],
  currentProject: ['currentProjectId'],
  sourceIds: ['directoryId', 'openidId', 'samlId'],
}
const COLUMNS_OF_PROFILE: Record<string, readonly Column[]> = {
  id: ['profileId'],
  createdAt: ['profileCreatedAt'],
  updatedAt: ['profileUpdatedAt'],
}
/** Always selected. */
const IDENTITY_COLUMNS: readonly Column[] = ['id', 'iamid', 'userid', 'disabled']
const CONNECTION_FIELDS = new Set(['nodes', 'edges', 'node', 'user'])

/** Selected, regardless of variables. */
interface Selected {
  readonly columns: readonly Column[]
  readonly edges: readonly EagerEdge[]
  /** The pages of groups; undefined when not selected. */
  readonly groups: readonly ArgumentNode[] | undefined
}
// Cached per node of a parsed document; ignores @skip and @include.
const known = new WeakMap<FieldNode, Selected>()

/** In fixed order, so that equal selections share a statement. */
export function projectionOf(info: GraphQLResolveInfo): Projection {
  const { columns, edges, groups } = selectedIn(info)
  const size = groups && sizeOf(groups, info.variableValues)
  return size == null ? { columns, edges } : { columns, edges: [...edges, 'groups'], groups: size }
}

/** The size of a first page; null for others, which the loader reads. */
function sizeOf(args: readonly ArgumentNode[], variables: Record<string, unknown>): number | null {
  const given = new Map(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]))
  const size = given.get('first') ?? DEFAULT_PAGE
  given.delete('first')
  const isFirst = [...given.values()].every(value => value == null)
  return isFirst && Number.isInteger(size) && Number(size) >= 1 && Number(size) <= MAX_PAGE ? Number(size) : null
}

function selectedIn({ fieldNodes, fragments }: GraphQLResolveInfo): Selected {
  const [first] = fieldNodes
  const found = first && fieldNodes.length === 1 ? known.get(first) : undefined
  if (found) return found
  const columns = new Set<Column>(IDENTITY_COLUMNS)
  const edges = new Set<EagerEdge>()
  let groups: Selected['groups']
  const look = (set: SelectionSetNode | undefined, inProfile: boolean): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'InlineFragment') look(selection.selectionSet, inProfile)
      else if (selection.kind === 'FragmentSpread') look(fragments[selection.name.value]?.selectionSet, inProfile)
      else if (!inProfile && (selection.name.value === 'profile' || CONNECTION_FIELDS.has(selection.name.value)))
        look(selection.selectionSet, selection.name.value === 'profile')
      else take(selection, inProfile)
    }
  }
  const take = (field: FieldNode, inProfile: boolean): void => {
    const name = field.name.value
    if (!inProfile && Object.hasOwn(EDGE_OF, name)) edges.add(EDGE_OF[name]!)
    if (!inProfile && name === 'groups') groups ??= field.arguments ?? []
    const special = inProfile ? COLUMNS_OF_PROFILE : COLUMNS_OF
    for (const column of Object.hasOwn(special, name) ? special[name]! : [name]) if (isColumn(column)) columns.add(column)
  }
  for (const node of fieldNodes) look(node.selectionSet, false)
  const seen: Selected = { columns: [...columns].sort(), edges: [...edges].sort(), groups }
  if (first && fieldNodes.length === 1) known.set(first, seen)
  return seen
}
