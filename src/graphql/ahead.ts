/** Looking ahead: which columns and edges of users an operation asks for, so that the read of the users brings just these. */
import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql'
import { type Column, type Edge, isColumn, type Wanted } from '../users/users.along.ts'

const EDGE_OF: Record<string, Edge> = {
  permissions: 'grants',
  groupPermissions: 'grants',
  permissionGrants: 'grants',
  authorizations: 'attributes',
  bimAuthorizations: 'attributes',
  iamAuthorizations: 'attributes',
  attributes: 'attributes',
  groups: 'groups',
}
/** Fields whose resolver reads columns of other names; the rest read the column of their own name, or only the id. */
const COLUMNS_OF: Record<string, readonly Column[]> = {
  authentication: ['authenticationId'],
  hasLogin: ['lastLogin'],
  lastExternalRefresh: ['lastExternalRefresh', 'lastLogin', 'createdAt'],
  currentProject: ['currentProjectId'],
}
const COLUMNS_OF_PROFILE: Record<string, readonly Column[]> = {
  id: ['profileId'],
  createdAt: ['profileCreatedAt'],
  updatedAt: ['profileUpdatedAt'],
}
/** What every resolver may count on. */
const ALWAYS: readonly Column[] = ['id', 'iamid', 'userid']
/** Fields between the root field and its users. */
const BETWEEN = new Set(['nodes', 'edges', 'node', 'user'])

// Documents are parsed once and kept, so their nodes can carry what was found. @skip and @include may leave something out: it then came for nothing.
const known = new WeakMap<FieldNode, Wanted>()

/** What is asked for below the root field of `info`, in a fixed order, so that equal wishes are equal statements. */
export function wantedAhead({ fieldNodes, fragments }: GraphQLResolveInfo): Wanted {
  const [first] = fieldNodes
  const found = first && fieldNodes.length === 1 ? known.get(first) : undefined
  if (found) return found
  const columns = new Set<Column>(ALWAYS)
  const edges = new Set<Edge>()
  const look = (set: SelectionSetNode | undefined, inProfile: boolean): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'InlineFragment') look(selection.selectionSet, inProfile)
      else if (selection.kind === 'FragmentSpread') look(fragments[selection.name.value]?.selectionSet, inProfile)
      else if (!inProfile && (selection.name.value === 'profile' || BETWEEN.has(selection.name.value)))
        look(selection.selectionSet, selection.name.value === 'profile')
      else take(selection.name.value, inProfile)
    }
  }
  const take = (name: string, inProfile: boolean): void => {
    if (!inProfile && Object.hasOwn(EDGE_OF, name)) edges.add(EDGE_OF[name]!)
    const special = inProfile ? COLUMNS_OF_PROFILE : COLUMNS_OF
    for (const column of Object.hasOwn(special, name) ? special[name]! : [name]) if (isColumn(column)) columns.add(column)
  }
  for (const node of fieldNodes) look(node.selectionSet, false)
  const wanted: Wanted = { columns: [...columns].sort(), edges: [...edges].sort() }
  if (first && fieldNodes.length === 1) known.set(first, wanted)
  return wanted
}
