/** Lists that the wire shows whole, read page after page: the largest page holds nearly every one of them. */
import type { ListUsersQueryVariables, UserHitFragment } from '../../generated/operations.ts'

interface Paged<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/** The page with everything after it. */
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

/** Hits, each with all its groups: who is in more than a page holds is asked for alone. */
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
