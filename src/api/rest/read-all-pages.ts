/** Reads lists that the contract returns whole, page by page. */
import type { ListUsersQueryVariables, UserHitFragment } from '../../generated/operations.ts'

interface Paged<Node> {
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

interface Hits<Hit extends UserHitFragment> {
  users: { totalCount: number; nodes: Hit[] }
}
type ReadAgain<Hit extends UserHitFragment> = (other: ListUsersQueryVariables) => Promise<Hits<Hit>>

/** Hits with all their groups, beyond one page. */
export async function allGroups<Hit extends UserHitFragment>({ users }: Hits<Hit>, again: ReadAgain<Hit>): Promise<Hits<Hit>> {
  const nodes: Hit[] = []
  for (const hit of users.nodes) {
    const filter = { ids: [hit.id], includeDisabled: true, excludeDeletedIams: false }
    const more = async (groupsAfter: string | null) =>
      (await again({ first: 1, offset: undefined, filter, groupsAfter })).users.nodes[0]!.groups!
    nodes.push(hit.groups?.pageInfo.hasNextPage ? { ...hit, groups: await readAll(hit.groups, more) } : hit)
  }
  return { users: { ...users, nodes } }
}
