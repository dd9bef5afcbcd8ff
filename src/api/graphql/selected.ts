import type { FieldNode, GraphQLResolveInfo, OperationDefinitionNode, SelectionSetNode } from 'graphql'
import type { Context, Loaders } from '../../authorization/context.ts'
import type { Along } from '../../platform/database/edges.ts'

/** Through fragments and `through`. Ignores @skip and @include. */
export function* fieldsIn(
  set: SelectionSetNode | undefined,
  fragments: GraphQLResolveInfo['fragments'],
  through: ReadonlySet<string>,
): Generator<FieldNode> {
  for (const selection of set?.selections ?? []) {
    if (selection.kind === 'InlineFragment') yield* fieldsIn(selection.selectionSet, fragments, through)
    else if (selection.kind === 'FragmentSpread')
      yield* fieldsIn(fragments[selection.name.value]?.selectionSet, fragments, through)
    else if (through.has(selection.name.value)) yield* fieldsIn(selection.selectionSet, fragments, through)
    else yield selection
  }
}

const CONNECTION = new Set(['nodes', 'edges', 'node'])
// Per operation and node of a parsed document.
const known = new WeakMap<OperationDefinitionNode, Map<FieldNode, readonly string[]>>()

export const alongOf = (
  info: GraphQLResolveInfo,
  { loaders }: Context,
  table: Readonly<Record<string, string>>,
): Along<Loaders> => ({ wanted: edgesIn(info, table), loaders })

/** Undefined, for all, if a field is not in the table. */
export const columnsIn = (info: GraphQLResolveInfo, table: Readonly<Record<string, string>>): readonly string[] | undefined => {
  const wanted = remembered(info, () => {
    const fields = new Set<string>()
    for (const node of info.fieldNodes)
      for (const field of fieldsIn(node.selectionSet, info.fragments, CONNECTION)) fields.add(field.name.value)
    for (const name of OF_PAGE) fields.delete(name)
    return [...new Set([...fields].map(name => table[name] ?? ALL))].sort()
  })
  return wanted.includes(ALL) ? undefined : wanted
}
const OF_PAGE = ['__typename', 'cursor', 'pageInfo', 'totalCount', 'totalCountEstimate']
const ALL = '*'

function edgesIn(info: GraphQLResolveInfo, table: Readonly<Record<string, string>>) {
  return remembered(info, () => {
    const edges = new Set<string>()
    for (const node of info.fieldNodes)
      for (const field of fieldsIn(node.selectionSet, info.fragments, CONNECTION))
        if (Object.hasOwn(table, field.name.value)) edges.add(table[field.name.value]!)
    return [...edges].sort()
  })
}

function remembered({ fieldNodes, operation }: GraphQLResolveInfo, find: () => readonly string[]): readonly string[] {
  const [first] = fieldNodes
  const found = first && fieldNodes.length === 1 ? known.get(operation)?.get(first) : undefined
  if (found) return found
  const sorted = find()
  if (first && fieldNodes.length === 1) known.set(operation, (known.get(operation) ?? new Map()).set(first, sorted))
  return sorted
}

export const GROUP_FIELDS = {
  authorizations: 'attributes',
  bimAuthorizations: 'attributes',
  iamAuthorizations: 'attributes',
  attributes: 'attributes',
  permissions: 'permissions',
}
/** Field → column of the record. */
export const MEMBERSHIP_COLUMNS_OF: Readonly<Record<string, string>> = {
  id: 'id',
  databaseId: 'id',
  group: 'groupId',
  user: 'userId',
  name: 'name',
  sources: 'sources',
  since: 'createdAt',
  addedBy: 'addedBy',
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
}
export const MEMBERSHIP_FIELDS = { user: 'user', group: 'group' }
export const CREDENTIAL_FIELDS = { user: 'user', project: 'project' }
export const IAM_FIELDS = { groupPermissions: 'groupPermissions' }
export const AUDIT_FIELDS = { actorUser: 'actorUser' }
