/** Looking ahead: which edges of users an operation asks for, so that the read of the users can bring them along. */
import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql'
import type { Edge } from '../users/users.along.ts'

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
/** Fields between the root field and its users. */
const BETWEEN = new Set(['nodes', 'edges', 'node', 'user'])

// Documents are parsed once and kept, so their nodes can carry what was found. @skip and @include may leave an edge out: it then came for nothing.
const known = new WeakMap<FieldNode, readonly Edge[]>()

/** The edges asked for below the root field of `info`, in a fixed order, so that equal wishes are equal statements. */
export function edgesAhead({ fieldNodes, fragments }: GraphQLResolveInfo): readonly Edge[] {
  const [first] = fieldNodes
  const found = first && fieldNodes.length === 1 ? known.get(first) : undefined
  if (found) return found
  const edges = new Set<Edge>()
  const look = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'InlineFragment') look(selection.selectionSet)
      else if (selection.kind === 'FragmentSpread') look(fragments[selection.name.value]?.selectionSet)
      else if (BETWEEN.has(selection.name.value)) look(selection.selectionSet)
      else if (Object.hasOwn(EDGE_OF, selection.name.value)) edges.add(EDGE_OF[selection.name.value]!)
    }
  }
  for (const node of fieldNodes) look(node.selectionSet)
  const sorted = [...edges].sort()
  if (first && fieldNodes.length === 1) known.set(first, sorted)
  return sorted
}
