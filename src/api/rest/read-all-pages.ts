import type { ListUsersQueryVariables, UserHitFragment } from '../../generated/operations.ts'

export interface Paged<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export async function readAll<Page extends Paged<unknown>>(
  page: Page,
  next: (after: string | null) => Promise<Page>,
): Promise<Page> {
  let last = page
  let nodes: readonly unknown[] = page.nodes
  while (last.pageInfo.hasNextPage) {
    last = await next(last.pageInfo.endCursor)
    nodes = [...nodes, ...last.nodes]
  }
  return { ...last, nodes }
}

interface Hits {
  readonly users: { readonly nodes: UserHitFragment[] }
}

export async function allGroups<Data extends Hits>(
  data: Data,
  again: (other: ListUsersQueryVariables) => Promise<Hits>,
): Promise<Data> {
  const nodes: UserHitFragment[] = []
  for (const hit of data.users.nodes) {
    const filter = { ids: [hit.id], includeDisabled: true, excludeDeletedIams: false }
    const more = async (groupsAfter: string | null) =>
      (await again({ first: 1, offset: undefined, after: undefined, filter, groupsAfter })).users.nodes[0]!.groups!
    nodes.push(hit.groups?.pageInfo.hasNextPage ? { ...hit, groups: await readAll(hit.groups, more) } : hit)
  }
  return { ...data, users: { ...data.users, nodes } }
}
